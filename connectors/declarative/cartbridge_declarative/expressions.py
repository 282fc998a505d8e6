"""One JMESPath expression of a mapping: checked when it is read, bounded whenever it runs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import jmespath
from jmespath.exceptions import JMESPathError, ParseError
from jmespath.visitor import Options, TreeInterpreter

from cartbridge_declarative.functions import KNOWN, ExactFunctions

MAX_LENGTH: Final = 500
MAX_COPIES: Final = 32  # of what it is given that an expression may make
MAX_STEPS: Final = 300_000  # a body of the largest size, gone through a few times
_ADDS: Final = frozenset({"multi_select_list", "multi_select_dict", "merge"})
_CHOOSES: Final = frozenset({"or_expression", "and_expression", "not_expression", "comparator"})


class NotOne(ValueError):
    """What was found is not what the mapping says; the text tells what is expected."""


class TooMuch(JMESPathError):
    """An expression would take longer than a hook may."""


class _Bounded(TreeInterpreter):
    """Goes through a body in a limited number of steps."""

    options: ClassVar[Options] = Options(custom_functions=ExactFunctions())

    def __init__(self) -> None:
        super().__init__(self.options)
        self._left = MAX_STEPS

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise TooMuch("too many steps")
        return super().visit(node, *args, **kwargs)


@dataclass(frozen=True)
class Expression:
    """A JMESPath expression and its tree; most only follow the names of fields, a `chain`."""

    text: str
    tree: Any = field(repr=False, compare=False)
    chain: tuple[str, ...] | None = field(repr=False, compare=False)

    def of(self, value: Any) -> Any:
        """What it finds in a part of a body; NotOne, whatever is there, if it cannot look."""
        if self.chain is not None:
            for name in self.chain:
                value = value.get(name) if isinstance(value, dict) else None
            return value
        try:
            return _Bounded().visit(self.tree, value)
        except TooMuch:
            raise NotOne("the expression takes too many steps over this") from None
        except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
            raise NotOne("the expression does not fit what was sent") from None
        except RecursionError:
            raise NotOne("nested too deeply for the expression") from None


def compiled(text: Any) -> Expression:
    """The expression a mapping writes; ValueError tells what is wrong and what to write instead."""
    if not isinstance(text, str):
        raise ValueError("write a JMESPath expression in quotes, for example 'cart.id'")
    if len(text) > MAX_LENGTH:
        raise ValueError(f"write at most {MAX_LENGTH} letters; give a list its own section")
    try:
        tree: Any = jmespath.compile(text).parsed
        _check(tree)
    except ParseError as error:
        raise ValueError(
            f"not JMESPath at letter {error.lex_position + 1}; write for example cart.items[0].sku"
        ) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except JMESPathError:
        raise ValueError("it is empty; write for example cart.id, or leave it out") from None
    return Expression(text, tree, _chain(tree))


def _chain(tree: Any) -> tuple[str, ...] | None:
    if tree["type"] == "field":
        return (tree["value"],)
    if tree["type"] != "subexpression":
        return None
    steps = [_chain(child) for child in tree["children"]]
    return None if None in steps else tuple(name for step in steps for name in step or ())


def _check(tree: Any) -> None:
    for node in _nodes(tree):
        if node["type"] == "function_expression":
            _check_call(node["value"], len(node["children"]))
    if _copies(tree) > MAX_COPIES:
        raise ValueError(f"it may copy what it is given at most {MAX_COPIES} times")


def _check_call(name: str, given: int) -> None:
    if name not in KNOWN:
        raise ValueError(f"there is no function {name}(); there are: {', '.join(sorted(KNOWN))}")
    wanted = KNOWN[name]["signature"]
    more = bool(wanted) and bool(wanted[-1].get("variadic"))
    if given < len(wanted) or (given > len(wanted) and not more):
        raise ValueError(f"{name}() takes {len(wanted)} arguments{' or more' if more else ''}")


def _nodes(tree: Any) -> Iterator[Any]:
    yield tree
    for child in tree["children"]:
        if isinstance(child, dict):  # a slice's are numbers
            yield from _nodes(child)


def _copies(node: Any) -> int:
    """How many copies of what it is given may lie in what an expression makes of it.

    `[@, @] | [@, @] | …` would otherwise grow with every stage until nothing can hold it.
    """
    below = [_copies(child) for child in node["children"] if isinstance(child, dict)]
    is_call = node["type"] == "function_expression"
    kind = node["value"] if is_call else node["type"]
    if kind in _ADDS:
        return sum(below)
    if kind in _CHOOSES or (is_call and kind != "map"):
        return max(below, default=1)
    return math.prod(below)
