"""`python -m cartbridge_sandbox shop` and `… till`: the sandbox's two programs."""

import typer

from cartbridge_sandbox.shop_program import shop
from cartbridge_sandbox.till_program import till

programs = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
programs.command("shop")(shop)
programs.add_typer(till, name="till")

if __name__ == "__main__":
    programs(prog_name="python -m cartbridge_sandbox")
