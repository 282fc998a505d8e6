"""Names under which the application keeps what its handlers need."""

from aiohttp import web

from cartbridge.services.gateway import Gateway

GATEWAY: web.AppKey[Gateway] = web.AppKey("gateway", Gateway)
METRICS_TOKEN: web.AppKey[str | None] = web.AppKey("metrics_token")
