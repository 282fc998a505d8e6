"""`cartbridge items`: the retailer's item list."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from cartbridge.administration.complaints import MISUSED, WRONG, CommandRefused
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, err, say, show
from cartbridge.database.directory import Tenant
from cartbridge.database.items import Report
from cartbridge.domain.item_file import decode, read_file, read_items
from cartbridge.domain.item_list import IndexedItem, RefusedRow
from cartbridge.services.gateway import Gateway

commands = typer.Typer(no_args_is_help=True, help="The item list: what an article is called.")


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV, as shops export it.", exists=True)],
    currency: Annotated[str, typer.Option(help="Of prices that name none.")] = "EUR",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the file by itself and write nothing.")
    ] = False,
    tenant: OfTenant = None,
) -> None:
    """Take the articles of a file; each row is taken whole, or refused with how to mend it.

    Columns are found by their names in row 1, in French or English: sku, gtin, label, unit,
    tax rate, price, price <list> <currency>, code <connection>. Ends with status 1 if a row was
    refused.

    \b
    Examples:
      cartbridge items import articles.csv
      cartbridge items import articles.csv --dry-run
    """
    data = file.read_bytes()
    report = _checked(data, currency) if dry_run else _imported(data, currency, tenant)
    if report.unknown_columns:
        say(f"Columns left out: {', '.join(report.unknown_columns)}")
    _show_refused(report.refused)
    say(f"{report.accepted} {'would be' if dry_run else 'were'} taken, {len(report.refused)} not.")
    if report.refused:
        raise typer.Exit(WRONG)


def _checked(data: bytes, currency: str) -> Report:
    columns, rows = read_file(decode(data), currency)
    read = [one for _, one in read_items(columns, rows)]
    refused = tuple(one for one in read if isinstance(one, RefusedRow))
    return Report(len(read) - len(refused), refused, columns.unknown)


def _imported(data: bytes, currency: str, tenant: str | None) -> Report:
    shown = Progress(
        TextColumn("Taking articles"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err(),
        transient=True,
        disable=not err().is_terminal,
    )

    async def work(gateway: Gateway, of: Tenant) -> Report:
        with shown:
            task = shown.add_task("", total=data.count(b"\n"))
            return await gateway.items.import_csv(
                of.uuid, data, lambda row: shown.update(task, completed=row), currency
            )

    return for_tenant(tenant, work)


def _show_refused(refused: tuple[RefusedRow, ...]) -> None:
    if refused:
        show(
            ("row", "sku", "why", "how to mend it"),
            [(row.row, row.sku, row.detail, row.mend) for row in refused],
            as_json=False,
            empty="",
        )


@commands.command()
def find(
    sku: Annotated[str | None, typer.Option(help="The retailer's reference.")] = None,
    gtin: Annotated[str | None, typer.Option(help="The number under the bar code.")] = None,
    store: Annotated[
        str | None, typer.Option(help="For in-store numbers (02, 20 to 29): where it was read.")
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="What a connection calls it: CONNECTION:CODE.")
    ] = None,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show an article, by reference, number or a connection's own code.

    \b
    Examples:
      cartbridge items find --sku LAMP-OAK
      cartbridge items find --gtin 3700123456780
    """
    if not (sku or gtin or code):
        raise CommandRefused("say which article: --sku, --gtin or --code", MISUSED)
    connection, _, own = (code or "").partition(":")

    async def work(gateway: Gateway, of: Tenant) -> IndexedItem | None:
        return await gateway.items.find(
            of.uuid,
            sku=sku,
            gtin=gtin,
            connection=connection or None,
            code=own or None,
            store=store,
        )

    item = for_tenant(tenant, work)
    if item is None:
        raise CommandRefused("the item list does not know it: `cartbridge items import --help`")
    body = item.model_dump(mode="json", exclude_defaults=True)
    if as_json:
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
        return
    show(
        ("what", "value"),
        [
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in body.items()
        ],
        as_json=False,
        empty="",
    )
