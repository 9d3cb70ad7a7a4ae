"""One thread keeps names current: the resolver's events where it offers them, else slow lookups."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.network.name_cache import NameCache
from agent.network.resolver import Resolver
from tests.network.resolved import PLAIN, READY, Resolved, reply

Start = Callable[..., Resolver]


@pytest.fixture
def keep() -> Iterator[Start]:
    keepers: list[Resolver] = []

    def start(names: NameCache, monitor: str | None = None, **settings: object) -> Resolver:
        # mypy: settings of different types.
        keepers.append(Resolver(names, monitor=monitor, **{"pause": 0.001, **settings}))  # type: ignore[arg-type]
        keepers[-1].start()
        return keepers[-1]

    yield start
    for keeper in keepers:
        keeper.close()


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


def test_wanted_hosts_are_looked_up_at_once_and_again_after_the_interval(keep: Start) -> None:
    names, asked = NameCache(), list[str]()

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["192.0.2.1"]

    keeper = keep(names, resolve=resolve, seconds=0.2)
    keeper.want(["a.example", "localhost", "10.0.0.1", "not a host"])
    assert until(lambda: names.hosts("192.0.2.1") == ("a.example",))
    assert asked == ["a.example"]
    assert until(lambda: len(asked) >= 3)
    assert set(asked) == {"a.example"}
    assert keeper.mode == "lookups"


def test_lookups_are_spread_and_a_host_no_longer_wanted_is_left_alone(keep: Start) -> None:
    times: list[float] = []

    def resolve(host: str) -> list[str]:
        times.append(time.monotonic())
        return []

    keeper = keep(NameCache(), resolve=resolve, pause=0.05, seconds=60)
    keeper.want([f"h{number}.example" for number in range(5)])
    assert until(lambda: len(times) == 5)
    assert times[-1] - times[0] >= 0.15
    keeper.want([])
    time.sleep(0.1)
    assert len(times) == 5


def test_a_name_that_cannot_be_resolved_stops_nothing(keep: Start) -> None:
    names = NameCache()

    def resolve(host: str) -> list[str]:
        if host == "bad.example":
            raise OSError("no such host")
        return ["192.0.2.2"]

    keep(names, resolve=resolve).want(["bad.example", "good.example"])
    assert until(lambda: names.hosts("192.0.2.2") == ("good.example",))


def test_where_the_resolver_tells_its_answers_nothing_is_asked(keep: Start, tmp_path: Path) -> None:
    service, names, asked = Resolved(tmp_path / "monitor", [READY, reply(PLAIN)]), NameCache(), list[str]()
    keeper = keep(names, monitor=service.path, resolve=lambda host: asked.append(host) or [])
    keeper.want(["mcp.linear.app"])
    assert until(lambda: names.hosts("160.79.104.10") == ("api.anthropic.com",))
    assert names.hosts("192.0.2.7")
    assert keeper.mode == "systemd-resolved"
    time.sleep(0.05)
    assert asked == []
    service.hang_up()
    assert until(lambda: asked == ["mcp.linear.app"])
    service.close()


def test_a_keeper_ends_at_once_whatever_it_is_doing(tmp_path: Path) -> None:
    service = Resolved(tmp_path / "monitor", [READY])
    blocked = threading.Event()
    listening = Resolver(NameCache(), monitor=service.path)
    idle = Resolver(NameCache(), monitor=None)
    hanging = Resolver(NameCache(), monitor=None, resolve=lambda host: ["192.0.2.1"] * blocked.wait(100))
    for keeper in (listening, idle, hanging):
        keeper.start()
    hanging.want(["slow.example"])
    assert until(lambda: listening.mode == "systemd-resolved")
    start = time.monotonic()
    for keeper in (listening, idle, hanging):
        keeper.close()
    assert time.monotonic() - start < 60
    blocked.set()
    service.close()


def test_ever_new_names_are_looked_up_five_hundred_times_and_then_slowly(keep: Start) -> None:
    asked: set[str] = set()
    keeper = keep(NameCache(), resolve=lambda host: asked.add(host) or [], pause=0.0)
    for batch in range(3):
        keeper.want(f"n{number}.b{batch}.example" for number in range(200))
        assert until(lambda: len(asked) >= min(200 * (batch + 1), 500))  # noqa: B023 - waited for at once
    time.sleep(0.05)
    assert 500 <= len(asked) <= 502
