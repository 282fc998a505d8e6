"""Lets the tests import the small Odoo that lies beside them, and calls it as the gateway does."""

import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cartbridge.sdk.client import make_client
from cartbridge.sdk.contract import Remote

sys.path.insert(0, str(Path(__file__).parent))

from cartbridge_odoo.settings import Settings
from fake_odoo import KEY, NAME
from fake_odoo_journey import FakeJourney
from fake_odoo_website import FakeWebsite
from odoo_carts import SECRET, Made


@pytest.fixture
def odoo() -> Iterator[FakeWebsite]:
    """A small Odoo, reached by every call of a client."""
    with FakeWebsite().reached() as platform:
        assert isinstance(platform, FakeWebsite)
        yield platform


@pytest.fixture
def journey() -> Iterator[FakeJourney]:
    """A small Odoo with all its apps, reached by every call of a client."""
    with FakeJourney().reached() as platform:
        assert isinstance(platform, FakeJourney)
        yield platform


@pytest.fixture
def all_apps(remote: Made) -> Remote:
    """A connection to it that reads all of them."""
    apps = ("quotations", "wishlists", "leads", "stock", "browsing", "companion", "provision")
    return remote(**dict.fromkeys(apps, True))


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with make_client(tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)) as made:
        yield made


@pytest.fixture
def remote(client: httpx.AsyncClient) -> Made:
    """A connection to it, with these settings."""

    def made(**options: Any) -> Remote:
        told = {"base_url": "https://odoo.example", "database": NAME, "api_key": KEY}
        more = {"path_secrets": [SECRET], "config_ids": [1]}
        return Remote(Settings.model_validate({**told, **more, **options}), client)

    return made
