"""The shop's one SQLite file: baskets, stock, first results of writes, and hooks to be posted."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from cartbridge.sdk.documents import plain
from cartbridge_sandbox.basket import Basket
from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.refusals import ShopRefuses


@dataclass(frozen=True)
class Waiting:
    """A hook that is still to be posted."""

    id: int
    basket: str
    body: bytes
    tries: int


class Database:
    """Everything the shop remembers; a transaction is a change and its hook, or neither."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript((files("cartbridge_sandbox") / "baskets.sql").read_text())
        self._db.execute("insert or ignore into change (basket) select ref from basket")
        self._db.executemany(
            "insert or ignore into stock values (?, ?)",
            [(a.sku, str(a.stock)) for a in ARTICLES.values() if a.stock is not None],
        )

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is done within, or nothing of it."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def basket(self, ref: str) -> Basket:
        """The basket of that reference; ShopRefuses if there never was one."""
        row = self._one("select body from basket where ref = ?", ref)
        if row is None:
            raise ShopRefuses(404, "no_such_basket")
        basket = Basket.model_validate_json(row[0])
        return basket.model_copy(update={"prices": self.prices()})

    def prices(self) -> dict[str, int]:
        """Articles that cost something else than in the catalogue: SKU and cents."""
        return dict(self.all("select sku, cents from price"))

    def all(self, query: str, *values: Any) -> list[Any]:
        """Every row of a question."""
        return self._db.execute(query, values).fetchall()

    def run(self, query: str, *values: Any) -> None:
        """Changes what is stored."""
        self._db.execute(query, values)

    def keep(self, basket: Basket) -> None:
        """Stores the basket as it is, without telling anybody."""
        body = basket.model_dump_json()
        self._db.execute("insert or replace into basket values (?, ?)", (basket.ref, body))
        self._db.execute("insert or replace into change (basket) values (?)", (basket.ref,))

    def changed(self, after: int, limit: int) -> tuple[list[Basket], int]:
        """Baskets that changed after a place, oldest change first, and the place of the last."""
        rows = self._db.execute(
            "select basket, place from change where place > ? order by place limit ?",
            (after, limit),
        ).fetchall()
        return [self.basket(ref) for ref, _ in rows], rows[-1][1] if rows else after

    def tell(self, basket: Basket, event: str, **more: Any) -> None:
        """Puts a hook about the basket into the queue."""
        body = {"event": event, "basket": basket.shown(), **more}
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        self._db.execute("insert into hook (basket, body) values (?, ?)", (basket.ref, content))

    def left_over(self, sku: str) -> Decimal | None:
        """How much of an article is left to sell; None if there is always more."""
        row = self._one("select left_over from stock where sku = ?", sku)
        return None if row is None else Decimal(row[0])

    def sell(self, sku: str, quantity: Decimal) -> None:
        """Takes sold goods off the stock; ShopRefuses if there are not enough."""
        left = self.left_over(sku)
        if left is None:
            return
        if left < quantity:
            raise ShopRefuses(409, "out_of_stock")
        values = (plain(left - quantity), sku)
        self._db.execute("update stock set left_over = ? where sku = ?", values)

    def first_result(self, push: str) -> tuple[int, dict[str, Any]] | None:
        """What a write of that push id was answered the first time."""
        row = self._one("select status, answer from push where push = ?", push)
        return None if row is None else (row[0], json.loads(row[1]))

    def keep_result(self, push: str, status: int, answer: dict[str, Any]) -> None:
        """Remembers what a write was answered."""
        values = (push, status, json.dumps(answer))
        self._db.execute("insert into push values (?, ?, ?)", values)

    def visitor_basket(self, session: str) -> str | None:
        """The basket of a visitor's session."""
        row = self._one("select basket from visitor where session = ?", _hashed(session))
        return None if row is None else str(row[0])

    def bind_visitor(self, session: str, ref: str) -> None:
        """Gives a visitor's session its basket."""
        values = (_hashed(session), ref)
        self._db.execute("insert or replace into visitor values (?, ?)", values)

    def waiting(self, now: float) -> list[list[Waiting]]:
        """The hooks that are due, per basket in order, two at most of each."""
        rows = self._db.execute(
            "select id, basket, body, tries, due, place from ("
            " select *, row_number() over (partition by basket order by id) as place from hook"
            ") where place <= 2 order by id"
        )
        queues: dict[str, list[Waiting]] = {}
        for number, basket, body, tries, due, place in rows:
            # The first of a basket decides: the next never goes out in its place because it waits.
            if basket in queues or (place == 1 and due <= now):
                queues.setdefault(basket, []).append(Waiting(number, basket, body, tries))
        return list(queues.values())

    def next_due(self) -> float | None:
        """When a hook is due next; None if none waits."""
        row = self._one("select min(due) from (select basket, min(id), due from hook group by 1)")
        return None if row is None else row[0]

    def posted(self, number: int) -> None:
        """The hook was taken, or is given up on purpose."""
        self._db.execute("delete from hook where id = ?", (number,))

    def postpone(self, number: int, due: float) -> None:
        """The hook is tried again at that time."""
        values = (due, number)
        self._db.execute("update hook set tries = tries + 1, due = ? where id = ?", values)

    def _one(self, query: str, *values: Any) -> Any:
        return self._db.execute(query, values).fetchone()


def _hashed(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()
