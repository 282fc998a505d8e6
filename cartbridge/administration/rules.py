"""What `store policy`, `brand policy` and `tenant policy` have in common."""

from typing import Annotated, Literal

import typer

from cartbridge.administration.complaints import MISUSED, CommandRefused

OfPrice = Annotated[
    Literal["till", "captured", "lower", "open"] | None,
    typer.Option(
        "--price",
        help="Whose price wins: the till's, the one captured in the cart, or the lower; "
        "open: as the brand or the retailer says.",
    ),
]
OfCodes = Annotated[
    Literal["honoured", "not_honoured", "open"] | None,
    typer.Option(
        "--codes",
        help="Whether tills honour codes of the web; open: as the brand or the retailer says.",
    ),
]


def rules_told(price: str | None, codes: str | None) -> dict[str, str | None]:
    """The rules that were named, `open` as None; CommandRefused if none was."""
    named = {"policy": price, "codes": codes}
    told = {
        name: None if value == "open" else value
        for name, value in named.items()
        if value is not None
    }
    if not told:
        raise CommandRefused("say which rule: --price, --codes", MISUSED)
    return told
