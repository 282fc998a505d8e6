"""Holds the reports against the ledger, number by number."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.acceptance.report_ledger import Basket, Entry, Ticket, all_day, ledger, money, percentile
from tests.acceptance.report_script import script
from tests.acceptance.world import Json, World

JOURNEYS = list(script(seed=20250303, count=300))
BASKETS = ledger(JOURNEYS)
TICKETS = [ticket for basket in BASKETS for ticket in basket.tickets]
ALL = {"from": "2025-03-01", "to": "2025-04-30"}
# What is asked, as the ledger has to understand it, too.
ASKED = [
    ALL,
    {**ALL, "store": "lyon-part-dieu"},
    {**ALL, "store": "geneve-rive"},
    {**ALL, "brand": "atelier"},
    {**ALL, "brand": "maison-lumiere"},
    {"from": "2025-03-10", "to": "2025-03-19"},
    {**ALL, "store": "paris-rivoli", "brand": "maison-lumiere"},
]
FEWEST = 10


async def report(world: World, name: str, asked: dict[str, str]) -> Json:
    answer = await world.operator.get(f"/v1/reports/{name}", **asked)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def wanted_tickets(asked: dict[str, str]) -> list[Ticket]:
    """Those of the days and of the brand, and none that was only practised."""
    since, until = all_day(asked["from"], asked["to"])
    return [
        ticket
        for ticket in TICKETS
        if since <= ticket.at < until
        and not ticket.practised
        and asked.get("brand") in (None, ticket.brand)
    ]


def keyed(rows: Iterable[Json], *names: str) -> dict[tuple[Any, ...], Json]:
    """Rows by these fields, each of which then stands there once."""
    found: dict[tuple[Any, ...], Json] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        assert key not in found
        found[key] = {name: value for name, value in row.items() if name not in names}
    return found


async def check_lifecycle(world: World, asked: dict[str, str]) -> None:
    told = await report(world, "lifecycle", asked)
    since, until = all_day(asked["from"], asked["to"])
    only = asked.get("store")
    baskets = [
        basket
        for basket in BASKETS
        if since <= basket.begun < until
        and basket.store != "school"
        and only in (None, basket.store)
        and asked.get("brand") in (None, basket.brand)
    ]
    assert told["carts"] == len(baskets) > 0
    assert told["outcome_unknown"] == sum(basket.unknown for basket in baskets)
    states = Counter(basket.state for basket in baskets)
    assert {row["state"]: row["carts"] for row in told["states"] if row["carts"]} == states
    assert keyed(told["offers"], "direction", "store") == offers_of(baskets, only)
    assert keyed(told["claims"], "store") == claims_of(baskets)
    for row in told["steps"]:
        seconds = [basket.steps[row["step"]] for basket in baskets if row["step"] in basket.steps]
        assert row["carts"] == len(seconds) > 0
        assert row["median_seconds"] == percentile(seconds, 50)
        assert row["p90_seconds"] == percentile(seconds, 90)
    assert keyed(told["drift"], "store", "currency", "tax_mode") == drift_of(baskets)


def offers_of(baskets: list[Basket], only: str | None) -> dict[tuple[Any, ...], Json]:
    rows: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for basket in baskets:
        if basket.offer is None or only not in (None, basket.offer[1]):
            continue
        row = rows[basket.offer[:2]]
        row["carts"] += 1
        row[basket.offer[2]] += 1
        row["codes"] += len(basket.codes)
        row.update(f"codes_{code}" for code in basket.codes if code != "live")
    ends = ("used", "lapsed", "revoked", "replaced")
    names = ["carts", "scanned", "named", "waiting", "never_scanned", "codes"]
    names += [f"codes_{end}" for end in ends]
    return {key: {name: row[name] for name in names} for key, row in rows.items()}


def claims_of(baskets: list[Basket]) -> dict[tuple[Any, ...], Json]:
    rows: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for basket in baskets:
        for store, fate in basket.claims:
            rows[(store,)].update((fate, "claims"))
    names = ["claims", "sold", "voided", "released", "sent_online", "store_closed", "not_sold"]
    names += ["unknown", "taken_over", "ordered_online", "held"]
    return {key: {name: row[name] for name in names} for key, row in rows.items()}


def drift_of(baskets: list[Basket]) -> dict[tuple[Any, ...], Json]:
    rows: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for ticket in (ticket for basket in baskets for ticket in basket.tickets):
        for entry in ticket.entries:
            if ticket.store and not entry.assumed and entry.captured is not None and entry.total:
                rows[ticket.store, *ticket.purse].append(entry.total - entry.captured)
    return {
        key: {"lines": len(each), "different": sum(x != 0 for x in each), "difference": sum(each)}
        for key, each in rows.items()
    }


async def check_additional_sales(world: World, asked: dict[str, str]) -> None:
    told = await report(world, "additional-sales", asked)
    only = asked.get("store")
    tickets = wanted_tickets(asked)
    in_store = [t for t in tickets if t.store is not None and only in (None, t.store)]
    on_web_carts = [ticket for ticket in in_store if ticket.begun_in is None]
    at_home = [t for t in tickets if t.crossing == "store_to_online"]
    at_home = [ticket for ticket in at_home if only in (None, ticket.credit[0])]

    seller = ("store", "staff", "currency", "tax_mode")
    assert keyed(told["added"], *seller) == {
        key: {
            "sales": sum(not ticket.voided for ticket in some),
            "with_additions": sum(bool(added_of([t])) and not t.voided for t in some),
            "lines": len(added_of(some)),
            "money": money(added_of(some)),
        }
        for key, some in grouped(on_web_carts, lambda t: (*t.credit, *t.purse)).items()
    }
    assert keyed(told["bought_at_home"], *seller) == {
        key: {
            "orders": sum(not ticket.voided for ticket in some),
            "lines": sum(len(ticket.entries) for ticket in some),
            "money": money(whole(some)),
        }
        for key, some in grouped(at_home, lambda t: (*t.credit, *t.purse)).items()
    }
    check_items(told, on_web_carts)
    check_left(told, in_store)
    assert told["added"]
    assert told["not_taken"]


def check_items(told: Json, tickets: list[Ticket]) -> None:
    rows = [(t, entry) for t in tickets for entry in t.entries if entry.added]
    by_article = grouped(rows, lambda row: (row[0].store, row[1].sku, *row[0].purse))
    assert keyed(told["added_items"], "store", "sku", "currency", "tax_mode") == {
        key: {
            "gtin": None,
            "title": key[1].title(),
            "quantity": str(sum(entry.added for _, entry in some)),
            "unit": "C62",
            "money": money([(entry, entry.added, t.voided) for t, entry in some]),
        }
        for key, some in by_article.items()
    }


def check_left(told: Json, tickets: list[Ticket]) -> None:
    left = [(t.store, one) for t in tickets if not t.voided for one in t.left]
    by_reason = grouped(left, lambda row: (row[0], row[1].reason, row[1].sku))
    assert keyed(told["not_taken"], "store", "reason", "sku") == {
        key: {
            "gtin": None,
            "title": key[2].title(),
            "unit": "C62",
            "lines": len(some),
            "quantity": str(sum(one.quantity for _, one in some)),
            "kept": str(sum(one.quantity for _, one in some if one.keep)),
        }
        for key, some in by_reason.items()
    }


def added_of(tickets: list[Ticket]) -> list[tuple[Entry, int, bool]]:
    return [(x, x.added, ticket.voided) for ticket in tickets for x in ticket.entries if x.added]


def whole(tickets: list[Ticket]) -> list[tuple[Entry, int, bool]]:
    return [(x, x.quantity, ticket.voided) for ticket in tickets for x in ticket.entries]


def grouped(rows: Iterable[Any], key: Callable[[Any], tuple[Any, ...]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


async def check_attribution(world: World, asked: dict[str, str]) -> Counter[str]:
    """Each number that is shown is the ledger's; answers how many cells were shown and hidden."""
    told = await report(world, "attribution", asked)
    tickets = [t for t in wanted_tickets(asked) if t.crossing is not None]
    tickets = [t for t in tickets if asked.get("store") in (None, t.credit[0])]
    seen: Counter[str] = Counter()
    way = ("crossing", "currency", "tax_mode")

    def check(rows: list[Json], cell: str, names: Callable[[Json], Any], of: Any) -> None:
        expected = grouped(tickets, lambda t: (t.crossing, *t.purse, of(t)))
        shown = {(*(row[x] for x in way), names(row)): row[cell] for row in rows}
        assert len(shown) == len(rows)
        assert {
            key for key in shown if expected.get(key) or shown[key]["people"]
        } == expected.keys()
        for key, some in expected.items():
            seen[check_cell(shown[key], some)] += 1
        check_hidden({key: shown[key]["suppressed"] for key in expected}, expected, told)

    check(told["ways"], "cell", lambda row: None, lambda t: None)
    check(told["campaigns"], "first", lead_of, lambda t: t.lead(0))
    check(told["campaigns"], "last", lead_of, lambda t: t.lead(-1))
    check(told["stores"], "cell", lambda row: row["store"], lambda t: t.credit[0])
    sellers = [row for row in told["sellers"] if row["store"]]
    check(sellers, "cell", lambda row: (row["store"], row["staff"]), lambda t: t.credit)
    check_receipts(told, tickets)
    consent = told["consent"]
    if not consent["suppressed"]:
        assert consent["carts"] == len({ticket.cart for ticket in tickets})
        agreed = {ticket.cart for ticket in tickets if ticket.consent}
        assert consent["with_consent"] == len(agreed)
        assert consent["without_consent"] == consent["carts"] - len(agreed)
    return seen


