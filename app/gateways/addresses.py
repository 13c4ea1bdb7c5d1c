"""Which addresses we may connect to: public ones, and the exact pairs that an operator allowed.

The list is explicit, since `ipaddress.is_global` of Python 3.11 takes several special ranges for public ones. It
follows the IANA special-purpose registries.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Iterable

_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        # Of IPv6 only 2000::/3 is given out for the public internet.
        "::/3", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "4000::/2", "8000::/1",
    )
)  # fmt: skip


def is_public(address: str) -> bool:
    """Is this IP address (v4 or v6, a zone index allowed) one of the public internet?"""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return not any(ip in block for block in _REFUSED if block.version == ip.version)


def permitted(addresses: Iterable[str], host: str, port: int, allowed: Collection[str]) -> list[str]:
    """Those of the addresses that `host` resolved to which may be connected to; all of them if the pair is in `allowed`."""
    return [address for address in addresses if f"{host}:{port}" in allowed or is_public(address)]
