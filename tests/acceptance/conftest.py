"""A whole gateway for every story, or one that the stories of a module share."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.acceptance.world import World, flaws, open_world, strays


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
    folder = tmp_path_factory.mktemp("shared")
    async with open_world(server(name), folder) as world:
        yield world
    # Whatever the stories did, the journal is intact, and the views are what it says.
    assert await flaws(server(name)) == []
    assert await strays(server(name), folder) == []
    copies.give_back(name)
