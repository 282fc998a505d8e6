"""Where the gateway listens: a port of its own, and the address people and scripts are told."""

import resource
import socket
from typing import Final

from cartbridge.settings import Settings

OTHER_FILES: Final = 256  # open files of a process that are no caller's connections
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104 - compared with, never bound to here


class PortTaken(Exception):
    """Another program listens there; the text says what to do."""


def settle(settings: Settings) -> Settings:
    """The settings with a port that is free, and an address that leads here from outside.

    PortTaken if the port that is asked for is not free.
    """
    port = settings.port or _any_port(settings.host)
    if not port_is_free(settings.host, port):
        raise PortTaken(
            f"another program listens on {settings.host}:{port}: choose another port (PORT=8081), "
            "or end that program; `cartbridge doctor` says whether it is CartBridge"
        )
    public = settings.public_url
    if public is None and settings.host in EVERYWHERE:
        public = f"http://{lan_address() or '127.0.0.1'}:{port}"
    return settings.model_copy(update={"port": port, "public_url": public})


def port_is_free(host: str, port: int) -> bool:
    """Whether this process could listen there, alone."""
    with _socket_for(host) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def allow_files(connections: int) -> int:
    """How many connections this process can hold: as many as asked, if the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connections = min(connections, max(1, soft - OTHER_FILES))
    return connections


def local_host(host: str) -> str:
    """The host under which this machine itself reaches what listens on `host`."""
    return "127.0.0.1" if host in EVERYWHERE else host


def lan_address() -> str | None:
    """The address of this machine in its own network, without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # a UDP socket only chooses its route
        except OSError:
            return None
        return str(probe.getsockname()[0])


def _any_port(host: str) -> int:
    with _socket_for(host) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _socket_for(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
