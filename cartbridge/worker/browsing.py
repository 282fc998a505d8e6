"""Forgets, every hour and in one process, what was looked at longer ago than is kept."""

from datetime import timedelta
from typing import Final

from cartbridge.database.duties import INSTALLATION
from cartbridge.services.forget_browsing import forget_old_browsing
from cartbridge.services.gateway import Gateway

EVERY: Final = timedelta(hours=1)
LEASE: Final = timedelta(minutes=5)
AFTER_FAILURE: Final = timedelta(minutes=1)


async def forget(gateway: Gateway) -> int:
    """One turn, if no other process has it; answers how many rows went."""
    duty = await gateway.duties.take(INSTALLATION, "forget_browsing", "gateway", LEASE)
    if duty is None:
        return 0
    try:
        removed = await forget_old_browsing(gateway)
    except Exception as error:
        await gateway.duties.failed(duty, AFTER_FAILURE, type(error).__name__)
        raise
    await gateway.duties.done(duty, again_in=EVERY)
    return removed
