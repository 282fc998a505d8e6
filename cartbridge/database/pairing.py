"""Pairing: eight digits that turn a new device into a terminal, once."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from cartbridge.database.connection import Database, Unavailable
from cartbridge.database.pointers import shard_of_key
from cartbridge.database.queries import queries
from cartbridge.database.vault import Vault

DIGITS: Final = 8
LIFE: Final = timedelta(minutes=10)
_HALF: Final = DIGITS // 2
_TRIES: Final = 50


@dataclass(frozen=True, slots=True)
class Paired:
    """What a pairing code stood for."""

    tenant: UUID
    terminal: str


class Pairing:
    """Pairing codes, valid ten minutes, used once, dead after five wrong tries.

    A code that matches nothing could not be counted against any code. So the first four digits
    find it and the last four prove it: who guesses hits one code five times at most.
    """

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._sql = queries("directory")

    async def make(self, tenant: UUID, terminal: str, life: timedelta = LIFE) -> str:
        """A code of eight digits for one terminal; shown once, kept only as keyed hashes."""
        for _ in range(_TRIES):
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
            finder, proof = self._hashes(code)
            async with self._database.connection() as db:
                made = await db.fetchval(
                    self._sql["make_pairing"],
                    shard_of_key(finder, self._database.shards),
                    tenant,
                    finder,
                    proof,
                    terminal,
                    life,
                )
            if made:
                return code
        raise Unavailable("too many devices are being paired: try again in ten minutes")

    async def use(self, code: str) -> Paired | None:
        """Use a code up; None if it is wrong, lapsed, used or dead. Spaces do not matter."""
        digits = "".join(code.split())
        if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
            return None
        finder, proof = self._hashes(digits)
        async with self._database.connection() as db:
            row = await db.fetchrow(
                self._sql["use_pairing"],
                shard_of_key(finder, self._database.shards),
                finder,
                proof,
            )
        return None if row is None else Paired(row["tenant"], row["terminal"])

    def _hashes(self, code: str) -> tuple[bytes, bytes]:
        return (
            self._vault.keyed_hash("pairing finder", code[:_HALF]),
            self._vault.keyed_hash("pairing proof", code[_HALF:]),
        )
