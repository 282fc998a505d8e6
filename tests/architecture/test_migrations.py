"""Migrations as installations know them: what was released never changes again."""

import hashlib
from pathlib import Path
from typing import Final

from cartbridge.database.migrate import FOLDER

RELEASED: Final = Path(__file__).with_name("migrations.sha256")


def test_a_migration_that_was_released_is_never_changed() -> None:
    """A database that has it would refuse the upgrade: write the change as a new migration."""
    rows = (row.split("  ") for row in RELEASED.read_text().splitlines())
    released = {name: digest for digest, name in rows}
    present = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.sql")
    }
    assert {name: present.get(name) for name in released} == released


def test_every_migration_is_noted_before_it_is_released() -> None:
    """`sha256sum *.sql` in the folder of the migrations tells the row to add."""
    noted = {row.split("  ")[1] for row in RELEASED.read_text().splitlines()}
    assert {path.name for path in FOLDER.glob("*.sql")} == noted
