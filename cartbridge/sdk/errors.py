"""What a connector raises, named by what is to be done about it.

ConnectorError
├── Retry         the platform is busy or away: the same call later
├── Refuse        the platform will never take this: an operator must look
├── Ignore        there is nothing to do: the document is gone or not ours
├── Unknown       it may have happened: read the document again before anything else
└── Credentials   the platform no longer knows us: an operator must renew the connection
Forged            a hook whose signature does not hold; it is never a ConnectorError
Unreadable        a hook that holds but cannot be understood: it goes to quarantine
"""


class ConnectorError(Exception):
    """A call to a platform that did not end as hoped."""


class Retry(ConnectorError):
    """The platform is busy or away; the same call may be made again after `seconds`."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Refuse(ConnectorError):
    """The platform will never accept this call; an operator must look at it."""


class Ignore(ConnectorError):
    """There is nothing to be done: the document is gone, or was never ours."""


class Unknown(ConnectorError):
    """The call may have taken effect; the document is read again before it is repeated."""


class Credentials(ConnectorError):
    """The platform no longer accepts our credentials; the connection waits for an operator."""


class Forged(Exception):
    """The signature does not hold: nothing of the request is believed."""


class Unreadable(Exception):
    """The signature holds but the body cannot be understood; it is kept and shown."""
