"""Reading a document again where the mapping says it can be read."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx

from cartbridge.sdk import client
from cartbridge.sdk.contract import Remote
from cartbridge.sdk.documents import TwinRef
from cartbridge.sdk.errors import Refuse, Retry, Unknown
from cartbridge_declarative.expressions import Expression, NotOne
from cartbridge_declarative.sections import Fetching
from cartbridge_declarative.settings import Settings

_GONE: Final = frozenset({404, 410})


async def fetched(ref: TwinRef, remote: Remote) -> Mapping[str, Any] | None:
    """The document as it is there now; None if it is gone."""
    settings: Settings = remote.settings
    fetch = settings.rules.fetch
    if fetch is None:
        raise Refuse("the mapping has no [fetch] section: documents are known by hooks alone")
    response = await _get(
        remote.client, _address(fetch, ref.external_id), _headers(settings, fetch)
    )
    if response.status_code in _GONE:
        return None
    if response.status_code != 200:
        raise client.failure(response)
    return _document(client.json_object(response), fetch.document)


async def _get(http: httpx.AsyncClient, url: str, headers: Mapping[str, str]) -> httpx.Response:
    try:
        return await http.get(url, headers=headers)
    except httpx.RequestError as error:  # nothing was changed by asking
        raise Retry(f"no answer: {type(error).__name__}") from None


def _address(fetch: Fetching, external_id: str) -> str:
    if external_id in (".", ".."):  # would lead elsewhere, however it is written
        raise Refuse("an id of dots alone cannot be asked for")
    return fetch.url.replace("{external_id}", quote(external_id, safe=""))


def _headers(settings: Settings, fetch: Fetching) -> dict[str, str]:
    if fetch.header is None or settings.fetch_token is None:
        return {}
    return {fetch.header: fetch.prefix + settings.fetch_token.get_secret_value()}


def _document(answer: dict[str, Any], where: Expression | None) -> dict[str, Any]:
    try:
        found = answer if where is None else where.of(answer)
    except NotOne as error:
        raise Unknown(f"fetch.document: {error}") from None
    if not isinstance(found, dict):
        raise Unknown("the answer holds no document where fetch.document looks")
    return found
