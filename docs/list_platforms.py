"""Writes the README's table of platforms from manifests: `python docs/list_platforms.py [--check]`.

What a connector can do stands in its manifest, what it is worth in its quality.toml.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cartbridge.administration.complaints import CommandRefused
from cartbridge.administration.connector_loading import PROJECT, load
from cartbridge.sdk.contract import Manifest
from cartbridge.testing.levels import FILE, Quality, QualityUnreadable, read_quality

ROOT: Final = Path(__file__).parents[1]
BEGIN: Final = "<!-- platforms -->"
END: Final = "<!-- /platforms -->"
COLUMNS: Final = (
    *("platform", "kind", "reads", "writes", "freeze", "place", "continue online", "catches up"),
    *("level", "versions followed", "last run against"),
)
KINDS: Final = {"shop": "shop", "pos": "tills"}
WRITES: Final = {"none": "no", "best_effort": "best effort", "conditional": "conditional"}


def table(connectors: Path) -> str:
    """A row per connector of the folder, in alphabetical order of their titles."""
    found = [
        (load(str(file.parent)).connector.manifest, read_quality(file.with_name(FILE)), file.parent)
        for file in connectors.glob(f"*/{PROJECT}")
    ]
    found.sort(key=lambda one: one[0].title.lower())
    rows = [COLUMNS, ["---"] * len(COLUMNS), *(_row(*one) for one in found)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    below = [f"* {one.title}: {quality.reason}" for one, quality, _ in found if quality.reason]
    return "\n".join([*lines, "", "Why not gold:", "", *below] if below else lines)


def _row(manifest: Manifest, quality: Quality, folder: Path) -> Sequence[str]:
    def can(capability: str) -> str:
        return "yes" if capability in manifest.capabilities else "no"

    runs = sorted(quality.run_against, key=lambda run: run.on)
    last = f"{runs[-1].version}, {runs[-1].on}" if runs else "-"
    return (
        f"[{manifest.title}]({folder.relative_to(folder.parents[1]).as_posix()})",
        KINDS[manifest.kind],
        "hooks, on demand" if can("fetch") == "yes" else "hooks",
        WRITES[manifest.writes],
        can("freeze"),
        can("place"),
        can("continue_online"),
        can("changed_since"),
        quality.level,
        "; ".join(quality.followed),
        last,
    )


def with_table(page: str, told: str) -> str:
    """The page with this table between its marks; ValueError if it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"put {BEGIN} and {END} where the table is to stand")
    return f"{before}{begin}\n{told}\n{end}{after}"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Writes the table, or with --check only looks: the status to end with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only look, and end with 1 if old")
    check = parser.parse_args(arguments).check
    readme = root / "README.md"
    page = readme.read_text(encoding="utf-8")
    try:
        current = with_table(page, table(root / "connectors"))
    except (CommandRefused, QualityUnreadable, ValueError) as error:
        sys.stderr.write(f"the table of platforms cannot be written: {error}\n")
        return 1
    if not check:
        readme.write_text(current, encoding="utf-8")
    elif current != page:
        sys.stderr.write("README.md: the table of platforms is old; run `make docs`\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
