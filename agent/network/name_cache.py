"""Which names an address answered to lately, from lookups and from the resolver's own events, never by connecting."""

from __future__ import annotations

import ipaddress
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache

_EXPIRY_SECONDS = 6 * 3600.0
_MAX_ADDRESSES = 8_192
_MAX_HOSTS = 8
"""Per address: behind one of a content network stand thousands."""
_HOST = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")


class NameCache:
    """Addresses and the hosts they were told for, the latest first. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, expiry_seconds: float = _EXPIRY_SECONDS) -> None:
        self._clock = clock
        self._expiry = expiry_seconds
        self._hosts: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._asked: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()
        self.version = 0
        """Grows when an address that was asked for got another name: what was derived from it is out of date."""

    def learn(self, host: str, addresses: Iterable[str]) -> None:
        """Take in that `host` was resolved to `addresses` just now. What is no host or no address is ignored."""
        name = host_name(host)
        if name is None:
            return
        now = self._clock()
        with self._lock:
            for text in addresses:
                address = canonical(text)
                if address is None:
                    continue
                hosts = self._hosts.setdefault(address, {})
                if name not in hosts and address in self._asked:
                    self.version += 1
                hosts.pop(name, None)
                hosts[name] = now
                self._hosts.move_to_end(address)
                while len(hosts) > _MAX_HOSTS:
                    del hosts[next(iter(hosts))]
            while len(self._hosts) > _MAX_ADDRESSES:
                self._hosts.popitem(last=False)

    def hosts(self, address: str) -> tuple[str, ...]:
        """What the address was told for, the latest first. A name that is asked for does not expire: the connection
        that it names may outlive every record of the resolver."""
        now = self._clock()
        with self._lock:
            in_use = now - self._asked.pop(address, float("-inf")) <= self._expiry
            self._asked[address] = now
            if len(self._asked) > _MAX_ADDRESSES:
                self._asked.popitem(last=False)
            hosts = self._hosts.get(address, {})
            for host in [host for host, at in hosts.items() if now - at > self._expiry and not in_use]:
                del hosts[host]
            if address in self._hosts:
                self._hosts.move_to_end(address)
            return tuple(reversed(hosts))


def host_name(text: str) -> str | None:
    """The name in lower case without the final dot; None for what is no fully qualified host name."""
    name = text.lower().removesuffix(".")
    return name if _HOST.fullmatch(name) and not name.rpartition(".")[2].isdigit() else None


@lru_cache(maxsize=8_192)
def canonical(text: str) -> str | None:
    """The address as the collectors write it; None for what is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
