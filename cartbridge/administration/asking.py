"""Secrets at the command line: from the environment, a pipe or a hidden prompt; never typed out."""

import base64
import os
import secrets
import sys
from typing import Final

import typer

from cartbridge.administration.complaints import MISUSED, CommandRefused

VARIABLE: Final = "CARTBRIDGE_SECRET_"
_BYTES: Final = 32


def secret_named(name: str) -> str:
    """The secret of that setting; CommandRefused if nobody gives one."""
    given = os.environ.get(VARIABLE + name.upper())
    if given is None:
        given = _asked(name) if sys.stdin.isatty() else sys.stdin.readline()
    secret = given.strip()
    if not secret:
        raise CommandRefused(
            f"{name} is empty: set {VARIABLE}{name.upper()}, or pipe the secret in on a line of "
            "its own",
            MISUSED,
        )
    return secret


def _asked(name: str) -> str:
    given: str = typer.prompt(name, hide_input=True)
    return given


def new_secret() -> str:
    """A webhook secret nobody had before: whsec_ and 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
