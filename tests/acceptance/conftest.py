"""A whole gateway for every story."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import World, open_world  # noqa: E402 - the stories' own module, found beside them


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(dsn, tmp_path) as world:
        yield world
