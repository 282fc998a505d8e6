"""The worked example of the README is a mapping that reads the body it is about."""

import hmac
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from cartbridge_declarative import Declarative
from cartbridge_declarative.settings import Settings

from cartbridge.sdk.contract import Raw
from cartbridge.sdk.observations import CartSeen

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
SECRET = "9b1f5c0a7e3d2468"
CONNECTOR = Declarative()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def settings(*parts: str, **more: str) -> Settings:
    return Settings.model_validate({"mapping": "\n".join(parts), "secrets": [SECRET], **more})


def test_the_worked_example_reads_its_body() -> None:
    (body,) = blocks("json")
    told = settings(*blocks("toml")[:5])
    sign = hmac.digest(SECRET.encode(), body.encode(), "sha256").hex()
    headers = {"x-kiosk-signature": f"sha256={sign}"}
    hook = Raw("POST", "https://gateway.example/v1/hooks/hk", headers, body.encode())
    CONNECTOR.verify(hook, told, datetime.now(UTC))
    read = CONNECTOR.read(hook, told)
    (seen,) = read.observations
    assert isinstance(seen, CartSeen)
    assert (seen.external_id, seen.snapshot.revision) == ("4711", 3)
    to_pay = json.loads(body)["basket"]["to_pay"]
    assert sum(line.prices.total or 0 for line in seen.snapshot.lines) == int(
        to_pay.replace(".", "")
    )
    assert {lost.field for lost in read.report} == {"lines.total", "lines.tax"}


def test_the_other_parts_fit_in() -> None:
    told = settings(*blocks("toml"), fetch_token="tok-5kq0Zb4Vx1hY8mPw")
    assert CONNECTOR.capabilities(told) == {"fetch"}
