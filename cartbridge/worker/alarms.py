"""Looks, every few seconds and in one process, whether something is so that should not be."""

from datetime import timedelta
from typing import Final

from cartbridge.database.duties import INSTALLATION
from cartbridge.services.gateway import Gateway
from cartbridge.services.tell_conditions import tell_conditions

EVERY: Final = timedelta(seconds=5)
LEASE: Final = timedelta(seconds=60)
AFTER_FAILURE: Final = timedelta(seconds=30)


async def watch(gateway: Gateway) -> int:
    """One turn, if no other process has it; answers how many conditions were found."""
    duty = await gateway.duties.take(INSTALLATION, "watch", "gateway", LEASE)
    if duty is None:
        return 0
    try:
        found = await tell_conditions(gateway)
    except Exception as error:
        await gateway.duties.failed(duty, AFTER_FAILURE, type(error).__name__)
        raise
    await gateway.duties.done(duty, again_in=EVERY)
    return found
