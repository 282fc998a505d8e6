"""Leads of the website with their threads, and our answers to them."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

from cartbridge.sdk.contract import Remote, ThreadMessage
from cartbridge.sdk.documents import TwinRef
from cartbridge_odoo.calls import Calls, Record, gone, id_of
from cartbridge_odoo.documents import is_number, partner_fields, those
from cartbridge_odoo.notes import MESSAGES, post_once
from cartbridge_odoo.settings import Settings

LEAD: Final = "crm.lead"
WEBSITE: Final = "Website"  # the medium of what came by the website; Odoo does not translate it

_LEAD: Final = (
    *("name", "description", "contact_name", "partner_name", "email_from", "phone", "partner_id"),
    *("stage_id", "active", "create_uid", "create_date", "write_date", "lang_id"),
)
_MESSAGE: Final = ("date", "body", "message_type", "message_id", "author_id", "res_id")
_MOST: Final = 200  # messages of one lead, the newest


def lead_domain(settings: Settings) -> list[Any]:
    """Which leads are enquiries: those of the named teams, else those that the website made."""
    teams = list(settings.lead_team_ids)
    ours: list[Any] = ["team_id", "in", teams] if teams else ["medium_id.name", "=", WEBSITE]
    return [ours, ["active", "in", [True, False]]]


async def fetch_lead(calls: Calls, ref: TwinRef) -> Record | None:
    """The lead with its thread; None if it is gone, or none of the website's."""
    if not (calls.settings.leads and is_number(ref.external_id)):
        return None
    found = await lead_documents(calls, [int(ref.external_id)])
    return found[0] if found else None


async def lead_documents(calls: Calls, ids: Sequence[int]) -> list[Record]:
    """These leads with their threads, oldest change first."""
    if not ids:
        return []
    domain = [["id", "in", list(ids)], *lead_domain(calls.settings)]
    leads = await calls.search(LEAD, domain, _LEAD, order="write_date asc, id asc")
    if not leads:
        return []
    messages = await _threads(calls, [lead["id"] for lead in leads])

    async def named(
        model: str, fields: Sequence[str], field: str, of: list[Record]
    ) -> list[Record]:
        return await those(calls, model, fields, (id_of(row[field]) or None for row in of))

    authors = await named("res.partner", ["partner_share"], "author_id", messages)
    partners = await named("res.partner", partner_fields(calls.settings), "partner_id", leads)
    stages = {row["id"]: row for row in await named("crm.stage", ["is_won"], "stage_id", leads)}
    languages = await named("res.lang", ["code"], "lang_id", leads)
    return [
        {
            "model": LEAD,
            "record": lead,
            "messages": [row for row in messages if row["res_id"] == lead["id"]],
            "staff": [row["id"] for row in authors if not row["partner_share"]],
            "won": stages.get(id_of(lead["stage_id"]), {}).get("is_won", False),
            "locale": _code(languages, id_of(lead["lang_id"])),
            "partner": next((x for x in partners if x["id"] == id_of(lead["partner_id"])), None),
        }
        for lead in leads
    ]


async def _threads(calls: Calls, ids: Sequence[int]) -> list[Record]:
    """What customers and staff wrote to each other; what the team keeps to itself stays there."""
    domain: list[Any] = [
        ["model", "=", LEAD],
        ["res_id", "in", list(ids)],
        ["message_type", "in", ["comment", "email", "email_outgoing"]],
        ["is_internal", "=", False],
        ["subtype_id.internal", "=", False],
    ]
    limit = _MOST * len(ids)
    rows = await calls.search(MESSAGES, domain, _MESSAGE, order="id desc", limit=limit)
    return rows[::-1]


def _code(languages: Sequence[Record], number: Any) -> str | None:
    code = next((str(row["code"]) for row in languages if row["id"] == number), "")
    return code.partition("@")[0].replace("_", "-") or None


async def post_message(ref: TwinRef, message: ThreadMessage, remote: Remote) -> None:
    """Posts a message of ours on the lead, once; Ignore: the lead is gone."""
    calls = Calls(remote)
    number = int(ref.external_id) if is_number(ref.external_id) else 0
    domain: list[Any] = [["id", "=", number], *lead_domain(calls.settings)]
    found = await calls.search(LEAD, domain, ["partner_id", "email_from", "stage_id"], limit=1)
    if not found:
        raise gone("lead")
    lead = found[0]
    author: dict[str, Any] = {}
    if message.author == "customer":
        partner = id_of(lead["partner_id"])
        author = {"author_id": partner} if partner else {"email_from": lead["email_from"] or ""}
    text = escape(message.text).replace("\n", "<br>")
    signed = f"<p>— {escape(message.staff)}</p>" if message.staff else ""
    body = f"<p>{text}</p>{signed}"
    await post_once(calls, LEAD, number, message.name, body, internal=False, **author)
    stage = calls.settings.closed_stage_id
    if message.closes and stage is not None and id_of(lead["stage_id"]) != stage:
        await calls.call(LEAD, "write", {"vals": {"stage_id": stage}}, ids=[number])
