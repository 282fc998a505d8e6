"""Standard Webhooks 1.0.2, against the vector its own libraries test with."""

from datetime import UTC, datetime, timedelta

import pytest

from cartbridge.sdk import webhook
from cartbridge.sdk.errors import Forged

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
MESSAGE, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}'
SIGNED_AT = datetime.fromtimestamp(1614265330, UTC)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def headers(signature: str = SIGNATURE) -> dict[str, str]:
    return {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": signature,
    }


def test_the_published_vector_holds() -> None:
    assert webhook.signature(SECRET, MESSAGE, 1614265330, BODY) == SIGNATURE
    assert webhook.sign(SECRET, MESSAGE, SIGNED_AT, BODY) == headers()
    assert webhook.verify(headers(), BODY, [SECRET], SIGNED_AT) == MESSAGE


@pytest.mark.parametrize("signature", [f"v1,AAAA {SIGNATURE}", f"v1a,xyz {SIGNATURE} v1,BBBB"])
def test_one_of_several_signatures_is_enough(signature: str) -> None:
    assert webhook.verify(headers(signature), BODY, [OTHER, SECRET], SIGNED_AT) == MESSAGE


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_are_tolerated(seconds: int) -> None:
    now = SIGNED_AT + timedelta(seconds=seconds)
    assert webhook.verify(headers(), BODY, [SECRET], now) == MESSAGE
    beyond = now + timedelta(seconds=1 if seconds > 0 else -1)
    if seconds:
        with pytest.raises(Forged):
            webhook.verify(headers(), BODY, [SECRET], beyond)


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_every_header_is_needed(missing: str) -> None:
    given = headers()
    del given[missing]
    with pytest.raises(Forged):
        webhook.verify(given, BODY, [SECRET], SIGNED_AT)


@pytest.mark.parametrize(
    "signature", ["", "v1,", SIGNATURE[:-1], SIGNATURE.removeprefix("v1,"), SIGNATURE.lower()]
)
def test_nothing_less_than_the_signature_holds(signature: str) -> None:
    with pytest.raises(Forged):
        webhook.verify(headers(signature), BODY, [SECRET], SIGNED_AT)


def test_no_secret_holds_nothing() -> None:
    for secrets in ([], [OTHER]):
        with pytest.raises(Forged):
            webhook.verify(headers(), BODY, secrets, SIGNED_AT)


@pytest.mark.parametrize("secret", ["", "whsec", "MfKQ9r8G", "whsec_abc"])
def test_what_is_no_secret_is_named_without_being_repeated(secret: str) -> None:
    with pytest.raises(ValueError, match="webhook secret") as caught:
        webhook.secret_bytes(secret)
    assert not secret or secret not in str(caught.value).replace("whsec_ ", "")
