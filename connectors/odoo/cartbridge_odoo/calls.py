"""Calling Odoo's models: JSON-2 from version 19 on, JSON-RPC before; every answer exact."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import httpx

from cartbridge.sdk import client, payload
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.errors import Ignore, Retry, Unknown, Unreadable
from cartbridge_odoo.failures import failed, unanswered
from cartbridge_odoo.settings import Settings

# A till's order waits in Odoo for the numbering of its pos.config: 13 seconds were seen.
TIMEOUT: Final = httpx.Timeout(40.0, connect=3.0)
Record = dict[str, Any]


class Calls:
    """The models of one database, called as the user behind its API key."""

    def __init__(self, remote: Remote) -> None:
        self.settings: Settings = remote.settings
        self._client = remote.client
        self._user: int | None = None

    async def call(
        self,
        model: str,
        method: str,
        named: Mapping[str, Any],
        ids: Sequence[int] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Any:
        """What a method answers; `ids` are the records it is called on, None for the model."""
        own: dict[str, Any] = dict(context or {})
        if self.settings.company_id is not None:
            own["allowed_company_ids"] = [self.settings.company_id]
        if self.settings.version == "19.0":
            on = {} if ids is None else {"ids": list(ids)}
            return await self._json2(model, method, {**named, **on, "context": own})
        positional = [] if ids is None else [list(ids)]
        return await self._execute(model, method, positional, {**named, "context": own})

    async def search(
        self,
        model: str,
        domain: Sequence[Any],
        fields: Sequence[str],
        context: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> list[Record]:
        """The records that a domain finds; always of named fields, for some are not for all."""
        named = {"domain": list(domain), "fields": list(fields), **more}
        answer = await self.call(model, "search_read", named, context=context)
        if not isinstance(answer, list) or not all(_holds(row, fields) for row in answer):
            raise Unknown("the answer cannot be understood: a list of records is expected")
        return answer

    async def _json2(self, model: str, method: str, body: Mapping[str, Any]) -> Any:
        key = self.settings.api_key.get_secret_value()
        headers = {"authorization": f"bearer {key}", "x-odoo-database": self.settings.database}
        response = await self._post(f"/json/2/{model}/{method}", body, headers)
        answer = _understood(response)
        if response.status_code == 200:
            return answer
        if isinstance(answer, dict) and "name" in answer:
            raise failed(model, method, response.status_code, answer)
        raise unanswered(response)

    async def _execute(
        self, model: str, method: str, positional: list[Any], named: Mapping[str, Any]
    ) -> Any:
        settings, key = self.settings, self.settings.api_key.get_secret_value()
        if self._user is None:
            told = await self._rpc("common", "login", [settings.database, settings.login, key])
            if not isinstance(told, int) or isinstance(told, bool):
                raise failed("res.users", "login", 401, {})
            self._user = told
        on = [settings.database, self._user, key, model, method, positional, dict(named)]
        return await self._rpc("object", "execute_kw", on, model, method)

    async def _rpc(
        self, service: str, name: str, given: list[Any], model: str = "res.users", method: str = ""
    ) -> Any:
        params = {"service": service, "method": name, "args": given}
        body = {"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}
        response = await self._post("/jsonrpc", body, {})
        answer = _understood(response)
        if response.status_code != 200 or not isinstance(answer, dict):
            raise unanswered(response)
        if "error" in answer:
            told = answer["error"].get("data") if isinstance(answer["error"], dict) else None
            raise failed(model, method or name, 200, told if isinstance(told, dict) else {})
        return answer.get("result")

    async def _post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> httpx.Response:
        content = json.dumps(body, default=_number, ensure_ascii=False).encode()
        try:
            response = await self._client.post(
                self.settings.base_url + path,
                content=content,
                headers={"content-type": "application/json", **headers},
                timeout=TIMEOUT,
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Retry(f"cannot connect: {type(error).__name__}") from None
        except httpx.RequestError as error:
            raise Unknown(f"no answer: {type(error).__name__}") from None
        if response.status_code in (408, 425, 429, 502, 503, 504):
            raise client.failure(response)
        return response


def _holds(row: Any, fields: Sequence[str]) -> bool:
    """Whether it is a record with an id, and with all that was asked for."""
    if not isinstance(row, dict) or not all(name in row for name in fields):
        return False
    return isinstance(row.get("id"), int) and not isinstance(row["id"], bool)


def id_of(link: Any) -> Any:
    """The id of another record, which RPC shows as `[id, name]`; what is empty is False."""
    return link[0] if isinstance(link, list) and link else link


def first_id(answer: Any) -> int:
    """The id that a call made, which Odoo answers alone or in a list."""
    told = answer[0] if isinstance(answer, list) and answer else answer
    if not isinstance(told, int) or isinstance(told, bool):
        raise Unknown("the answer cannot be understood: the id of a record is expected")
    return told


def gone(what: str) -> Ignore:
    """The error of a record that is no longer there."""
    return Ignore(f"Odoo has no such {what} any more")


def _understood(response: httpx.Response) -> Any:
    """The JSON value of an answer, numbers exact; None if it is no JSON."""
    # Odoo answers lists, texts and numbers as well as objects, and those alone are read strictly.
    wrapped = b'{"answer":' + (response.content or b"null") + b"}"
    try:
        return payload.loads(wrapped, client.ANSWER_VALUES)["answer"]
    except Unreadable:
        if response.status_code == 200:
            raise unanswered(response) from None
        return None


def _number(value: object) -> float:
    """A decimal as JSON writes numbers: up to 15 digits come back as they were."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} cannot be sent")
