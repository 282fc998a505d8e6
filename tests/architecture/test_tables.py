"""Every table is told in the architecture: what is true, what is derived, what is only work."""

from pathlib import Path
from typing import Any

ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.md"


async def test_the_architecture_lists_every_table(owner: Any) -> None:
    rows = await owner.fetch(
        "select table_name from information_schema.tables"
        " where table_schema = 'public' and table_type = 'BASE TABLE'"
    )
    text = ARCHITECTURE.read_text()

    missing = sorted(row[0] for row in rows if f"`{row[0]}`" not in text)

    assert rows
    assert missing == []
