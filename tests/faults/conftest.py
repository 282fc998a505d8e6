"""Faults: real processes that are killed, and the stories' own world beside them."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import World, free_port, open_world
from tests.faults.processes import GatewayProcess


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the database's account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="cartbridge-faults-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def gateway(folder: Path) -> AsyncIterator[GatewayProcess]:
    """`cartbridge serve` with its own PostgreSQL and the demo retailer."""
    process = GatewayProcess(folder, free_port())
    await process.start("--demo")
    yield process
    await process.end()
    process.kill_database()  # one that a killed gateway left behind


@pytest.fixture
async def world(dsn: str, tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(dsn, tmp_path) as world:
        yield world
