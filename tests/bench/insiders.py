"""The gateway's own parts inside a program of the benchmark, without HTTP around them."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cartbridge.app import Foundation, open_gateway
from cartbridge.database.connection import Database
from cartbridge.database.vault import Vault
from cartbridge.services.gateway import Gateway
from cartbridge.settings import Settings
from tests.bench.appends import VAULT


@asynccontextmanager
async def insider(dsn: str, vault: Vault = VAULT) -> AsyncIterator[tuple[Gateway, Foundation]]:
    """Everything the use cases work with, on a database that is there already."""
    database = Database(dsn)
    await database.start()
    try:
        with tempfile.TemporaryDirectory(prefix="cartbridge-bench-") as folder:
            base = Foundation(database, vault, dsn, None)
            async with open_gateway(Settings(port=0, data_dir=Path(folder)), base) as gateway:
                yield gateway, base
    finally:
        await database.stop()
