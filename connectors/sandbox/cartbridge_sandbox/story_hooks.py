"""The server of a web shop that tells by signed webhooks, as the canonical webhook wants it."""

import json
import uuid
from datetime import UTC, datetime
from typing import Final

import httpx

from cartbridge.sdk.webhook import sign
from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.story_cart import now
from cartbridge_sandbox.story_stage import Json, Person, Stage, Surprise

LOCALES: Final = {"fr": "fr-FR", "en": "en-GB"}


class TellingShop:
    """A shop of the story that posts what its shopper does; it cannot be written."""

    def __init__(self, stage: Stage, person: Person, place: Json) -> None:
        self._stage = stage
        self._person = person
        self._place = place

    def tells(self, kind: str, /, **data: object) -> None:
        """One signed webhook, shown; Surprise if it is not stored."""
        moment = now()
        body = json.dumps({"type": kind, "timestamp": moment, "data": {"at": moment, **data}})
        raw, url = body.encode(), self._place["hook_url"]
        signed = sign(self._place["webhook_secret"], uuid.uuid4().hex, datetime.now(UTC), raw)
        try:
            answer = httpx.post(
                url,
                content=raw,
                headers={"content-type": "application/json", **signed},
                timeout=15,
                trust_env=False,
            )
        except httpx.HTTPError as error:
            raise Surprise(f"POST {kind}: {type(error).__name__}") from None
        self._stage.call(
            self._stage.words("shop"), "POST", f"/v1/hooks/… {kind}", answer.status_code
        )
        if not answer.is_success:
            raise Surprise(f"{kind}: {answer.status_code} {answer.text[:400]}")

    def shows(
        self, kind: str, external_id: str, amounts: dict[str, int], /, **more: object
    ) -> None:
        """The whole of a cart, wish list or quote as it is in the shop now."""
        self.tells(
            f"{kind}.snapshot",
            external_id=external_id,
            revision=1,
            updated_at=now(),
            currency="EUR",
            tax_mode="inclusive",
            locale=LOCALES[self._stage.words.lang],
            lines=[self._line(sku, amount) for sku, amount in amounts.items()],
            **more,
        )

    def item(self, sku: str) -> Json:
        """An article as the shop names it."""
        article = ARTICLES[sku]
        title = article.name(self._stage.words.lang)
        return {"sku": sku, "gtin": article.ean, "title": title}

    def known(self, documents: str, name: str) -> Json:
        """The gateway's document behind one of the shop's, once there is one."""
        path = f"/v1/{documents}?connection={self._place['slug']}&external_id={name}"

        def look() -> Json | None:
            found = self._person.looks(path)["items"]
            return found[0] if found else None

        return self._stage.until(name, look)

    def _line(self, sku: str, amount: int) -> Json:
        price = ARTICLES[sku].price
        return {"item": self.item(sku), "quantity": amount, "unit_price": price}
