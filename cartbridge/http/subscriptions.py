"""Subscriptions over HTTP: the retailer's systems that are told what happens."""

from typing import Any, Final

from cartbridge.database.subscribed import Subscription
from cartbridge.http import subscription_models as m
from cartbridge.http.routes import Answer, Call, Routes
from cartbridge.services import keep_subscription as keep

routes: Final = Routes("ops")
_ONE: Final = "/v1/subscriptions/{subscription}"


@routes.add(
    "POST",
    "/v1/subscriptions",
    "Have events posted to an address",
    body=m.SubscriptionRequest,
    answer=m.SubscriptionAdded,
    status=201,
    problems=("address_refused",),
)
async def add(call: Call) -> Answer:
    """From now on every event of those types is posted there as a CloudEvent, signed as Standard
    Webhooks 1.0.2 tells, in order per document and at least once: `webhook-id` is the event's id
    and stays the same when it is posted again. Any 2xx takes the event; 410 ends the
    subscription; anything else is tried again for three days. The secret is shown this once.
    """
    body: m.SubscriptionRequest = call.body
    wish = keep.Wish(url=body.url, types=body.types, description=body.description)
    added, secret = await keep.add_subscription(call.gateway, call.caller.tenant, wish, call.drawn)
    shown = await _shown(call, added)
    return Answer(m.SubscriptionAdded(**shown, secret=secret), status=201)


@routes.add(
    "GET",
    "/v1/subscriptions",
    "List the subscriptions",
    query=m.SubscriptionsQuery,
    answer=m.Subscriptions,
)
async def listed(call: Call) -> Answer:
    """Each with its state, its last delivery, what waits for it and its last error."""
    query: m.SubscriptionsQuery = call.query
    found = await keep.list_subscriptions(
        call.gateway, call.caller.tenant, query.limit, query.after
    )
    items = tuple([m.Subscription(**await _shown(call, one)) for one in found])
    more = items[-1].id if len(items) == query.limit else None
    return Answer(m.Subscriptions(items=items, next=more))


@routes.add("GET", _ONE, "Look at a subscription", answer=m.Subscription)
async def shown(call: Call) -> Answer:
    """Its state, its last delivery, what waits for it and its last error."""
    return await _answer(call, await _found(call))


@routes.add(
    "PATCH",
    _ONE,
    "Change, pause or resume a subscription",
    body=m.SubscriptionChange,
    answer=m.Subscription,
    problems=("address_refused", "subscription_ended"),
)
async def change(call: Call) -> Answer:
    """While it is paused nothing is posted and nothing is lost; resumed, it goes on at once."""
    body: m.SubscriptionChange = call.body
    wish = keep.Wish(
        url=body.url,
        description=body.description,
        types=body.types,
        retype="types" in body.model_fields_set,
        state=body.state,
    )
    changed = await keep.change_subscription(
        call.gateway, call.caller.tenant, call.path("subscription"), wish
    )
    return await _answer(call, changed)


@routes.add("DELETE", _ONE, "Remove a subscription", status=204)
async def remove(call: Call) -> Answer:
    """Nothing more is posted; what waited for its receiver is removed, dead letters too."""
    await keep.remove_subscription(call.gateway, call.caller.tenant, call.path("subscription"))
    return Answer(None, status=204)


@routes.add("POST", f"{_ONE}/rotate", "Change the secret", answer=m.SecretRotated)
async def rotate(call: Call) -> Answer:
    """The new secret signs at once, the old one too for 24 hours: verify either meanwhile."""
    rotated = await keep.rotate_secret(
        call.gateway, call.caller.tenant, call.path("subscription"), call.drawn
    )
    return Answer(m.SecretRotated(secret=rotated.secret, old_until=rotated.old_until))


@routes.add("POST", f"{_ONE}/test", "Post a test event now", answer=m.SubscriptionTried)
async def post_test(call: Call) -> Answer:
    """One event of the type `subscription.test`, posted once, and what came back."""
    answered, milliseconds = await keep.try_subscription(
        call.gateway, call.caller.tenant, call.path("subscription")
    )
    return Answer(
        m.SubscriptionTried(
            delivered=answered.taken,
            status=answered.status,
            why=answered.why,
            milliseconds=milliseconds,
        )
    )


async def _found(call: Call) -> Subscription:
    return await keep.find_subscription(call.gateway, call.caller.tenant, call.path("subscription"))


async def _answer(call: Call, subscription: Subscription) -> Answer:
    return Answer(m.Subscription(**await _shown(call, subscription)))


async def _shown(call: Call, subscription: Subscription) -> dict[str, Any]:
    standing = await keep.standing(call.gateway, subscription)
    names = ("id", "url", "types", "description", "state", "reason", "created_at")
    health = ("last_delivered_at", "failing_since", "last_error", "last_error_at")
    return {
        **{name: getattr(subscription, name) for name in (*names, *health)},
        "waiting": standing.waiting,
        "lag_seconds": int(standing.lag.total_seconds()),
    }
