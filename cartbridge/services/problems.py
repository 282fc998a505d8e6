"""How a use case says no: a stable code, its parameters, and the HTTP status it means."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from cartbridge.domain.refusals import Refused

_STATUS: Final = {
    "cart_not_open": HTTPStatus.CONFLICT,
    "cart_has_payment": HTTPStatus.CONFLICT,
    "cart_empty": HTTPStatus.CONFLICT,
    "cart_in_checkout": HTTPStatus.CONFLICT,
    "wishlist_not_open": HTTPStatus.CONFLICT,
    "wishlist_empty": HTTPStatus.CONFLICT,
    "quote_not_open": HTTPStatus.CONFLICT,
    "quote_not_issued": HTTPStatus.CONFLICT,
    "quote_expired": HTTPStatus.CONFLICT,
    "quote_declined": HTTPStatus.CONFLICT,
    "quote_converted": HTTPStatus.CONFLICT,
    "quote_empty": HTTPStatus.CONFLICT,
    "quote_unpriced": HTTPStatus.CONFLICT,
    "enquiry_not_open": HTTPStatus.CONFLICT,
    "enquiry_date_passed": HTTPStatus.UNPROCESSABLE_ENTITY,
    "enquiry_without_items": HTTPStatus.UNPROCESSABLE_ENTITY,
    "held_elsewhere": HTTPStatus.CONFLICT,
    "code_used": HTTPStatus.GONE,
    "code_revoked": HTTPStatus.GONE,
    "code_lapsed": HTTPStatus.GONE,
    "code_unknown": HTTPStatus.NOT_FOUND,
    "code_other_store": HTTPStatus.CONFLICT,
    "code_wrong_direction": HTTPStatus.CONFLICT,
    "code_bound": HTTPStatus.CONFLICT,
    "code_entry_locked": HTTPStatus.TOO_MANY_REQUESTS,
    "customer_search_locked": HTTPStatus.TOO_MANY_REQUESTS,
    "claim_not_held": HTTPStatus.CONFLICT,
    "sale_not_voidable": HTTPStatus.CONFLICT,
    "receipt_conflict": HTTPStatus.CONFLICT,
    "return_exceeds_sale": HTTPStatus.CONFLICT,
    "sale_unknown": HTTPStatus.NOT_FOUND,
    "reserve_until_invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "reservation_over": HTTPStatus.CONFLICT,
    "order_unknown": HTTPStatus.NOT_FOUND,
    "not_found": HTTPStatus.NOT_FOUND,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "unknown_field": HTTPStatus.BAD_REQUEST,
    "idempotency_key_required": HTTPStatus.BAD_REQUEST,
    "idempotency_conflict": HTTPStatus.UNPROCESSABLE_ENTITY,
    "still_running": HTTPStatus.CONFLICT,
    "precondition_failed": HTTPStatus.PRECONDITION_FAILED,
    "precondition_required": HTTPStatus.PRECONDITION_REQUIRED,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported_encoding": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "too_slow": HTTPStatus.REQUEST_TIMEOUT,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "internal_error": HTTPStatus.INTERNAL_SERVER_ERROR,
    "terminal_required": HTTPStatus.BAD_REQUEST,
    "item_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "store_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "connector_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
    "address_refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "subscription_ended": HTTPStatus.CONFLICT,
    "metrics_closed": HTTPStatus.UNAUTHORIZED,
    "origin_refused": HTTPStatus.FORBIDDEN,
}


class Problem(Exception):
    """A use case that may not, or cannot now, be carried out; nothing was changed."""

    def __init__(
        self,
        code: str,
        *,
        retry_after: int | None = None,
        errors: tuple[dict[str, str], ...] = (),
        extra: Mapping[str, Any] | None = None,
        **params: str,
    ) -> None:
        super().__init__(code)
        self.extra = dict(extra or {})
        self.code = code
        self.params = params
        self.retry_after = retry_after
        self.errors = errors

    @property
    def status(self) -> int:
        """The HTTP status of this problem."""
        return int(_STATUS.get(self.code, HTTPStatus.UNPROCESSABLE_ENTITY))


def refused(refusal: Refused) -> Problem:
    """The problem behind a refusal of the domain."""
    problem = Problem(refusal.code)
    problem.params.update(refusal.params)
    return problem
