"""The guide's code blocks as one shell script, in their order; `python` blocks edit files."""

import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)(?: path=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """What a reader types (`sh`), or puts into the file at `path` (`python`)."""

    language: str
    path: str | None
    text: str


def blocks(page: str) -> list[Block]:
    """Every block of code on a page."""
    return [Block(language, path or None, text) for language, path, text in BLOCK.findall(page)]


def script(found: list[Block], scratch: Path) -> str:
    """The whole walk: it ends at the first command that fails, and tells which block that was."""
    lines = ["set -euo pipefail", "trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
    for number, block in enumerate(found):
        lines.append(f"echo '=== block {number}'")
        if block.language == "sh":
            lines.append(block.text)
        else:
            part = scratch / f"block-{number}.py"
            part.write_text(block.text, encoding="utf-8")
            lines.append(f"python {__file__} {part} {block.path}")
    return "\n".join(lines)


def put(text: str, file: Path) -> None:
    """As a reader does it: a new file; or definitions in the place of those of their names."""
    if not file.exists():
        file.write_text(text, encoding="utf-8")
        return
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    places = {_name(node): node for node in ast.parse("".join(lines)).body}
    for node in ast.parse(text).body:
        new = ast.get_source_segment(text, node)
        old = places.get(_name(node))
        if old is None or old.end_lineno is None:
            lines += ["\n\n", f"{new}\n"]
        else:
            # As many lines as before, so that the places of the others stay true.
            rest = [""] * (old.end_lineno - old.lineno)
            lines[old.lineno - 1 : old.end_lineno] = [f"{new}\n", *rest]
    file.write_text("".join(lines), encoding="utf-8")


def _name(node: ast.stmt) -> str:
    return str(getattr(node, "name", ast.dump(node)))


if __name__ == "__main__":
    put(Path(sys.argv[1]).read_text(encoding="utf-8"), Path(sys.argv[2]))
