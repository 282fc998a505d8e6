"""`cartbridge inbox`: what platforms sent, what became of it, and doing it again."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cartbridge.administration.choosing import (
    Limit,
    OfConnection,
    Since,
    Until,
    connection_of,
    moment,
)
from cartbridge.administration.complaints import MISUSED, CommandRefused
from cartbridge.administration.session import OfTenant, for_tenant
from cartbridge.administration.showing import AsJson, say, show
from cartbridge.database.directory import Tenant
from cartbridge.database.inbox import MessageState, MessageSummary, StoredMessage
from cartbridge.domain.ids import is_id
from cartbridge.services.gateway import Gateway
from cartbridge.services.name_connection import connection_names
from cartbridge.services.show_delivery import Shown, show_delivery

commands = typer.Typer(no_args_is_help=True, help="Messages that came in, and what became of them.")
ShowBody = Annotated[
    bool, typer.Option("--show-body", help="Print what was sent, too: it holds personal data.")
]
PERSONAL = "What follows holds personal data: do not leave it in files, tickets or chats."


@commands.command("list")
def list_(
    state: Annotated[
        MessageState | None,
        typer.Option(help="quarantined also finds messages of which only a part is."),
    ] = None,
    connection: OfConnection = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """List messages, newest first, without what was sent.

    new: nobody has read it yet. sorted: its parts are applied or wait. quarantined: nobody could
    read it, or apply a part of it; it waits for you. ignored: it speaks of nothing we follow.

    \b
    Examples:
      cartbridge inbox list --state quarantined
      cartbridge inbox list --connection web-fr --since 2h --json
    """
    began, ended = moment("--since", since), moment("--until", until)

    async def work(gateway: Gateway, of: Tenant) -> list[tuple[Any, ...]]:
        link = await connection_of(gateway, of, connection)
        names = await connection_names(gateway, of.uuid)
        found = await gateway.inbox.messages(
            of.uuid, state=state, connection=link, limit=limit, since=began, until=ended
        )
        return [(*_row(one), names.of(one.connection)) for one in found]

    show(
        ("message", "received_at", "state", "parts", "size", "reason", "connection"),
        for_tenant(tenant, work),
        as_json=as_json,
        empty="No such message. Every platform's hook stands in `cartbridge connection list`.",
    )


def _row(one: MessageSummary) -> tuple[Any, ...]:
    parts = ", ".join(part.state for part in one.parts)
    reasons = [one.reason, *(part.reason for part in one.parts)]
    why = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    return one.message, one.received_at, one.state, parts, one.size, why


@commands.command("show")
def show_(
    message: Annotated[str, typer.Argument(help="msg_…, as `cartbridge inbox list` shows it.")],
    show_body: ShowBody = False,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Show one message: its parts, what became of each, and why.

    \b
    Example:
      cartbridge inbox show msg_0192… --show-body
    """
    _check(message)

    async def work(gateway: Gateway, of: Tenant) -> tuple[StoredMessage, str | None]:
        found = await gateway.inbox.read(of.uuid, message)
        if found is None:
            raise CommandRefused(_unknown(message))
        names = await connection_names(gateway, of.uuid)
        return found, names.of(found.summary.connection)

    stored, connection = for_tenant(tenant, work)
    sent = None
    if show_body:
        typer.echo(PERSONAL, err=True)
        sent = None if stored.delivery is None else show_delivery(stored.delivery)
        if sent is None:
            typer.echo(
                "What was sent is forgotten: it was applied, and its time is over.", err=True
            )
    told = {**asdict(stored.summary), "connection": connection}
    if as_json:
        told = told if sent is None else {**told, "sent": asdict(sent)}
        typer.echo(json.dumps(told, default=str, ensure_ascii=False, indent=2))
        return
    _print(told, sent)


def _print(told: dict[str, Any], sent: Shown | None) -> None:
    for name in ("message", "connection", "received_at", "size", "state", "reason"):
        say(f"{name:12} {told[name] if told[name] is not None else '-'}")
    for part in told["parts"]:
        why = f": {part['reason']}" if part["reason"] else ""
        say(f"part {part['ordinal']:<7} {part['state']} ({part['attempts']} tries){why}")
        say(f"{'':12} {part['lane']}")
    if sent is not None:
        say("")
        for name, value in sent.headers:
            say(f"{name}: {value}")
        say("")
        say(sent.text if sent.text is not None else f"(base64) {sent.base64}")


@commands.command()
def replay(
    id: Annotated[
        list[str] | None, typer.Option("--id", help="msg_…; may be said again for more.")
    ] = None,
    connection: OfConnection = None,
    since: Since = None,
    until: Until = None,
    tenant: OfTenant = None,
    as_json: AsJson = False,
) -> None:
    """Read again what was put aside: by id, or all of a connection or a time.

    What took effect stays as it is, so a replay too many changes nothing. A message that is put
    aside again says why: `cartbridge inbox show`.

    \b
    Examples:
      cartbridge inbox replay --id msg_0192…
      cartbridge inbox replay --connection web-fr --since 2026-11-20
    """
    began, ended = moment("--since", since), moment("--until", until)
    if bool(id) == bool(connection or since or until):
        raise CommandRefused(
            "say what to replay: messages with --id, or else --connection, --since, --until",
            MISUSED,
        )
    for message in id or ():
        _check(message)

    async def work(gateway: Gateway, of: Tenant) -> int:
        if not id:
            link = await connection_of(gateway, of, connection)
            return await gateway.inbox.replay_range(
                of.uuid, connection=link, since=began, until=ended
            )
        for message in id:
            if await gateway.inbox.summary(of.uuid, message) is None:
                raise CommandRefused(_unknown(message))
        return sum([await gateway.inbox.replay(of.uuid, message) for message in id])

    done = for_tenant(tenant, work)
    if as_json:
        typer.echo(json.dumps({"replayed": done}))
    elif done:
        say(f"{done} messages are read again; look at them with `cartbridge inbox list`.")
    else:
        say("Nothing of that is put aside: there is nothing to do again.")


@commands.command()
def sort_lag(tenant: OfTenant = None, as_json: AsJson = False) -> None:
    """Show how far the sorter is behind with each connection, the furthest first.

    A sorter reads what came in order of arrival; a claim waits for it. More than a few seconds
    mean that no worker runs, or that the database is busy: `cartbridge doctor`, then /metrics.
    """

    async def work(gateway: Gateway, of: Tenant) -> list[tuple[Any, ...]]:
        names = await connection_names(gateway, of.uuid)
        return [
            (names.of(lag.connection), lag.waiting, _seconds(lag.seconds), lag.held, lag.taken_at)
            for lag in await gateway.queues.sort_lag(of.uuid)
        ]

    show(
        ("connection", "waiting", "oldest_seconds", "sorter_at_work", "last_sorted_at"),
        for_tenant(tenant, work),
        as_json=as_json,
        empty="Nothing has come in yet.",
    )


def _seconds(lag: float | None) -> float:
    return 0.0 if lag is None else round(lag, 1)


def _check(message: str) -> None:
    if not is_id(message, "msg"):
        raise CommandRefused(
            f"{message} is no message's id: msg_ and 32 digits, as `cartbridge inbox list` shows",
            MISUSED,
        )


def _unknown(message: str) -> str:
    return f"there is no message {message}: `cartbridge inbox list` shows those there are"
