"""A real Vendure shop with our companion, and shoppers with their own sessions in it."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx

HERE = Path(__file__).parent / "vendure"
READY_SECONDS = 240.0  # the first run installs 146 MB of packages and fills the shop

CART = "code state active totalWithTax couponCodes lines { quantity productVariant { sku } }"
RESULT = f"__typename ... on Order {{ {CART} }} ... on ErrorResult {{ errorCode message }}"


def has_node() -> bool:
    """Whether this machine can run the shop at all."""
    return shutil.which("node") is not None and shutil.which("npm") is not None


class Shopper:
    """One device: a session of its own with the shop."""

    def __init__(self, client: httpx.AsyncClient, language: str = "fr") -> None:
        self.client = client
        self.language = language
        self.token: str | None = None

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """One GraphQL call of the Shop API."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = await self.client.post(
            f"/shop-api?languageCode={self.language}",
            json={"query": query, "variables": variables},
            headers=headers,
        )
        self.token = answer.headers.get("vendure-auth-token") or self.token
        told = answer.json()
        assert "errors" not in told, told
        data: dict[str, Any] = told["data"]
        return data

    async def add(self, sku: str, quantity: int = 1) -> None:
        """Puts an article into her cart."""
        products = await self.ask("{ products { items { variants { id sku } } } }")
        variants = [v for item in products["products"]["items"] for v in item["variants"]]
        variant = next(v["id"] for v in variants if v["sku"] == sku)
        data = await self.ask(
            "mutation ($id: ID!, $n: Int!) { result: addItemToOrder(productVariantId: $id, "
            f"quantity: $n) {{ {RESULT} }} }}",
            id=variant,
            n=quantity,
        )
        assert data["result"]["__typename"] == "Order", data

    async def change(self, sku: str, quantity: int) -> None:
        """Changes how many she wants."""
        order = await self.ask("{ activeOrder { lines { id productVariant { sku } } } }")
        lines = order["activeOrder"]["lines"]
        line = next(x["id"] for x in lines if x["productVariant"]["sku"] == sku)
        await self.ask(
            "mutation ($line: ID!, $n: Int!) { adjustOrderLine(orderLineId: $line, "
            "quantity: $n) { __typename } }",
            line=line,
            n=quantity,
        )

    async def use_code(self, code: str) -> None:
        """Enters a promotion code."""
        await self.ask(
            "mutation ($code: String!) { applyCouponCode(couponCode: $code) { __typename } }",
            code=code,
        )

    async def cart(self) -> dict[str, int] | None:
        """What her active order holds; None if she has none."""
        order = (await self.ask(f"{{ activeOrder {{ {CART} }} }}"))["activeOrder"]
        if order is None:
            return None
        return {x["productVariant"]["sku"]: x["quantity"] for x in order["lines"]}

    async def order_code(self) -> str | None:
        """The public reference of her active order."""
        order = (await self.ask("{ activeOrder { code } }"))["activeOrder"]
        return None if order is None else order["code"]

    async def log_in(self, email: str) -> None:
        """Logs in to her account."""
        data = await self.ask(
            'mutation ($email: String!) { login(username: $email, password: "test1234") '
            "{ __typename } }",
            email=email,
        )
        assert data["login"]["__typename"] == "CurrentUser", data

    async def be_guest(self, email: str) -> None:
        """Tells who she is without an account."""
        await self.ask(
            'mutation ($email: String!) { setCustomerForOrder(input: { firstName: "Ada", '
            'lastName: "Martin", emailAddress: $email }) { __typename } }',
            email=email,
        )

    async def check_out(self) -> dict[str, Any]:
        """Goes to pay; what the shop answers."""
        methods = (await self.ask("{ eligibleShippingMethods { id } }"))["eligibleShippingMethods"]
        await self.ask(
            'mutation { setOrderShippingAddress(input: { streetLine1: "1 rue de la Paix", '
            'city: "Lyon", postalCode: "69002", countryCode: "FR" }) { __typename } }'
        )
        if methods:
            await self.ask(
                "mutation ($id: ID!) { setOrderShippingMethod(shippingMethodId: [$id]) "
                "{ __typename } }",
                id=methods[0]["id"],
            )
        data = await self.ask(
            'mutation { result: transitionOrderToState(state: "ArrangingPayment") { __typename '
            "... on OrderStateTransitionError { errorCode transitionError } } }"
        )
        result: dict[str, Any] = data["result"]
        return result

    async def my_pass(self) -> dict[str, Any]:
        """Her own pass, as the shop's page shows it."""
        data = await self.ask(
            "{ cartbridgePass { __typename ... on CartbridgePass { passUrl url shortCode "
            "qrSvgUrl } ... on CartbridgeRefused { reason message } } }"
        )
        result: dict[str, Any] = data["cartbridgePass"]
        return result

    async def join(self, code: str) -> dict[str, Any]:
        """Opens a to-online link in this session."""
        data = await self.ask(
            "mutation ($code: String!) { cartbridgeJoin(code: $code) { __typename "
            "... on CartbridgeJoined { orderCode } ... on CartbridgeRefused { reason message } } }",
            code=code,
        )
        result: dict[str, Any] = data["cartbridgeJoin"]
        return result


@asynccontextmanager
async def vendure(port: int, dsn: str, companion: dict[str, str]) -> AsyncIterator[str]:
    """The shop on a database of its own on the same server, until the story ends."""
    environment = {
        **os.environ,
        **_database(dsn),
        **companion,
        "PORT": str(port),
        "VENDURE_DISABLE_TELEMETRY": "true",
    }
    process = await asyncio.create_subprocess_exec(
        "node",
        "boot.mjs",
        cwd=HERE,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(READY_SECONDS):
            await _ready(process)
        drain = asyncio.create_task(_drain(process))
        yield f"http://127.0.0.1:{port}"
        drain.cancel()
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGTERM)
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    told = []
    async for line in process.stdout:
        told.append(line.decode())
        if line.startswith(b"ready "):
            return
    raise AssertionError("the shop ended before it was ready:\n" + "".join(told[-30:]))


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async for _ in process.stdout:
        pass


def _database(dsn: str) -> dict[str, str]:
    parts = urlsplit(dsn)
    query = parse_qs(parts.query)
    return {
        "PGHOST": unquote(query["host"][0]) if "host" in query else parts.hostname or "127.0.0.1",
        "PGPORT": query["port"][0] if "port" in query else str(parts.port or 5432),
        "PGUSER": parts.username or "",
        "PGPASSWORD": unquote(parts.password or ""),
    }
