"""Messages in a record's thread: posted once under a name that Odoo keeps with them."""

import re
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote, unquote

from cartbridge_odoo.calls import Calls

MESSAGES: Final = "mail.message"
_OURS: Final = re.compile(r"<([^<>@\s]{1,300})@cartbridge>")
_BREAKS: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "blockquote"})
_UNREAD: Final = frozenset({"style", "script", "head"})


async def post_once(
    calls: Calls,
    model: str,
    number: int,
    name: str,
    body: str,
    *,
    internal: bool,
    **author: Any,
) -> None:
    """Posts HTML in the thread of a record; the same name again does nothing."""
    told = f"<{quote(name, safe='')}@cartbridge>"
    domain: list[Any] = [
        ["model", "=", model],
        ["res_id", "=", number],
        ["message_id", "=", told],
    ]
    if await calls.search(MESSAGES, domain, ["message_id"], limit=1):
        return
    message = {
        "body": body,
        "body_is_html": True,
        "message_type": "comment",
        "subtype_xmlid": "mail.mt_note" if internal else "mail.mt_comment",
        "message_id": told,
        **author,
    }
    await calls.call(model, "message_post", message, ids=[number])


def name_of(number: int, message_id: str | None) -> str:
    """The name of a message: the one it was posted under, else Odoo's own number."""
    found = _OURS.fullmatch(message_id or "")
    return unquote(found[1]) if found is not None else f"{MESSAGES}/{number}"


def text_of(html: str | None) -> str:
    """What a person reads of Odoo's HTML; paragraphs and breaks become lines."""
    reader = _Reader()
    reader.feed(html or "")
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD and self._unread > 0
        if tag in _BREAKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.parts.append(data.replace("\n", " "))
