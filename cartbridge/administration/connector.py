"""For whoever writes a connector: `new` begins one, `replay` runs hooks through it, `check` it."""

import typer

from cartbridge.administration.connector_check import check
from cartbridge.administration.connector_new import new
from cartbridge.administration.connector_replay import replay

commands = typer.Typer(
    no_args_is_help=True, help="Connectors: begin one, try it on hooks, prove what it keeps."
)
commands.command()(new)
commands.command()(replay)
commands.command()(check)
