"""Goods stay kept for a reservation until it ends, whoever claims the cart meanwhile."""

from datetime import timedelta

from cartbridge.domain.cart import commands as c
from cartbridge.domain.cart.reservation import Reserve
from cartbridge.services.stock_holds import kept_for
from cartbridge.testing.given import NOW, given
from tests.unit.domain.words import SOON, begun, claim, complete, line

UNTIL = NOW + timedelta(hours=24)
WISH = c.OfferHandover(
    "hnd_r", "to_store", "r", UNTIL, store="lyon-2", reserve=Reserve(store="lyon-2", until=UNTIL)
)
PLAIN = c.OfferHandover("hnd_p", "to_store", "p", SOON)


def test_a_claim_by_another_code_of_the_cart_frees_nothing() -> None:
    reserved = given(*begun(line("LAMP"))).when(WISH).when(PLAIN)
    held = reserved.when(claim(code_hash="p"))
    assert kept_for(held.cart)["hnd_r"] == "lyon-2"
    assert kept_for(held.when(c.ReleaseClaim("clm_1")).cart) == {"hnd_r": "lyon-2"}
    assert "hnd_r" not in kept_for(held.when(complete()).cart)


def test_its_end_frees_them() -> None:
    reserved = given(*begun(line("LAMP"))).when(WISH)
    assert kept_for(reserved.when(c.RevokeHandover("hnd_r")).cart) == {}
    assert kept_for(reserved.when(c.LapseHandovers(), UNTIL).cart) == {}
