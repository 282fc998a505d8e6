"""The quote's own code: on its page and on paper, the same one for as long as the quote holds."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Final
from uuid import UUID

from cartbridge.database.idempotency import Attempt
from cartbridge.database.pointers import PointerKind
from cartbridge.domain.ids import make_id, slot_of, uuid_of
from cartbridge.domain.quote import commands as c
from cartbridge.domain.quote.state import Quote
from cartbridge.services.carry_out import carry_out
from cartbridge.services.codes import digits, hashed, letters
from cartbridge.services.gateway import Caller, Gateway
from cartbridge.services.machines import QUOTE
from cartbridge.services.offer_handover import REMEMBERED, point_pass, short_code_for

_NO_END: Final = timedelta(days=365)  # of the code of a quote that was told no end


@dataclass(frozen=True)
class QuoteOffer:
    """The live code of a quote, as the one who asked for it needs to show it."""

    id: str
    quote: Quote
    code: str
    short_code: str
    pass_code: str
    expires_at: datetime

    def url(self, public_url: str) -> str:
        """What the QR code holds: upper case, so that it stays small."""
        return f"{public_url}/h/{self.code}".upper()


async def offer_quote(gateway: Gateway, caller: Caller, quote: Quote) -> QuoteOffer:
    """Its code: the one that is on paper already, or a first one. Never one for each look."""
    target = uuid_of(quote.id)
    drawn = _drawn(gateway, quote)
    code, handover = letters(drawn.secret(gateway.vault, "code")), _handover(quote, drawn)
    expires_at = quote.valid_until or gateway.clock() + _NO_END
    short_code = ""
    if quote.handovers:
        live = quote.handovers[-1]
        drafts = (digits(drawn.secret(gateway.vault, f"short {n}")) for n in count())
        short_code = next(draft for draft in drafts if _hash(draft) == live.short_hash)
        expires_at = live.expires_at
    elif quote.holds(gateway.clock()):
        pointers, forgotten = gateway.pointers, expires_at + REMEMBERED
        await pointers.claim_pointer(caller.tenant, "code", hashed(code), target, forgotten)
        key = uuid_of(handover).bytes
        await pointers.claim_pointer(caller.tenant, "claim", key, target, forgotten)
        short_code = await short_code_for(gateway, caller.tenant, drawn, target, expires_at)
    command = c.OfferQuote(handover, _hash(code), expires_at, _hash(short_code))

    async def make(now: Quote) -> c.OfferQuote:
        return command

    offered = uuid.uuid5(uuid_of(handover), "offered")
    done = await carry_out(gateway, caller, QUOTE, quote.id, offered, make)
    pass_code = await point_pass(gateway, caller.tenant, quote.id)
    return QuoteOffer(handover, done.document, code, short_code, pass_code, expires_at)


async def revoke_code(gateway: Gateway, caller: Caller, quote: Quote, handover: str) -> None:
    """Kills the code; killing a dead one changes nothing. The next one is another."""

    async def make(now: Quote) -> c.RevokeCode:
        return c.RevokeCode(handover)

    command = uuid.uuid5(uuid_of(handover), "revoked")
    await carry_out(gateway, caller, QUOTE, quote.id, command, make)


async def renew_code(gateway: Gateway, tenant: UUID, quote: Quote) -> None:
    """What leads to the quote lives as long as its newest issue: the paper need not be replaced."""
    target = uuid_of(quote.id)
    for live in quote.handovers:
        until, code = live.expires_at, bytes.fromhex(live.code_hash)
        await _renew(gateway, tenant, "code", code, target, until + REMEMBERED)
        short = bytes.fromhex(live.short_hash or "")
        await _renew(gateway, tenant, "short_code", short, target, until)


async def _renew(
    gateway: Gateway,
    tenant: UUID,
    kind: PointerKind,
    key: bytes,
    target: UUID,
    expires_at: datetime,
) -> None:
    if await gateway.pointers.find(tenant, kind, key, lapsed=True) == target:
        await gateway.pointers.drop(tenant, kind, key)
        await gateway.pointers.claim_pointer(tenant, kind, key, target, expires_at)


def _drawn(gateway: Gateway, quote: Quote) -> Attempt:
    """The same secrets at every look until the code is revoked; nowhere stored in plain."""
    number = quote.codes - 1 if quote.handovers else quote.codes
    seed = gateway.vault.keyed_hash("code of a quote", f"{quote.id} {number}")[:16]
    return Attempt(seed, quote.started_at or gateway.clock(), first=False)


def _handover(quote: Quote, drawn: Attempt) -> str:
    return make_id("hnd", drawn.started_at, slot_of(quote.id), drawn.entropy("handover"))


def _hash(code: str) -> str:
    return hashed(code).hex()
