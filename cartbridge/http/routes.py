"""What a route is: told once, used to serve it, to check it and to describe it in OpenAPI."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel

from cartbridge.database.idempotency import Attempt
from cartbridge.services.gateway import Caller, Gateway

Role = Literal["shop", "pos", "ops"]


@dataclass(frozen=True)
class Answer:
    """What a handler answers: a model, or bytes of its own kind."""

    body: BaseModel | bytes | None = None
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A request once it was checked: who asks, what for, and the ids drawn for it."""

    gateway: Gateway
    request: web.Request
    caller: Caller
    body: Any
    query: Any
    attempt: Attempt | None
    locale: str

    def path(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    @property
    def drawn(self) -> Attempt:
        """The ids of this call; only routes that are idempotent have them."""
        if self.attempt is None:
            raise RuntimeError("this route was not declared idempotent")
        return self.attempt


Handler = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One method and path, and everything that is promised about it."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    handler: Handler
    summary: str
    roles: frozenset[Role]
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    status: int = 200
    idempotent: bool = False
    problems: tuple[str, ...] = ()


class Routes:
    """The routes of one audience, in the order they were told."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)
        self.told: list[Route] = []

    def add(
        self,
        method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"],
        path: str,
        summary: str,
        *,
        roles: frozenset[Role] | None = None,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        idempotent: bool | None = None,
        problems: tuple[str, ...] = (),
    ) -> Callable[[Handler], Handler]:
        """Tells a route; POST and PATCH need an Idempotency-Key unless said otherwise."""

        def register(handler: Handler) -> Handler:
            self.told.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,
                    summary=summary,
                    roles=self.roles if roles is None else roles,
                    body=body,
                    query=query,
                    answer=answer,
                    status=status,
                    idempotent=method in ("POST", "PATCH") if idempotent is None else idempotent,
                    problems=problems,
                )
            )
            return handler

        return register
