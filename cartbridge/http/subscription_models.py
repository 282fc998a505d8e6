"""What is sent and answered about subscriptions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cartbridge.domain.model import Strict

Pattern = Annotated[str, Field(pattern=r"^[a-z_.*]{1,64}$")]
Types = Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=50)]
Url = Annotated[str, Field(min_length=8, max_length=2000)]
Description = Annotated[str, Field(max_length=200)]


class SubscriptionRequest(Strict):
    """Where events are posted, and which: `types` are names or patterns (`cart.*`), else all."""

    url: Url
    types: Types | None = None
    description: Description | None = None


class SubscriptionChange(Strict):
    """What is to change: `types` null means all; `state` pauses or resumes."""

    url: Url | None = None
    types: Types | None = None
    description: Description | None = None
    state: Literal["active", "paused"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "SubscriptionChange":
        if not self.model_fields_set:
            raise ValueError("say what is to change: url, types, description or state")
        return self


class Subscription(Strict):
    """A subscription, and how far its receiver was told."""

    id: str
    url: str
    types: tuple[str, ...] | None
    description: str | None
    state: Literal["active", "paused", "ended"]
    reason: str | None  # why it is paused or has ended
    created_at: datetime
    last_delivered_at: datetime | None
    waiting: int  # messages in the outbox, counted to 1001
    lag_seconds: int  # the age of the oldest event that was not delivered yet
    failing_since: datetime | None
    last_error: str | None
    last_error_at: datetime | None


class SubscriptionAdded(Subscription):
    """The new subscription with its secret, shown this once: it verifies what we post."""

    secret: str


class Subscriptions(Strict):
    """The retailer's subscriptions, the oldest first."""

    items: tuple[Subscription, ...]
    next: str | None


class SubscriptionsQuery(Strict):
    """A page of the list."""

    after: Annotated[str, Field(max_length=100)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class SecretRotated(Strict):
    """The new secret, shown this once; until `old_until` each call is signed with both."""

    secret: str
    old_until: datetime


class SubscriptionTried(Strict):
    """What the receiver made of a test event; `why` tells what went wrong."""

    delivered: bool
    status: int | None
    why: str | None
    milliseconds: int