def check_cell(cell: Json, tickets: list[Ticket]) -> str:
    people = {ticket.person for ticket in tickets}
    if cell["suppressed"]:
        assert (cell["people"], cell["sales"], cell["money"]) == (None, None, None)
        return "hidden"
    assert len(people) >= FEWEST
    assert cell["people"] == len(people)
    assert cell["sales"] == sum(not ticket.voided for ticket in tickets)
    assert cell["money"] == money(whole(tickets))
    return "shown"


def check_hidden(hidden: dict[Any, bool], expected: dict[Any, list[Ticket]], told: Json) -> None:
    """No cell that is hidden is what a total that is shown is more than the cells that are."""
    shown_ways = {
        (row["crossing"], row["currency"], row["tax_mode"])
        for row in told["ways"]
        if not row["cell"]["suppressed"]
    }
    for way in {key[:3] for key in expected} & shown_ways:
        missing = [key for key in expected if key[:3] == way and hidden[key]]
        people = {ticket.person for key in missing for ticket in expected[key]}
        assert len(missing) != 1
        assert not missing or len(people) >= FEWEST


def lead_of(row: Json) -> Any:
    lead = row["lead"]
    return lead["kind"], lead["source"], lead["medium"], lead["campaign"]


def check_receipts(told: Json, tickets: list[Ticket]) -> None:
    """Every number whose campaigns are shown, with its first and last visit; and no other one."""
    shown = {
        (end, row["crossing"], row["currency"], lead_of(row))
        for row in told["campaigns"]
        for end in ("first", "last")
        if not row[end]["suppressed"]
    }
    expected = {
        ticket.number: [visit_of(*ticket.visits[0]), visit_of(*ticket.visits[-1])]
        for ticket in tickets
        if ticket.consent
        and ticket.visits
        and not ticket.voided
        and ("first", ticket.crossing, ticket.purse[0], ticket.lead(0)) in shown
        and ("last", ticket.crossing, ticket.purse[0], ticket.lead(-1)) in shown
    }
    rows = {row["receipt_number"] or row["order_number"]: row for row in told["receipts"]}
    assert {number: [row["first"], row["last"]] for number, row in rows.items()} == expected


def visit_of(at: datetime, told: dict[str, str]) -> Json:
    campaign = {name: value for name, value in told.items() if name.startswith("utm_")}
    clicks = {name: value for name, value in told.items() if not name.startswith("utm_")}
    return {"at": at.isoformat().replace("+00:00", "Z"), "campaign": campaign, "clicks": clicks}
