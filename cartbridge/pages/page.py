"""A finished page: its HTML, its headers, and the rules that keep everything foreign out of it."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from cartbridge.domain.store import Brand
from cartbridge.pages.words import Words

_STYLES: Final = ("page.css", "quote.css", "enquiry.css")
_ORIGIN: Final = re.compile(r"^https?://[A-Za-z0-9.-]+(:\d{1,5})?$")
_DATA_PICTURE: Final = re.compile(r"^data:image/[a-z+.-]+[;,]")


@dataclass(frozen=True)
class Page:
    """What to answer a browser; the headers belong to it, the policy covers just this page."""

    body: str
    headers: Mapping[str, str]
    status: int = 200


@dataclass(frozen=True)
class Asset:
    """A static file that the pages load from the gateway itself."""

    path: str
    body: bytes
    headers: Mapping[str, str]


@cache
def script() -> Asset:
    """The one script: serve it at its path; without it every page still works."""
    body = _packaged("static", "page.js")
    return Asset(
        path=f"/static/page.{hashlib.sha256(body).hexdigest()[:12]}.js",
        body=body,
        headers={
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": "public, max-age=31536000, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )


@cache
def browse_script() -> Asset:
    """The script for a shop's own pages, under an address that stays: shops write it down."""
    body = _packaged("static", "browse.js")
    return Asset(
        path="/browse.js",
        body=body,
        headers={
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": "public, max-age=3600",
            "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def content_security_policy(picture_origins: Sequence[str] = ()) -> str:
    """The policy of every page: nothing foreign but pictures of the named https origins."""
    wrong = next((origin for origin in picture_origins if not _ORIGIN.match(origin)), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is not an origin: write https://host or https://host:port")
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("img-src 'self' data:", *picture_origins)),
            f"style-src 'sha256-{digest}'",
            "script-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def allowed_picture(url: str | None, picture_origins: Sequence[str]) -> str | None:
    """The address of a picture if the policy lets it through: ours, inline, or a named origin's."""
    if url is None:
        return None
    ours = url.startswith("/") and not url.startswith(("//", "/\\"))
    named = any(url.startswith(f"{origin}/") for origin in picture_origins)
    return url if ours or named or _DATA_PICTURE.match(url) else None


def data_url(svg: str) -> str:
    """An SVG as the address of a picture, so that the page needs nothing from elsewhere."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def render(
    template: str,
    words: Words,
    *,
    brand: Brand | None = None,
    status: int = 200,
    picture_origins: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Page:
    """A page of that template, escaped, in these words, with the headers it needs."""
    body = (
        _environment()
        .get_template(template)
        .render(
            words=words,
            t=words.text,
            brand=brand,
            logo=allowed_picture(brand.logo_url, picture_origins) if brand else None,
            style=_style(),
            script=script().path,
            **context,
        )
    )
    return Page(body, _headers("text/html", words, picture_origins) | dict(headers or {}), status)


def plain(body: str, media_type: str, words: Words, headers: Mapping[str, str]) -> Page:
    """A text answer, never cached either."""
    return Page(body, _headers(media_type, words, ()) | dict(headers))


def _headers(media_type: str, words: Words, picture_origins: Sequence[str]) -> dict[str, str]:
    return {
        "Content-Type": f"{media_type}; charset=utf-8",
        "Content-Language": words.tag,
        "Content-Security-Policy": content_security_policy(picture_origins),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cartbridge.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    return b"".join(_packaged("static", name) for name in _STYLES).decode()


def _packaged(*path: str) -> bytes:
    return files("cartbridge.pages").joinpath(*path).read_bytes()
