"""Problems as the API description tells them: by status, with what each means and what to do."""

from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import Field

from cartbridge.domain.model import Strict
from cartbridge.http.openapi_parameters import ANSWER_HEADERS, JsonObject
from cartbridge.http.problem import type_of
from cartbridge.pages.problems import CODES
from cartbridge.pages.words import Words
from cartbridge.services.problems import Problem

LOCALES: Final = ("en", "fr")

_WAITING: Final = frozenset(
    {
        *("still_running", "unavailable", "rate_limited"),
        *("code_entry_locked", "customer_search_locked"),
    }
)


class FieldFault(Strict):
    """Which field is wrong, and why; what was sent is not repeated."""

    field: str
    why: str


class ProblemDocument(Strict):
    """Why nothing was done, and what to do next (RFC 9457). Decide by `code`, show the texts."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    code: str
    params: dict[str, str] | None = None
    errors: tuple[FieldFault, ...] | None = None


def all_problems() -> dict[str, JsonObject]:
    """Every code with its status, and its title and way out in each language."""
    return {
        code: {
            "status": Problem(code).status,
            "title": {locale: _text(code, "title", locale) for locale in LOCALES},
            "detail": {locale: _text(code, "detail", locale) for locale in LOCALES},
        }
        for code in sorted(CODES)
    }


def responses(codes: Iterable[str]) -> dict[str, JsonObject]:
    """One response per status, with the codes that it may carry."""
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(Problem(code).status, []).append(code)
    return {str(status): _response(status, found) for status, found in sorted(by_status.items())}


def _response(status: int, codes: list[str]) -> JsonObject:
    headers = []
    if status == 401:
        headers.append("WWW-Authenticate")
    if not _WAITING.isdisjoint(codes):
        headers.append("Retry-After")
    own: JsonObject = {"code": {"enum": sorted(codes)}}
    if "precondition_failed" in codes:
        for name in ("cart", "wishlist", "quote"):  # as it is now
            own[name] = {"$ref": f"#/components/schemas/Canonical{name.capitalize()}"}
        own["reservation"] = {"$ref": "#/components/schemas/StoreReservation"}
    schema = {
        "allOf": [{"$ref": "#/components/schemas/ProblemDocument"}, {"properties": own}],
    }
    return {
        "description": "\n".join(f"- `{code}`: {_text(code, 'title')}" for code in codes),
        **({"headers": {name: ANSWER_HEADERS[name] for name in headers}} if headers else {}),
        "content": {"application/problem+json": {"schema": schema}},
    }


def example(code: str) -> JsonObject:
    """The problem document of a code, as an English speaker gets it."""
    document = ProblemDocument(
        type=type_of(code, "https://gateway.example"),
        title=_text(code, "title"),
        status=Problem(code).status,
        detail=_text(code, "detail"),
        code=code,
    )
    return document.model_dump(exclude_none=True)


def _text(code: str, part: str, locale: str = "en") -> str:
    words, key = Words.for_locale(locale), f"problems.{code}.{part}"
    return words.text(key) if words.has(key) else code  # a test asks for the missing words
