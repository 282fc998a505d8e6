"""A webhook as it is usually received: check, parse, insert and commit, each for itself."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from aiohttp import web
from pydantic import BaseModel

from cartbridge.sdk.webhook import verify
from tests.bench.listening import serve

POOL: Final = 16
TABLE: Final = """
create table if not exists plain_hook (
  id bigint generated always as identity primary key,
  received_at timestamptz not null default clock_timestamp(),
  message text not null unique,
  kind text not null,
  headers text not null,
  body bytea not null)"""
INSERT: Final = """
insert into plain_hook (message, kind, headers, body) values ($1, $2, $3, $4)
  on conflict (message) do nothing"""


class Line(BaseModel):
    """A row of the cart."""

    item: dict[str, Any]
    quantity: dict[str, str]
    unit_price: int
    total: int


class Snapshot(BaseModel):
    """The cart."""

    external_id: str
    revision: int
    updated_at: datetime
    currency: str
    lines: list[Line]


class Envelope(BaseModel):
    """The body."""

    type: str
    timestamp: datetime
    data: Snapshot


DATABASE: Final = web.AppKey("pool", asyncpg.Pool)
SECRET: Final = os.environ.get("SECRET", "")


async def receive(request: web.Request) -> web.Response:
    """Stored in a transaction of its own before it is answered."""
    body = await request.read()
    headers = {name.lower(): value for name, value in request.headers.items()}
    message = verify(headers, body, [SECRET], datetime.now(UTC))
    envelope = Envelope.model_validate_json(body)
    async with request.app[DATABASE].acquire() as connection, connection.transaction():
        await connection.execute(INSERT, message, envelope.type, json.dumps(headers), body)
    return web.json_response({"message": message}, status=202)


@asynccontextmanager
async def pooled(app: web.Application) -> AsyncIterator[None]:
    """The table and the pool of connections around the handler."""
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL) as it:
        await it.execute(TABLE)
        app[DATABASE] = it
        yield


if __name__ == "__main__":
    serve(receive, pooled)
