"""The shop's own HTTP interface for shoppers: baskets as JSON, the visitor's cart as a page."""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, TypeVar

import httpx
from aiohttp import web
from pydantic import BaseModel, ValidationError

from cartbridge_sandbox import page, visitor
from cartbridge_sandbox.basket import Basket
from cartbridge_sandbox.baskets import Baskets, present
from cartbridge_sandbox.catalogue import ARTICLES
from cartbridge_sandbox.payloads import Number, Ref
from cartbridge_sandbox.refusals import ShopRefuses

COOKIE: Final = "sandbox_session"
PRIVATE: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


Told = TypeVar("Told", bound=BaseModel)


class NewBasket(BaseModel):
    """Who begins a basket, as far as she says."""

    mail: Ref | None = None


class AddLine(BaseModel):
    """An article and how much more of it."""

    sku: Ref
    quantity: Number = "1"


class SetLine(BaseModel):
    """How much of an article there is to be."""

    quantity: Number


class EnterCode(BaseModel):
    """A promotion code."""

    code: Ref


def language(request: web.Request) -> str:
    """French, unless the address or the browser asks for English."""
    asked = request.query.get("lang", "") or request.headers.get("accept-language", "")
    return "en" if asked.lower().startswith("en") else "fr"


class ShopperDesk:
    """Routes for shoppers; `asking` tells which gateway the shop belongs to."""

    def __init__(
        self, baskets: Baskets, client: httpx.AsyncClient, asking: Callable[[], visitor.Gateway]
    ) -> None:
        self._baskets = baskets
        self._client = client
        self._asking = asking

    def routes(self) -> list[web.RouteDef]:
        """Where each of them is."""
        return [
            web.get("/articles", self._articles),
            web.post("/carts", self._create),
            web.get("/carts/{ref}", self._get),
            web.delete("/carts/{ref}", self._drop),
            web.post("/carts/{ref}/lines", self._add),
            web.patch("/carts/{ref}/lines/{sku}", self._set),
            web.delete("/carts/{ref}/lines/{sku}", self._remove),
            web.post("/carts/{ref}/codes", self._enter_code),
            web.delete("/carts/{ref}/codes/{code}", self._remove_code),
            web.post("/carts/{ref}/checkout", self._checkout),
            web.delete("/carts/{ref}/checkout", self._leave_checkout),
            web.post("/carts/{ref}/order", self._order),
            web.get("/cart", self._own),
            web.post("/cart/pass", self._pass),
            web.get("/continue/{code}", self._offer),
            web.post("/continue/{code}", self._join),
        ]

    async def _articles(self, request: web.Request) -> web.Response:
        lang, prices = language(request), self._baskets.prices()
        shown = [
            {
                "sku": a.sku,
                "name": a.name(lang),
                "ean": a.ean,
                "price": prices[a.sku],
                "unit": a.unit,
            }
            for a in ARTICLES.values()
        ]
        return web.json_response({"items": shown})

    async def _create(self, request: web.Request) -> web.Response:
        told = await _body(request, NewBasket)
        return _json(self._baskets.create(language(request), told.mail), 201)

    async def _get(self, request: web.Request) -> web.Response:
        return self._shown(request, self._baskets.get(request.match_info["ref"]))

    async def _drop(self, request: web.Request) -> web.Response:
        return _json(self._baskets.drop(request.match_info["ref"]))

    async def _add(self, request: web.Request) -> web.Response:
        told = await _body(request, AddLine)
        quantity = Decimal(told.quantity)
        if not quantity:
            raise ShopRefuses(422, "wrong_quantity")
        return _json(self._baskets.add(request.match_info["ref"], told.sku, quantity), 201)

    async def _set(self, request: web.Request) -> web.Response:
        told = await _body(request, SetLine)
        where = request.match_info
        return _json(self._baskets.set(where["ref"], where["sku"], Decimal(told.quantity)))

    async def _remove(self, request: web.Request) -> web.Response:
        where = request.match_info
        return _json(self._baskets.set(where["ref"], where["sku"], Decimal(0)))

    async def _enter_code(self, request: web.Request) -> web.Response:
        told = await _body(request, EnterCode)
        return _json(self._baskets.apply_code(request.match_info["ref"], told.code), 201)

    async def _remove_code(self, request: web.Request) -> web.Response:
        where = request.match_info
        return _json(self._baskets.remove_code(where["ref"], where["code"]))

    async def _checkout(self, request: web.Request) -> web.Response:
        return _json(self._baskets.checkout(request.match_info["ref"]))

    async def _leave_checkout(self, request: web.Request) -> web.Response:
        return _json(self._baskets.leave_checkout(request.match_info["ref"]))

    async def _order(self, request: web.Request) -> web.Response:
        return _json(self._baskets.order(request.match_info["ref"]), 201)

    async def _own(self, request: web.Request) -> web.Response:
        session = _session(request)
        basket = self._baskets.of_visitor(session, language(request))
        return _with_cookie(self._shown(request, basket), session)

    async def _pass(self, request: web.Request) -> web.Response:
        session = _session(request)
        basket = self._baskets.of_visitor(session, language(request))
        handover = await visitor.own_pass(self._client, self._asking(), basket)
        return _with_cookie(self._shown(request, basket, handover), session)

    async def _offer(self, request: web.Request) -> web.Response:
        return _page(page.join_page(language(request)))

    async def _join(self, request: web.Request) -> web.Response:
        session = _session(request)
        basket = self._baskets.of_visitor(session, language(request))
        code = request.match_info["code"]
        await visitor.join(self._client, self._asking(), code, basket)
        return _with_cookie(web.Response(status=303, headers={"location": "/cart"}), session)

    def _shown(
        self, request: web.Request, basket: Basket, handover: dict[str, Any] | None = None
    ) -> web.Response:
        if "text/html" in request.headers.get("accept", ""):
            where = basket.where_frozen(present())
            return _page(page.cart_page(basket, language(request), where, handover))
        return _json(basket, handover=handover)


async def _body(request: web.Request, model: type[Told]) -> Told:
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError:
        raise ShopRefuses(422, "wrong_quantity") from None


def _session(request: web.Request) -> str:
    return request.cookies.get(COOKIE) or secrets.token_urlsafe(32)


def _with_cookie(response: web.Response, session: str) -> web.Response:
    response.set_cookie(COOKIE, session, httponly=True, samesite="Lax", max_age=30 * 86400)
    return response


def _page(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/html", headers=PRIVATE)


def _json(
    basket: Basket, status: int = 200, handover: dict[str, Any] | None = None
) -> web.Response:
    answer = {
        **basket.shown(),
        "state": basket.state,
        "order_number": basket.order_number,
        "total": str(basket.total),
        "at_the_till": basket.where_frozen(present()),
    }
    if handover is not None:
        answer["handover"] = handover
    return web.json_response(answer, status=status, headers=PRIVATE)
