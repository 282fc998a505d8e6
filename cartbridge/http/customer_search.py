"""What an associate calls to find a customer, with what she does on every channel."""

from typing import Final

from cartbridge.http import customer_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.pages.words import Words
from cartbridge.services.scanned_lines import store_of
from cartbridge.services.search_customer import FoundBy, Sought, search_customer
from cartbridge.services.show_customer import show_customer

routes: Final = Routes("pos")
_BY: Final[tuple[FoundBy, ...]] = ("loyalty_number", "email", "phone", "code")


@routes.add(
    "POST",
    "/v1/pos/customers/search",
    "Find a customer and what is hers",
    body=m.SearchRequest,
    answer=m.SearchAnswer,
    problems=("customer_search_locked", "code_unknown", "code_used", "terminal_required"),
)
async def search(call: Call) -> Answer:
    """By her card, e-mail, phone, or the code or pass she shows; what for is kept with the look.

    If it may be more than one person, nobody is shown: `found` says how many, `to_do` how to go on.
    """
    body: m.SearchRequest = call.body
    by = next(name for name in _BY if getattr(body, name) is not None)
    sought = Sought(by, getattr(body, by), body.purpose)
    match = await search_customer(call.gateway, call.caller, sought, call.drawn)
    if match.customer is None:
        key = "customers.several" if match.found else "customers.nobody"
        to_do = Words.for_locale(call.locale).text(key)
        return Answer(m.SearchAnswer(found=match.found, to_do=to_do))
    store = await store_of(call.gateway, call.caller)
    file = await show_customer(call.gateway, call.caller.tenant, match.customer, store.brand)
    return Answer(m.SearchAnswer(found=1, **dict(file)))
