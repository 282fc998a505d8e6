"""What an expression found, as the gateway's own kinds of values."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from cartbridge.sdk.documents import plain
from cartbridge_declarative.expressions import NotOne
from cartbridge_declarative.sections import TimeForm

MAX_REVISION: Final = 2**63 - 1
MAX_CODES: Final = 100
_CURRENCY: Final = re.compile(r"[A-Za-z]{3}")
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_MOMENT: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ].{5,30}")
_COUNT: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_WHOLE: Final = re.compile(r"[0-9]{1,19}")
_PARTS: Final = {"seconds": 1, "milliseconds": 1000}


def is_told(value: Any) -> bool:
    """Whether a body says anything there: nothing, an empty text or an empty list say nothing."""
    return value not in (None, "", [], {})


def text_of(value: Any, longest: int = 500) -> str | None:
    """A text, or a number as a text; None if there is none."""
    if value is None or value == "":
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = plain(Decimal(value))
    if not isinstance(value, str):
        raise NotOne("a text is expected")
    if len(value) > longest or _UNSTORABLE.search(value):
        raise NotOne(f"a text of at most {longest} letters and without NUL is expected")
    return value


def flag_of(value: Any) -> bool | None:
    """True or false, also as 1 and 0 and in words; None if it is not told."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    found = known.get(str(value).lower()) if isinstance(value, str | int) else None
    if found is None:
        raise NotOne("true or false is expected")
    return found


def revision_of(value: Any) -> int | None:
    """A revision: a whole number that grows; None if it is not told."""
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if value is None or value == "":
        return None
    if type(value) is not int or not 0 <= value <= MAX_REVISION:
        raise NotOne("a whole number that grows is expected")
    return value


def moment_of(value: Any, form: TimeForm) -> datetime:
    """A moment in UTC, to the microsecond."""
    if form == "rfc3339":
        return _written_moment(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise NotOne(f"a number of {form} since 1970 is expected")
    seconds = Decimal(value) / _PARTS[form]
    if not 946_684_800 <= seconds < 4_102_444_800:
        raise NotOne(f"a number of {form} since 1970, of this century, is expected")
    whole = int(seconds)
    micros = int((seconds - whole) * 1_000_000)
    return datetime.fromtimestamp(whole, UTC).replace(microsecond=micros)


def _written_moment(value: Any) -> datetime:
    expected = NotOne("a time is expected as in RFC 3339, for example 2026-11-20T10:00:00Z")
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise expected
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise expected from None
    if moment.tzinfo is None:
        raise expected
    return moment.astimezone(UTC)


def quantity_of(value: Any) -> Decimal:
    """How much: a number or a decimal text, never negative, at most six decimals."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise NotOne('a number or a decimal text is expected, for example "1.5"')
    text = value if isinstance(value, str) else plain(Decimal(value))
    if not _COUNT.fullmatch(text):
        raise NotOne("a quantity from 0 on with at most six decimals is expected")
    return Decimal(text)


def codes_of(value: Any) -> tuple[str, ...]:
    """Promotion codes: a list of texts, or one text."""
    told = value if isinstance(value, list) else [value]
    if len(told) > MAX_CODES:
        raise NotOne(f"at most {MAX_CODES} codes are read")
    codes = (text_of(one, 100) for one in told)
    return tuple(dict.fromkeys(code for code in codes if code is not None))


def currency_of(value: Any) -> str | None:
    """An ISO 4217 code, in whatever case; None if it is not told."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise NotOne("a currency is expected, for example EUR")
    return value.upper()
