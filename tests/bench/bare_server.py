"""The cheapest answer aiohttp can give: 200 and nothing else. What a webhook cannot go below."""

from aiohttp import web

from tests.bench.listening import serve


async def accepted(request: web.Request) -> web.Response:
    """Nothing is read, checked or kept."""
    return web.Response()


if __name__ == "__main__":
    serve(accepted)
