"""Keeps names current: by listening to the local resolver where it tells its answers, else by slow lookups."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Literal

from agent.network.name_cache import NameCache, host_name
from agent.network.resolved_monitor import SOCKET, MonitorError, ResolvedMonitor
from agent.runtime.logs import logger

_MAX_HOSTS = 500
_NEW_AN_HOUR = 100.0
"""Names that were not looked up before: a configuration that names ever new ones is no busy machine's."""
_PAUSE_SECONDS = 0.25
"""Between two lookups: a few hundred names must be no burst on the network's resolver."""
_AGAIN_SECONDS = 30.0
"""After the local resolver hung up, as it does when it is restarted."""

Resolve = Callable[[str], Iterable[str]]


def system_addresses(host: str) -> list[str]:
    """Addresses as the system's resolver gives them. Raises `OSError`."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)]


class Resolver:
    """One background thread."""

    def __init__(
        self,
        names: NameCache,
        seconds: float = 900.0,
        resolve: Resolve = system_addresses,
        monitor: str | None = SOCKET,
        pause: float = _PAUSE_SECONDS,
    ) -> None:
        self._names = names
        self._seconds = seconds
        self._resolve = resolve
        self._path = monitor
        self._pause = pause
        self._due: dict[str, float] = {}
        self._new_left, self._new_at = float(_MAX_HOSTS), time.monotonic()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._ending = False
        self._monitor: ResolvedMonitor | None = None
        self._thread = threading.Thread(target=self._run, name="names", daemon=True)
        self.mode: Literal["systemd-resolved", "lookups"] = "lookups"

    def start(self) -> None:
        self._thread.start()

    def want(self, hosts: Iterable[str]) -> None:
        """The hosts to look up from now on; new ones soon, the others in their turn. At most 500."""
        wanted = sorted(host for host in set(hosts) if host_name(host))[:_MAX_HOSTS]
        with self._lock:
            new = self._affordable([host for host in wanted if host not in self._due])
            self._due = {host: self._due.get(host, 0.0) for host in wanted if host in self._due or host in new}
        if new:
            self._wake.set()

    def _affordable(self, new: list[str]) -> list[str]:
        """As many new names as may be looked up now; the others are asked for again with the next change."""
        now = time.monotonic()
        self._new_left = min(_MAX_HOSTS, self._new_left + (now - self._new_at) * _NEW_AN_HOUR / 3_600)
        self._new_at = now
        taken = new[: int(self._new_left)]
        self._new_left -= len(taken)
        return taken

    def close(self) -> None:
        """End soon. A lookup that hangs does not hold anybody up: the thread is a daemon's."""
        self._ending = True
        self._wake.set()
        with self._lock:
            monitor = self._monitor
        if monitor:
            monitor.close()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        retry = 0.0
        while not self._ending:
            if self._path and time.monotonic() >= retry:
                self._follow(self._path)
                retry = time.monotonic() + (_AGAIN_SECONDS if self.mode == "systemd-resolved" else self._seconds)
                self.mode = "lookups"
            if not self._ending:
                self._wake.wait(max(0.0, min(self._look_up(), retry - time.monotonic() if self._path else 1e6)))
                self._wake.clear()

    def _follow(self, path: str) -> None:
        """Listen until the resolver hangs up; returns at once where it is not there or refuses."""
        try:
            monitor = ResolvedMonitor(path)
        except MonitorError as error:
            logger().debug("names.no_monitor", reason=str(error))
            return
        with self._lock:
            self._monitor = monitor
        self.mode = "systemd-resolved"
        try:
            if not self._ending:
                for host, addresses in monitor.cached():
                    self._names.learn(host, addresses)
                for host, addresses in monitor.answers():
                    self._names.learn(host, addresses)
        except MonitorError as error:
            logger().debug("names.monitor_ended", reason=str(error))
        finally:
            with self._lock:
                self._monitor = None
            monitor.close()

    def _look_up(self) -> float:
        """Look up what is due, slowly; seconds until the next is."""
        while not self._ending:
            now = time.monotonic()
            with self._lock:
                if not self._due:
                    return self._seconds
                host = min(self._due, key=self._due.__getitem__)
                if self._due[host] > now:
                    return self._due[host] - now
                self._due[host] = now + self._seconds * random.uniform(0.8, 1.0)  # noqa: S311 - spreads load
            try:
                self._names.learn(host, self._resolve(host))
            except (OSError, UnicodeError):
                logger().debug("names.not_resolved", host=host)
            self._wake.wait(self._pause)
            self._wake.clear()
        return 0.0
