"""JMESPath's functions over exact numbers: no amount is ever turned into a float."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature

from cartbridge.sdk.documents import plain

MAX_TEXT: Final = 100_000  # letters that `join` may make
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
    "string": (str,),
    "number": (int, Decimal, float),
}


def kind_of(value: Any) -> str:
    """What JMESPath calls a value of a body; numbers with decimals are exact ones here."""
    for name, types in _TYPES.items():
        if isinstance(value, types):
            return name
    return "expref"  # what sort_by(…, &…) is given


class ExactFunctions(Functions):
    """The functions of JMESPath, taught that a Decimal is a number."""

    def _type_check_single(self, current: Any, types: list[str], function_name: str) -> None:
        if not any(_is(current, wanted) for wanted in types):
            raise JMESPathError(f"{function_name}() does not take a {kind_of(current)} here")

    def _convert_to_jmespath_type(self, name: str) -> str:
        if name == "Decimal":
            return "number"
        plain_names = {"str": "string", "int": "number", "float": "number"}
        return plain_names.get(name, "unknown")

    @signature({"types": ["array-number"]})
    def _func_avg(self, numbers: list[Any]) -> Any:
        return Decimal(sum(numbers)) / len(numbers) if numbers else None

    @signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, texts: list[str]) -> str:
        if len(separator) * len(texts) + sum(map(len, texts)) > MAX_TEXT:
            raise JMESPathError(f"join() makes no text of more than {MAX_TEXT} letters")
        return separator.join(texts)

    @signature({"types": []})
    def _func_to_number(self, value: Any) -> Any:
        if kind_of(value) == "number":
            return value
        if not isinstance(value, str) or len(value) > 40:
            return None
        try:
            number = Decimal(value)
        except InvalidOperation:
            return None
        return number if number.is_finite() and -20 <= number.adjusted() <= 20 else None

    @signature({"types": []})
    def _func_to_string(self, value: Any) -> Any:
        match value:
            case str():
                return value
            case bool():
                return "true" if value else "false"
            case int() | Decimal():
                return plain(Decimal(value))
            case None:
                return "null"
        raise JMESPathError(f"to_string() does not take a {kind_of(value)} here")

    @signature({"types": []})
    def _func_type(self, value: Any) -> str:
        return kind_of(value)


def _is(value: Any, wanted: str) -> bool:
    kind, _, member = wanted.partition("-")
    if kind_of(value) != kind:
        return False
    return not member or all(kind_of(one) == member for one in value)


KNOWN: Final = ExactFunctions.FUNCTION_TABLE
