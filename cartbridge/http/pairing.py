"""A new terminal pairs: it gives the code an operator read to it, and gets its key, once."""

from aiohttp import web

from cartbridge.http.body import API_LIMIT, parse, read_bytes
from cartbridge.http.dispatch import respond
from cartbridge.http.keys import GATEWAY
from cartbridge.http.pos_models import PairAnswer, PairRequest
from cartbridge.http.routes import Answer
from cartbridge.services.pair_terminal import pair_terminal


async def pair(request: web.Request) -> web.Response:
    """The terminal's key, shown this once; a wrong or used code is refused."""
    body = parse(PairRequest, await read_bytes(request, API_LIMIT))
    paired = await pair_terminal(request.app[GATEWAY], body.pairing_code)
    answer = PairAnswer(terminal=paired.terminal, store=paired.store, key=paired.key)
    return respond(Answer(answer, status=201), replayed=False)


def add_to(app: web.Application) -> None:
    """Adds the pairing route, the only one of the tills that needs no key."""
    app.router.add_post("/v1/pos/pair", pair)
