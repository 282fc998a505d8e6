"""The Odoo connector keeps the connector contract, with our website add-on and without."""

from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from cartbridge_odoo import Odoo
from fake_odoo import KEY, NAME, FakeOdoo
from fake_odoo_journey import FakeJourney
from fake_odoo_website import FakeWebsite
from pydantic import BaseModel

from cartbridge.sdk.contract import Connector, Raw
from cartbridge.testing.connector import ConnectorContract
from cartbridge.testing.levels import Level
from cartbridge.testing.platform import Platform


class TestOdooWithAddOn(ConnectorContract):
    """A database with our add-ons: carts of its website are written on condition and frozen."""

    connector: ClassVar[Connector] = Odoo()
    secrets = ("path-secret-of-today-0123456789abcdef", "path-secret-of-tomorrow-0123456789ab")
    signs_body = False
    signs_time = False
    sells_by_measure = True
    fake: ClassVar[type[Platform] | None] = FakeWebsite
    options: ClassVar[dict[str, Any]] = {"companion": True, "provision": True, "prices": True}

    def settings(self, *secrets: str) -> BaseModel:
        told = {"base_url": "https://odoo.example", "database": NAME, "api_key": KEY}
        return Odoo.manifest.settings.model_validate(
            {**told, "path_secrets": secrets, "config_ids": [1], **self.options}
        )

    def signed(self, body: bytes, secret: str, at: datetime, name: str) -> Raw:
        headers = {"Content-Type": "application/json", "User-Agent": "python-requests/2.31.0"}
        return Raw("POST", f"https://gateway.example/v1/hooks/hk/{secret}", headers, body)


class TestOdooAlone(TestOdooWithAddOn):
    """A database as it comes: orders of its tills, written as well as they can be."""

    fake: ClassVar[type[Platform] | None] = FakeOdoo
    claimed: ClassVar[Level | None] = "silver"
    options: ClassVar[dict[str, Any]] = {}


class TestOdooJourney(TestOdooWithAddOn):
    """A database whose quotations, wish lists, leads, stock, cards and views are read as well."""

    fake: ClassVar[type[Platform] | None] = FakeJourney
    claimed: ClassVar[Level | None] = "silver"  # quotations and wish lists carry no revision
    sells_by_measure = False
    options: ClassVar[dict[str, Any]] = {
        **TestOdooWithAddOn.options,
        **dict.fromkeys(("quotations", "wishlists", "leads"), True),
        **dict.fromkeys(("stock", "loyalty", "browsing"), True),
        "closed_stage_id": 2,
    }

    @property
    def payload_folder(self) -> Path:
        """Where what is no cart was recorded."""
        return super().payload_folder / "journey"
