"""The contract every connector passes: subclass, name the connector, add recorded payloads."""

from cartbridge.testing.answering import Answering
from cartbridge.testing.both_sides import BothSides
from cartbridge.testing.calling import Calling
from cartbridge.testing.claims import Claims
from cartbridge.testing.placing import Placing
from cartbridge.testing.reading import CAPABILITIES, Reading
from cartbridge.testing.reporting import Reporting
from cartbridge.testing.secrecy import Secrecy
from cartbridge.testing.signatures import Signatures
from cartbridge.testing.snapshots import cart_of, is_echo, shown
from cartbridge.testing.suite import NOW, TOLERANCE
from cartbridge.testing.survival import Survival
from cartbridge.testing.troubles import Troubles
from cartbridge.testing.wishes import Wishes
from cartbridge.testing.writing import Writing

__all__ = [
    "CAPABILITIES",
    "NOW",
    "TOLERANCE",
    "ConnectorContract",
    "cart_of",
    "is_echo",
    "shown",
]


class ConnectorContract(
    Signatures,
    Reading,
    Reporting,
    Survival,
    Secrecy,
    Calling,
    Writing,
    Wishes,
    Answering,
    Placing,
    BothSides,
    Troubles,
    Claims,
):
    """Inherit in a connector's tests/test_contract.py; every test is a promise to the gateway.

    Name `connector` and `secrets`, write `settings` and `signed`, record payloads/*.json; from
    silver on name a `fake` of the platform (cartbridge.testing.platform).
    """
