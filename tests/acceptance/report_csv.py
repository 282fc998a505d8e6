"""What the CSV of a report must say: its JSON in a language's words and a country's numbers."""

from collections.abc import Iterable
from typing import Any

from cartbridge.pages.words import texts_of
from tests.acceptance.world import Json


def csv_of(rows: Iterable[tuple[str, Json]], head: Json, language: str) -> list[dict[str, str]]:
    """Rows of a report as its CSV must have them: its own words, amounts with decimals."""
    words: Any = texts_of(language)
    found = []
    for section, row in rows:
        flat: dict[str, Any] = {"section": words[f"reports.values.{section}"]}
        flat |= {name: head[name] for name in ("from", "to", "as_of")}
        flatten(flat, "", row, words, "," if language == "fr" else ".")
        if section == "claims":
            flat["voided_claims"] = flat.pop("voided")
        found.append({title(words, name): text for name, text in flat.items() if text != ""})
    return found


def flatten(flat: dict[str, str], prefix: str, row: Json, words: Any, comma: str) -> None:
    for name, value in row.items():
        where = {"state": "states", "reason": "not_taken"}.get(name, "reports.values")
        amount = name == "difference" or ("gross" in row and name != "unpriced")
        if isinstance(value, dict) and name in ("campaign", "clicks"):
            flat[prefix + name] = "&".join(f"{key}={text}" for key, text in value.items())
        elif isinstance(value, dict):
            inner = prefix if name in ("cell", "money", "lead") else f"{prefix}{name}_"
            flatten(flat, inner, value, words, comma)
        elif value is None:
            continue
        elif isinstance(value, bool):
            flat[prefix + name] = words["reports.yes" if value else "reports.no"]
        elif amount:
            flat[prefix + name] = f"{'-' * (value < 0)}{abs(value) // 100}{comma}" + (
                f"{abs(value) % 100:02d}"
            )
        elif f"{where}.{value}" in words and name not in ("campaign", "source", "store", "title"):
            flat[prefix + name] = words[f"{where}.{value}"]
        else:
            flat[prefix + name] = str(value).replace("Z", "+00:00")


def title(words: Any, name: str) -> str:
    end, _, rest = name.partition("_")
    if end in ("first", "last"):
        return str(words[f"reports.{end}"].format(column=words[f"reports.columns.{rest}"]))
    return str(words[f"reports.columns.{name}"])
