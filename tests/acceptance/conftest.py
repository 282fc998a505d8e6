"""A whole gateway for every story, or one that the stories of a module share."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.world import World, flaws, open_world


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(dsn, tmp_path) as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(
    server: Callable[[str], str], copies: Any, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """One world for a module whose stories do not disturb each other."""
    name = await copies.take()
    async with open_world(server(name), tmp_path_factory.mktemp("shared")) as world:
        yield world
    assert await flaws(server(name)) == []  # whatever the stories did, the journal is intact
    copies.give_back(name)
