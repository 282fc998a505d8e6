"""How a command says no: what is wrong, what to do next, and a status; never a traceback."""

import os
import tomllib
from typing import Any, Final, NamedTuple, get_args

import asyncpg
import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.markup import escape
from typer.core import TyperGroup

from cartbridge.administration.showing import err
from cartbridge.database.binaries import DatabaseSetupError
from cartbridge.database.connection import Misconfigured, Unavailable
from cartbridge.database.directory import AlreadyThere, NotThere, StillUsed
from cartbridge.database.migrate import MigrationRefused
from cartbridge.database.vault import MasterKeyError
from cartbridge.domain.item_file import FileRefused
from cartbridge.listening import PortTaken
from cartbridge.pages.problems import CODES, problem
from cartbridge.services.problems import Problem
from cartbridge.settings import CONFIG_VARIABLE, Settings

WRONG: Final = 1  # what was asked cannot be done as things are
MISUSED: Final = 2  # the command or a setting must be written differently
_DEBUG: Final = ("CARTBRIDGE_LOG_LEVEL", "debug")


class CommandRefused(Exception):
    """A command cannot do what it was asked; the text says what to do instead."""

    def __init__(self, text: str, status: int = WRONG) -> None:
        super().__init__(text)
        self.status = status


class Complaint(NamedTuple):
    """What is printed, and the status the command ends with."""

    text: str
    status: int = WRONG


_SAID: Final = (  # their texts say what to do
    DatabaseSetupError,
    Misconfigured,
    MigrationRefused,
    MasterKeyError,
    AlreadyThere,
    NotThere,
    StillUsed,
    FileRefused,
    PortTaken,
)


class Commands(TyperGroup):
    """The commands of a program that ends in a sentence, whatever goes wrong."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; an error becomes a complaint and a status."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = complaint_about(error)
            if told is None:
                raise
            err().print(f"[bold red]Error:[/] {escape(told.text)}", soft_wrap=True)
            raise typer.Exit(told.status) from None


def complaint_about(error: BaseException) -> Complaint | None:
    """What to tell the operator; None for what is the command line's own affair, or debugged."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    if type(error).__module__.partition(".")[0] in ("click", "typer"):
        return None
    if isinstance(error, CommandRefused):
        return Complaint(str(error), error.status)
    if isinstance(error, _SAID):
        return Complaint(str(error))
    for told in (_of_settings(error), _of_problem(error), _of_database(error), _of_files(error)):
        if told is not None:
            return told
    if os.environ.get(_DEBUG[0], "").lower() == _DEBUG[1]:
        return None
    return Complaint(
        f"this should not happen ({type(error).__name__}). Run the same command with "
        f"{'='.join(_DEBUG)} to see where, and report what it prints."
    )


def _of_settings(error: BaseException) -> Complaint | None:
    if isinstance(error, ValidationError) and error.title == Settings.__name__:
        return Complaint("; ".join(faults_of(error)), MISUSED)
    if isinstance(error, tomllib.TOMLDecodeError):
        return Complaint(f"the file that {CONFIG_VARIABLE} names is not TOML: {error}", MISUSED)
    if isinstance(error, SettingsError):
        return Complaint(f"a setting cannot be read: {error}", MISUSED)
    return None


def faults_of(error: ValidationError) -> list[str]:
    """Each setting that is wrong, and why, without repeating what it holds."""
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    return [f"{_variable(str(fault['loc'][0]))}: {fault['msg']}" for fault in faults]


def _variable(name: str) -> str:
    """The environment's name of a setting."""
    if name.isupper() or name not in Settings.model_fields:
        return name
    return "CARTBRIDGE_" + name.upper()


def _of_problem(error: BaseException) -> Complaint | None:
    if not isinstance(error, Problem):
        return None
    named = "; ".join(f"{fault['field']}: {fault['why']}" for fault in error.errors)
    if error.code == "connector_unknown":
        known = error.params.get("known", "")
        return Complaint(f"no connector {error.params.get('name')} is installed; there are {known}")
    if error.code not in get_args(CODES) and error.code not in CODES:
        return Complaint(named or error.code.replace("_", " "))
    text = problem(error.code, error.params, "en")  # type: ignore[arg-type] # looked up above
    return Complaint(named or f"{text.title}. {text.detail}")


def _of_database(error: BaseException) -> Complaint | None:
    if isinstance(error, Unavailable):
        said = str(error).rstrip(".")
        return Complaint(f"{said}. Try again; `cartbridge doctor` looks for the reason.")
    if isinstance(error, asyncpg.PostgresError):
        return Complaint(
            f"PostgreSQL refuses ({type(error).__name__}): check the account, the password and the "
            "database that DATABASE_URL names; `cartbridge doctor` says more."
        )
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return Complaint(
            "DATABASE_URL is no address of PostgreSQL: write it as "
            "postgresql://user:password@host:5432/database",
            MISUSED,
        )
    return None


def _of_files(error: BaseException) -> Complaint | None:
    if not isinstance(error, OSError):
        return None
    what = error.strerror or type(error).__name__
    if error.filename is None:
        return Complaint(f"{what}. `cartbridge doctor` looks for the reason.")
    return Complaint(
        f"{error.filename}: {what}. Name another place, or run as the account it belongs to."
    )
