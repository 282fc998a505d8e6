"""What a cashier is told of a cart: prices that differ, articles that this till does not know."""

from datetime import datetime
from decimal import Decimal

from odoo import fields
from odoo.tools.misc import formatLang

MINUTE = 60


def of_claim(env, answer):
    """One sentence for everything about a claimed cart that is not as the cashier would expect."""
    told = []
    if answer["stale"]:
        told.append(env._("The web shop did not answer in time: this is the cart as last known."))
    if answer["late_sales"]:
        told.append(env._("Another till has already sold something of this cart: ask first."))
    drift = answer["drift"]
    if drift["articles_only"]:
        told.append(env._("The cart is in another currency: this till's own prices hold."))
    verdicts = {line["line"]: line for line in drift["lines"]}
    for line in answer["cart"]["lines"]:
        told += _of_line(env, line, verdicts.get(line["id"]), drift["currency"])
    return told


def _of_line(env, line, verdict, currency):
    title = _title(line)
    quantity = plain(line["quantity"]["value"])
    if not product_of(env, line["item"]):
        price = _money(env, line["total"], currency)
        yield env._(
            "%(title)s × %(quantity)s, %(price)s: this till does not know it. Check it by hand.",
            title=title,
            quantity=quantity,
            price=price,
        )
    if verdict is None:
        return
    price = verdict["unit_price"]
    if price["verdict"] == "different":
        wins = verdict["winner"]["side"] == "till"
        yield env._(
            "%(title)s: %(online)s online, %(till)s at the till; %(winner)s holds.",
            title=title,
            online=_money(env, price["captured"], currency),
            till=_money(env, price["till"], currency),
            winner=_money(env, price["till"] if wins else price["captured"], currency),
        )
    if verdict["promotion"]["verdict"] == "different":
        yield env._("%(title)s: the promotion is not the same online and here.", title=title)
    if verdict["stock"]["verdict"] == "different":
        yield env._(
            "%(title)s: %(wanted)s wanted, %(stock)s in stock.",
            title=title,
            wanted=quantity,
            stock=plain(verdict["stock"]["till"]),
        )


def of_lost(env, cart):
    """Why a ticket's cart is no longer this till's."""
    holder = cart["claim"]
    if holder:
        since = datetime.fromisoformat(holder["since"]).replace(tzinfo=None)
        when = fields.Datetime.context_timestamp(env.user, since).strftime("%H:%M")
        return env._(
            "This cart has been at %(terminal)s since %(when)s.",
            terminal=holder["terminal"],
            when=when,
        )
    if cart["state"] in ("ordered", "fulfilled", "returned"):
        return env._("This cart has been bought already, online or at another till.")
    return env._("The time this till may keep the cart has run out: somebody else may take it.")


def not_known_yet(env):
    """A saved ticket that the gateway has not heard of."""
    return {
        "status": 404,
        "code": "not_known_yet",
        "title": env._("The gateway does not know this ticket yet"),
        "detail": env._("Wait a moment, then try again."),
        "params": {},
    }


def minutes_until(moment):
    """Whole minutes left until a time the gateway named."""
    left = datetime.fromisoformat(moment).replace(tzinfo=None) - fields.Datetime.now()
    return max(0, int(left.total_seconds() // MINUTE))


def product_of(env, item):
    """Our article for an item of the gateway: by reference, else by bar code; empty if none."""
    known = env["product.product"]
    if item["sku"]:
        known = known.search([("default_code", "=", item["sku"])], limit=1)
    if not known and item["gtin"]:
        known = known.search([("barcode", "=", item["gtin"])], limit=1)
    return known


def _title(line):
    item = line["item"]
    return f"{item['title']} ({item['variant']})" if item["variant"] else item["title"]


def plain(quantity):
    """A quantity as people and the gateway write it."""
    return format(Decimal(str(quantity)).normalize(), "f")


def _money(env, minor, currency_code):
    if minor is None:
        return env._("price unknown")
    currency = env["res.currency"].with_context(active_test=False)
    currency = currency.search([("name", "=", currency_code)], limit=1)
    places = currency.decimal_places if currency else 2
    major = float(Decimal(minor).scaleb(-places))
    if not currency:
        return f"{major:.2f} {currency_code}"
    return formatLang(env, major, currency_obj=currency)
