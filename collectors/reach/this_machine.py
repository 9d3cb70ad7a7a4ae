"""Whether a host is the machine itself."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

_NAMES = ("localhost", "host.docker.internal")


@lru_cache(maxsize=8_192)
def is_this_machine(host: str) -> bool:
    """Whether what talks to this host, a name or an address, stays on the machine: a loopback address, the unspecified
    one (which a client reaches itself by), `localhost` and all names below it, or what containers call their host."""
    name = host.lower().removesuffix(".")
    if name in _NAMES or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    known = mapped or address
    return known.is_loopback or known.is_unspecified
