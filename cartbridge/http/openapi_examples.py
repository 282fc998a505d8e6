"""The examples of the API description: each model's, and the canonical webhook's."""

import json
from typing import Any

from pydantic import BaseModel

from cartbridge.http import openapi_story as of
from cartbridge.http import pos_models as pos
from cartbridge.http import shop_models as shop
from cartbridge.http.openapi_answered import all_answered, shown
from cartbridge.http.openapi_sent import all_sent


def sent(model: type[BaseModel]) -> Any:
    """What a caller could send of that model, or None where there is no example."""
    found = next((each for each in all_sent() if type(each) is model), None)
    return None if found is None else _json(found, exclude_defaults=True)


def answered(model: type[BaseModel], operation: str) -> Any:
    """What the gateway could answer of that model there, or None where there is no example."""
    found = next((each for each in all_answered() if type(each) is model), None)
    if operation == "store_work_hand_out":
        found = pos.CartAnswer(cart=shown(of.story().sold.cart))
    if operation == "pos_returns":
        found = pos.CartAnswer(cart=shown(of.story().returned.cart))
    return None if found is None else _json(found, exclude_defaults=False)


def canonical_webhook() -> dict[str, Any]:
    """The body of a hook as the connector `standard` takes it: the whole cart as it is now."""
    cart = {"external_id": of.SHOP.external_id, **sent(shop.SnapshotRequest)}
    return {"type": "cart.snapshot", "timestamp": cart["updated_at"], "data": cart}


def _json(value: BaseModel, *, exclude_defaults: bool) -> Any:
    return json.loads(value.model_dump_json(by_alias=True, exclude_defaults=exclude_defaults))
