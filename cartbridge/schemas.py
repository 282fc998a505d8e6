"""The published schemas: `python -m cartbridge.schemas` writes them, `--check` compares them."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from cartbridge.http import asyncapi, openapi
from cartbridge.http.openapi_problems import all_problems
from cartbridge.http.openapi_story import PLACE
from cartbridge.http.server import ROUTES

FOLDER: Final = Path(__file__).parent.parent / "schemas"
MEND: Final = "run `make schemas`"


def generate() -> dict[str, str]:
    """Every published schema: its path under schemas/ and its text, the same on every run."""
    documents: dict[str, dict[str, Any]] = {
        "openapi.json": openapi.describe(ROUTES, PLACE),
        "asyncapi.json": asyncapi.describe(PLACE),
        "problems.json": all_problems(),
    }
    for name, schema in asyncapi.published_schemas(PLACE).items():
        folder = "canonical" if name.count(".") == 1 else "events"
        documents[f"{folder}/{name}.json"] = schema
    return {path: _text(document) for path, document in documents.items()}


def differences(folder: Path = FOLDER) -> list[str]:
    """The paths under a folder that are missing, not current, or published no more."""
    return _differences(generate(), folder)


def write(folder: Path = FOLDER) -> list[str]:
    """Brings a folder up to date, and answers what changed in it."""
    wanted = generate()
    changed = _differences(wanted, folder)
    for path in changed:
        if path not in wanted:
            (folder / path).unlink()
            continue
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(wanted[path], "utf-8")
    return changed


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Writes the schemas, or with `--check` only says whether they are current."""
    if arguments == ["--check"]:
        stale = differences(folder)
        if stale:
            sys.stderr.write(f"not current: {', '.join(stale)}; {MEND}\n")
        return 1 if stale else 0
    if arguments:
        sys.stderr.write("usage: python -m cartbridge.schemas [--check]\n")
        return 2
    changed = write(folder)
    sys.stdout.write(f"schemas: {', '.join(changed) or 'all current'}\n")
    return 0


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _differences(wanted: dict[str, str], folder: Path) -> list[str]:
    there = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*.json")
    }
    return sorted(path for path in wanted.keys() | there if wanted.get(path) != there.get(path))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
