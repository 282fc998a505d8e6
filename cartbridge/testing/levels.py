"""What a connector keeps, in three steps, and what its `quality.toml` claims that it keeps.

bronze  it believes only its platform, reads what it recorded, survives anything, keeps secrets
silver  it also catches up on lost hooks, loses nothing in silence, and is right to the cent
gold    it also writes on condition, names refusals, and stops a cart from being sold twice
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cartbridge.sdk.contract import Capability, Connector

Level = Literal["bronze", "silver", "gold"]
LEVELS: Final[tuple[Level, ...]] = ("bronze", "silver", "gold")
FILE: Final = "quality.toml"
_MARK: Final = "cartbridge_promise"
Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True)
class Promise:
    """What a test of the suite stands for: from which level on it must hold, and its subject."""

    level: Level
    subject: str
    needs: tuple[Capability, ...] = ()


def promise(level: Level, subject: str, *needs: Capability) -> Callable[[Test], Test]:
    """Makes a test a promise of that level."""

    def mark(test: Test) -> Test:
        setattr(test, _MARK, Promise(level, subject, needs))
        return test

    return mark


def promise_of(test: object) -> Promise | None:
    """What a test promises; None for a test of the connector's own."""
    told = getattr(test, _MARK, None)
    return told if isinstance(told, Promise) else None


def at_least(level: Level, needed: Level) -> bool:
    """Whether a level is that high."""
    return LEVELS.index(level) >= LEVELS.index(needed)


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Run(_Told):
    """One time that the connector met the real platform."""

    version: str
    on: date
    how: str


class Quality(_Told):
    """A connector's `quality.toml`: the level it claims, and why it is not a higher one."""

    level: Level
    reason: str = ""
    followed: tuple[str, ...] = Field(min_length=1)  # the platform's versions
    run_against: tuple[Run, ...] = ()

    @model_validator(mode="after")
    def _reasoned(self) -> "Quality":
        if self.level != "gold" and not self.reason.strip():
            raise ValueError("reason: say why it is not gold")
        return self


class QualityUnreadable(Exception):
    """A `quality.toml` that cannot be understood; the text names the place."""


def read_quality(file: Path) -> Quality:
    """What a `quality.toml` says; QualityUnreadable names what to mend."""
    try:
        return Quality.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise QualityUnreadable(f"{file}: {error}") from None
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}".removeprefix(": ") for one in faults)
    raise QualityUnreadable(f"{file}: {'; '.join(said)}")


@dataclass(frozen=True)
class Ceiling:
    """The highest level that a connector can keep as it is, and what it lacks for the next."""

    level: Level
    lacks: str = ""


def ceiling(connector: Connector, settings: BaseModel, has_fake: bool) -> Ceiling:
    """How high a connector can get with these settings, by what it declares."""
    able, writes = connector.capabilities(settings), connector.writes(settings)
    if not able & {"fetch", "changed_since"}:
        lacks = "it can neither fetch a document nor list what changed: a lost hook stays lost"
        return Ceiling("bronze", lacks)
    if not has_fake:
        return Ceiling("bronze", "no fake of the platform is named: its calls are not proven")
    if writes == "best_effort":
        return Ceiling("silver", "its writes are best effort: two edits at once may lose one")
    if "place" not in able and writes != "conditional":
        return Ceiling("silver", "it writes nothing: a cart can leave the platform, not reach it")
    if not able & {"place", "freeze"}:
        lacks = "it cannot freeze: the shop may sell a cart while a till holds it"
        return Ceiling("silver", lacks)
    return Ceiling("gold")
