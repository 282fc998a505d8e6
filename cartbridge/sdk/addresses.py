"""Which addresses may be called: public ones, and private ones only where an operator said so."""

from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

from cartbridge.sdk.errors import Refuse

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Python calls these global, and yet they lead to a machine's own or its neighbours' doors, or
# carry an address of another kind inside that nobody would check.
_NOT_PUBLIC: Final[tuple[Network, ...]] = tuple(
    ip_network(text)
    for text in (
        *("192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32"),
        *("2002::/16", "3fff::/20", "5f00::/16", "fec0::/10", "ff00::/8"),
    )
)


class AddressRefused(Refuse):
    """The address may not be called; nothing was sent, and the text says what is wrong with it."""


@dataclass(frozen=True)
class Reach:
    """How far calls may go: public addresses on these ports, and the networks named here."""

    private: tuple[Network, ...] = ()  # opened by an operator, on any port
    ports: frozenset[int] = frozenset({80, 443})

    def check(self, address: str, port: int) -> None:
        """Lets an address pass that may be called; AddressRefused for any other."""
        found = parse(address)
        if self.is_opened(found):
            return
        if not is_public(found):
            raise AddressRefused(
                "the address is not a public one: CARTBRIDGE_ALLOW_PRIVATE_ADDRESSES opens a "
                "network for calls"
            )
        if port not in self.ports:
            raise AddressRefused(
                f"port {port} is not called: use 443, or add it to CARTBRIDGE_ALLOW_PORTS"
            )

    def is_opened(self, address: Address) -> bool:
        """Whether an operator opened a network in which the address lies."""
        return any(address in network for network in self.private)


def parse(text: str) -> Address:
    """The address in a text, an IPv4 one taken out of its IPv6 form; AddressRefused if none."""
    try:
        address = ip_address(text)
    except ValueError:
        raise AddressRefused("the name leads to something that is no address") from None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_public(address: Address) -> bool:
    """Whether the whole internet sees the same machine behind this address."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _NOT_PUBLIC)
