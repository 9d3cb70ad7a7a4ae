"""Which account entries stand for a home that agents could live in."""

from __future__ import annotations

import pytest

from agent.platform.accounts import Account, full_name, homes_of, kind


def test_each_home_counts_once_and_for_the_lowest_uid() -> None:
    accounts = [
        Account("backup", 1001, 1001, "/home/dev/"),
        Account("dev", 1000, 100, "/home/dev"),
        Account("root", 0, 0, "/root"),
    ]
    found = homes_of(accounts, "linux")
    assert [(home.owner, home.path, home.account) for home in found] == [
        ("root", "/root", "root"), ("dev", "/home/dev", "human"),
    ]  # fmt: skip
    assert found[1].gids == {100}


@pytest.mark.parametrize(
    "home", ["/", "", "/nonexistent", "/var/empty", "/usr/sbin", "/bin", "/proc", "/run/sshd", "/dev/null", "relative"]
)
def test_folders_of_the_system_are_no_homes(home: str) -> None:
    assert homes_of([Account("x", 1000, 1000, home)], "linux") == []


@pytest.mark.parametrize("home", ["/var/lib/postgresql", "/srv/build", "/opt/app", "/usrlocal", "/data/home/x"])
def test_homes_of_services_and_on_other_mounts_count(home: str) -> None:
    assert [found.path for found in homes_of([Account("x", 999, 999, home)], "linux")] == [home]


@pytest.mark.parametrize(
    ("os", "uid", "name", "expected"),
    [
        ("linux", 0, "root", "root"), ("linux", 0, "toor", "root"), ("linux", 999, "postgres", "service"),
        ("linux", 1000, "dev", "human"), ("linux", 65534, "nobody", "service"), ("macos", 501, "dev", "human"),
        ("macos", 500, "dev", "human"), ("macos", 89, "_postfix", "service"),
    ],
)  # fmt: skip
def test_people_services_and_root_are_told_apart_by_uid(os: str, uid: int, name: str, expected: str) -> None:
    assert kind(Account(name, uid, uid, "/x"), os) == expected


@pytest.mark.parametrize(
    ("gecos", "name", "expected"),
    [
        ("Dana Dev,Room 7,555,", "dana", "Dana Dev"), ("& Smith", "dana", "Dana Smith"), ("dana", "dana", None),
        ("", "dana", None), (",,,", "dana", None), ("  Dana \t Dev ", "x", "Dana Dev"), ("a" * 500, "x", "a" * 100),
        ("Dana\x1b[31m", "x", None), ("D\udcff", "x", "D?"),
    ],
)  # fmt: skip
def test_the_full_name_stands_before_the_first_comma(gecos: str, name: str, expected: str | None) -> None:
    assert full_name(gecos, name) == expected


def test_a_home_carries_the_full_name_of_its_account() -> None:
    (home,) = homes_of([Account("dana", 1000, 1000, "/home/dana", "Dana Dev")], "linux")
    assert (home.full_name, home.groups) == ("Dana Dev", ())
