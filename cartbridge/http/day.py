"""A day as callers write it: 2026-11-20, and nothing that merely could be read as one."""

import re
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def _written(value: Any) -> Any:
    """A bare number would be taken for seconds."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError("not a day, such as 2026-11-20")
    return value


Day = Annotated[date, BeforeValidator(_written), Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))]
