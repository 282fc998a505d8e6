"""Keeps the facts of the reports, every few seconds and in one process."""

from datetime import timedelta
from typing import Final

from cartbridge.database.duties import INSTALLATION
from cartbridge.services.gateway import Gateway
from cartbridge.services.gather_facts import gather_facts

EVERY: Final = timedelta(seconds=2)
LEASE: Final = timedelta(seconds=60)  # should it end meanwhile, two at once do no harm
AFTER_FAILURE: Final = timedelta(seconds=30)


async def gather(gateway: Gateway) -> int:
    """One turn, if no other process has it; answers how many carts were looked at."""
    duty = await gateway.duties.take(INSTALLATION, "gather", "facts", LEASE)
    if duty is None:
        return 0
    try:
        looked = await gather_facts(gateway)
    except Exception as error:
        await gateway.duties.failed(duty, AFTER_FAILURE, type(error).__name__)
        raise
    await gateway.duties.done(duty, again_in=EVERY)
    return looked
