"""Every log line of ours is named in one form, and tells only keys that somebody vouched for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cartbridge.logs import KNOWN

ROOT = Path(__file__).parents[2]
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical"})
BINDERS = frozenset({"bind", "bind_contextvars", "bound_contextvars"})
PACKAGES = (ROOT / "cartbridge", *ROOT.glob("connectors/*/cartbridge_*"))
FILES = [path for folder in PACKAGES for path in sorted(folder.rglob("*.py"))]


def faults(text: str) -> Iterator[str]:
    """What is wrong with the log lines of a file."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called, of = node.func.attr, ast.unparse(node.func.value)
        line = called in LEVELS and of == "log"
        if line and not _named(node):
            yield f"line {node.lineno}: call it by a name such as inbox.sort_failed"
        if line or (called in BINDERS and of in ("log", "structlog.contextvars")):
            given = {keyword.arg for keyword in node.keywords if keyword.arg is not None}
            for key in sorted(given - KNOWN - {"exc_info"}):
                yield f"line {node.lineno}: {key} is not in KNOWN of cartbridge/logs.py"


def _named(call: ast.Call) -> bool:
    first = call.args[0] if len(call.args) == 1 else None
    if isinstance(first, ast.Name):  # chosen among names a line before
        return True
    value = first.value if isinstance(first, ast.Constant) else None
    return isinstance(value, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", value) is not None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_log_lines_tell_only_what_is_known(path: Path) -> None:
    assert list(faults(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "text",
    [
        'log.info("customer.seen", email=email)',
        'log.info(f"saw {email}")',
        'log.info("saw %s", email)',
        'log.warning("Some sentence.")',
        'structlog.contextvars.bind_contextvars(customer="x")',
    ],
)
def test_a_careless_line_is_found(text: str) -> None:
    assert len(list(faults(text))) == 1


def test_there_are_lines_to_look_at() -> None:
    assert sum("log." in path.read_text("utf-8") for path in FILES) > 10
