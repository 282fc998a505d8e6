"""A mapping file, read and checked once: TOML or JSON, with errors that name the place."""

import difflib
import json
import tomllib
from functools import cached_property, lru_cache
from typing import Any, Final, Self, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError, model_validator
from pydantic_core import ErrorDetails

from cartbridge_declarative import sections
from cartbridge_declarative.coverage import Coverage, coverage_of
from cartbridge_declarative.expressions import Expression
from cartbridge_declarative.sections import Section, Unit

MAX_TEXT: Final = 64 * 1024
_MAX_SAID: Final = 5
_PLACE: Final = "{external_id}"
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class Mapping(Section):
    """How the payloads of one platform are believed, sorted and read."""

    signature: sections.Signature
    kind: sections.Sorting
    document: sections.Document
    lines: sections.Lines | None = None
    discounts: sections.Discounts | None = None
    customer: sections.Person | None = None
    wishlist: sections.Wishlist | None = None
    enquiry: sections.Enquiry | None = None
    money: sections.Money | None = None
    units: dict[sections.Word, Unit] = {}
    handshake: sections.Handshake = sections.Handshake()
    fetch: sections.Fetching | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        kinds = self.kind.kinds | (self.fetched.kinds if self.fetch else frozenset())
        if not kinds.isdisjoint(("cart", "wishlist")):
            self._check_cart()
        if ("enquiry" in kinds) != (self.enquiry is not None):
            raise ValueError("enquiry: the kind and the section [enquiry] go together")
        if "hint" in kinds and (self.fetch is None or "hint" in self.fetched.kinds):
            raise ValueError("kind: a hint is followed by reading: add a [fetch] section")
        if "sold" in kinds and self.document.order_number is None:
            raise ValueError("document.order_number: a sale needs the receipt's number; name it")
        if self.lines is not None and self.money is None:
            raise ValueError("money: say how amounts are written: amounts = 'minor'")
        if self.discounts is not None and self.lines is None:
            raise ValueError("lines: discounts belong to rows: add a [lines] section")
        if self.fetch is not None:
            _check_fetch(self.fetch)
        return self

    def _check_cart(self) -> None:
        if self.lines is None:
            raise ValueError("lines: a cart has rows: add a [lines] section")
        told = (self.signature.id_header, self.document.revision, self.document.time)
        if not any(told):
            raise ValueError(
                "document.revision: a cart that is again as it was would pass for a repeat: give"
                " document.revision, document.time or signature.id_header"
            )

    @property
    def fetched(self) -> sections.Sorting:
        """What a document is that was read again."""
        told = self.fetch.kind if self.fetch is not None else None
        return told or sections.Sorting(always="cart")

    def beside(self, kind: sections.Kind) -> dict[str, Expression]:
        """What the sections for another kind of document find that this one's does not."""
        told = {"wishlist": self.wishlist, "enquiry": self.enquiry}
        own = {one.text for one in _expressions(told.get(kind))}
        return {
            f"{name}.{entry}": where
            for name, section in told.items()
            if name != kind
            for entry, where in section or ()
            if isinstance(where, Expression) and where.text not in own
        }

    @cached_property
    def of_body(self) -> Coverage | None:
        """What is read of a body beside its documents."""
        ping = self.handshake.ping
        return coverage_of([self.document.each, self.kind.body, ping.body if ping else None])

    @cached_property
    def of_document(self) -> Coverage | None:
        """What is read of a document."""
        parts = [self.document, self.customer, self.wishlist, self.enquiry]
        read = [one for part in parts for one in _expressions(part) if one != self.document.each]
        more = [self.kind.document, self.fetched.document, self.lines.each if self.lines else None]
        beside = [self.kind.body] if self.document.each is None else []
        return coverage_of([*read, *more, *beside])

    @cached_property
    def of_line(self) -> Coverage | None:
        """What is read of a row."""
        each = self.discounts.each if self.discounts else None
        return coverage_of([*_expressions(self.lines), each])

    @cached_property
    def of_discount(self) -> Coverage | None:
        """What is read of a reduction."""
        return coverage_of(_expressions(self.discounts))


def _expressions(section: Section | None) -> list[Expression]:
    values = [value for name, value in section or () if name != "each"]
    flat = [one for value in values for one in (value if isinstance(value, tuple) else (value,))]
    return [one for one in flat if isinstance(one, Expression)]


def _check_fetch(fetch: sections.Fetching) -> None:
    if fetch.url.count(_PLACE) != 1:
        raise ValueError(f"fetch.url: say once where the id goes: https://shop.example/c/{_PLACE}")
    parts = urlsplit(fetch.url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" or local) or not parts.hostname or parts.fragment:
        raise ValueError("fetch.url: give an https address (http only for this machine itself)")
    if "@" in parts.netloc or _PLACE in parts.netloc:
        raise ValueError("fetch.url: the id goes behind the host; put no password before it")
    if fetch.kind is not None and (fetch.kind.header or fetch.kind.body):
        raise ValueError("fetch.kind: an answer has no topic: use document or always")


@lru_cache(maxsize=256)
def parse(text: str) -> Mapping:
    """The mapping in a text; ValueError names each wrong place and what to write instead."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT:
        raise ValueError(f"a mapping has at most {MAX_TEXT // 1024} KiB")
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply for a mapping") from None
    except ValueError as error:  # says the line and the column
        raise ValueError(f"neither TOML nor JSON: {error}") from None
    try:
        return Mapping.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
    said = [_complaint(fault) for fault in faults[:_MAX_SAID]]
    if len(faults) > _MAX_SAID:
        said.append(f"{len(faults) - _MAX_SAID} more")
    raise ValueError("; ".join(said))


def _complaint(fault: ErrorDetails) -> str:
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        known = list(_section_at(fault["loc"][:-1]).model_fields)
        near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1)
        instead = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        return f"{place}: there is no such entry; {instead}"
    if fault["type"] == "missing":
        return f"{place}: it is missing"
    why = fault["msg"].removeprefix("Value error, ")
    return f"{place}: {why}" if place else why


def _section_at(path: tuple[int | str, ...]) -> type[BaseModel]:
    section: type[BaseModel] = Mapping
    for name in path:
        field = section.model_fields[str(name)]
        section = next(one for one in _kinds(field.annotation) if issubclass(one, BaseModel))
    return section


def _kinds(annotation: Any) -> list[type]:
    if isinstance(annotation, type):
        return [annotation]
    return [one for part in get_args(annotation) for one in _kinds(part)]
