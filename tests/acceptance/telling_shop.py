"""A shop whose connector tells whatever a story lets it tell: observations as they are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from pydantic import BaseModel, SecretStr, TypeAdapter

from cartbridge.sdk import payload, webhook
from cartbridge.sdk.contract import Connector, Delivery, Manifest, Named, Raw
from cartbridge.sdk.documents import Line, Projection, project_by
from cartbridge.sdk.errors import Forged
from cartbridge.sdk.observations import Browsed, CustomerSeen, Read

_TOLD: Final[TypeAdapter[Browsed | CustomerSeen]] = TypeAdapter(Browsed | CustomerSeen)


class TellingSettings(BaseModel):
    """Its hook ends in a secret, as those of platforms that sign nothing."""

    path_secret: SecretStr = SecretStr("told-by-nobody")


class TellingShop(Connector):
    """Reads one observation out of each hook."""

    manifest: ClassVar[Manifest] = Manifest(
        name="telling-shop",
        title="A shop that tells",
        kind="shop",
        versions="the one beside it",
        settings=TellingSettings,
    )

    def verify(self, raw: Raw, settings: Any, now: datetime) -> Delivery:
        told = raw.url.rsplit("/", 1)[-1].encode()
        if not webhook.same(told, settings.path_secret.get_secret_value().encode()):
            raise Forged("the address does not end in the secret")
        return Delivery()

    def identify(self, hook: Raw, settings: Any) -> list[Named]:
        told = _TOLD.validate_python(payload.loads(hook.body))
        return [Named(told.external_id, kind=told.kind)]

    def read(self, document: Raw | Mapping[str, Any], settings: Any) -> Read:
        value = payload.loads(document.body) if isinstance(document, Raw) else document
        return Read(observations=(_TOLD.validate_python(value),))

    def project(self, lines: Sequence[Line], settings: Any) -> Projection:
        return project_by(lines, lambda line: line.item.sku)
