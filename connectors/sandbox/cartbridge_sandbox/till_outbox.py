"""The till's own SQLite file: every call is stored here before it is made."""

import json
import os
import sqlite3
import uuid
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

PAIR: Final = "/v1/pos/pair"


@dataclass(frozen=True)
class Call:
    """A call to the gateway; its key is made once, and the same on every try."""

    id: int
    key: str
    method: str
    path: str
    if_match: str | None
    body: dict[str, Any]
    keep: bool  # it tells what has happened: it must arrive, however late
    claim: str | None  # the claim that it ends


class Outbox:
    """Calls to be made, claims held, and the till's key: all of it survives the till."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        os.chmod(path, 0o600)  # noqa: PTH101 - it holds the till's key
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.executescript((files("cartbridge_sandbox") / "till.sql").read_text())

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    def save(
        self,
        method: str,
        path: str,
        body: dict[str, Any],
        keep: bool,
        if_match: str | None = None,
        claim: str | None = None,
    ) -> Call:
        """Stores a call before it is made; the same wish, still unanswered, keeps its key."""
        text = json.dumps(body, sort_keys=True)
        # A claim ends once: told again, later, it is what was told first.
        same = (
            "select id from call where state = 'saved' and method = ? and path = ?"
            " and if_match is ? and (body = ? or claim = ?)"
        )
        found = self._db.execute(same, (method, path, if_match, text, claim)).fetchone()
        if found is None:
            key = str(uuid.uuid4())
            found = self._db.execute(
                "insert into call (idempotency_key, method, path, if_match, body, keep, claim)"
                " values (?, ?, ?, ?, ?, ?, ?) returning id",
                (key, method, path, if_match, text, keep, claim),
            ).fetchone()
        return next(call for call in self.waiting() if call.id == found[0])

    def waiting(self) -> list[Call]:
        """The calls that were not answered yet, oldest first."""
        rows = self._db.execute("select * from call where state = 'saved' order by id")
        return [_call(row) for row in rows]

    def forget(self, call: Call) -> None:
        """The call was never made, and nobody waits for it any more."""
        self._db.execute("delete from call where id = ? and state = 'saved'", (call.id,))

    def answered(self, call: Call, status: int, answer: dict[str, Any]) -> None:
        """Stores the answer, and what it makes of the claims held here, at once."""
        state = "answered" if status < 400 else "refused"
        answer = dict(answer)
        key = answer.pop("key", None) if call.path == PAIR else None
        self._db.execute("begin immediate")
        self._db.execute(
            "update call set state = ?, status = ?, answer = ? where id = ?",
            (state, status, json.dumps(answer), call.id),
        )
        if state == "answered":
            self._take_note(call, answer, key)
        self._db.execute("commit")

    def _take_note(self, call: Call, answer: dict[str, Any], key: str | None) -> None:
        if key is not None:
            self.keep("key", key)
        if "claim" in answer and "fence" in answer:
            values = (answer["claim"], answer["fence"], json.dumps(answer))
            self._db.execute("insert or replace into held values (?, ?, ?)", values)
        if call.claim is not None:
            self._db.execute("delete from held where claim = ?", (call.claim,))

    def refused(self) -> list[tuple[Call, int, dict[str, Any]]]:
        """What had happened and the gateway would not take: somebody has to look at it."""
        rows = self._db.execute("select * from call where state = 'refused' and keep order by id")
        return [(_call(row), row["status"], json.loads(row["answer"])) for row in rows]

    def held(self) -> dict[str, dict[str, Any]]:
        """The claims held here, as they were answered."""
        rows = self._db.execute("select claim, answer from held order by rowid")
        return {claim: json.loads(answer) for claim, answer in rows}

    def keep(self, name: str, value: str) -> None:
        """Remembers the till's key, and who it is."""
        self._db.execute("insert or replace into kept values (?, ?)", (name, value))

    def kept(self, name: str) -> str | None:
        """What was remembered under that name."""
        row = self._db.execute("select value from kept where name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])


def _call(row: sqlite3.Row) -> Call:
    return Call(
        id=row["id"],
        key=row["idempotency_key"],
        method=row["method"],
        path=row["path"],
        if_match=row["if_match"],
        body=json.loads(row["body"]),
        keep=bool(row["keep"]),
        claim=row["claim"],
    )
