"""Every connector with a fake of its platform: found in its folder, none is named here."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
from pydantic import BaseModel, SecretStr

from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import Snapshot, TwinRef
from cartbridge.sdk.observations import CartSeen
from cartbridge.testing.connector import ConnectorContract
from cartbridge.testing.platform import Platform

CONNECTORS: Final = Path(__file__).parents[2] / "connectors"


@dataclass(frozen=True)
class Vendor:
    """A platform as its connector's own tests know it."""

    name: str
    suite: ConnectorContract

    @property
    def able(self) -> frozenset[str]:
        """What a connection with the suite's settings can do."""
        return self.suite.connector.capabilities(self.suite.in_use())

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as an operator types them."""
        told = _plain(self.suite.in_use().model_dump())
        assert isinstance(told, dict)
        return told

    @property
    def hosts(self) -> frozenset[str]:
        """Where its settings say that the platform is."""
        texts = (text for text in self.settings.values() if isinstance(text, str))
        return frozenset(httpx.URL(text).host for text in texts if text.startswith("http"))

    def platform(self) -> Platform:
        """A new platform."""
        assert self.suite.fake is not None
        return self.suite.fake()

    async def shows(self, platform: Platform, ref: TwinRef) -> Snapshot:
        """What the platform shows of a document, as its connector reads it."""
        transport = httpx.MockTransport(platform.handle)
        settings = self.suite.in_use()
        async with httpx.AsyncClient(transport=transport) as client:
            document = await self.suite.connector.fetch(ref, Remote(settings, client))
        assert document is not None
        read = self.suite.connector.read(document, settings)
        return next(seen.snapshot for seen in read.observations if isinstance(seen, CartSeen))


def shops() -> list[Vendor]:
    """Where shoppers fill carts that can be written: one suite of each connector."""
    return _first(lambda vendor: vendor.suite.fake.kind == "cart" and "push" in vendor.able)


def tills() -> list[Vendor]:
    """Whose tills are shown a cart: one suite of each connector."""
    return _first(lambda vendor: vendor.suite.fake.kind == "till_order" and "place" in vendor.able)


def beside_carts(name: str) -> Vendor:
    """The suite of a connector over settings by which more than carts is written."""
    documents = {"push_quotes", "push_wishlists", "answer_enquiries"}
    (vendor,) = _first(lambda vendor: vendor.name == name and documents <= vendor.able)
    return vendor


def _first(fits: Callable[[Any], bool]) -> list[Vendor]:
    found: dict[str, Vendor] = {}
    for vendor in _vendors():
        if vendor.suite.fake is not None and fits(vendor):
            found.setdefault(vendor.name, vendor)
    return list(found.values())


@cache
def _vendors() -> tuple[Vendor, ...]:
    files = sorted(CONNECTORS.glob("*/tests/test_contract.py"))
    return tuple(
        Vendor(file.parents[1].name, suite()) for file in files for suite in _suites(_loaded(file))
    )


def _loaded(file: Path) -> ModuleType:
    sys.path.insert(0, str(file.parent))  # the fake lies beside it
    name = f"contract_of_{file.parents[1].name}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _suites(module: ModuleType) -> Iterator[type[ConnectorContract]]:
    for one in vars(module).values():
        own = isinstance(one, type) and one.__module__ == module.__name__
        if own and issubclass(one, ConnectorContract) and vars(one).get("__test__", True):
            yield one


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_plain(one) for one in value]
    return value if not isinstance(value, BaseModel) else _plain(value.model_dump())
