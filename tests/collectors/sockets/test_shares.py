"""What each account may have told of its sockets."""

from collectors.sockets.shares import _LOOKED_AT, _MACHINE, ACCOUNT, Allowance, looked_at
from tests import made


def test_whoever_has_many_processes_takes_no_socket_from_another() -> None:
    many = [made.instance(pid, owner="alice") for pid in range(1, 251)]
    most = looked_at([*many, made.instance(1_000, owner="bob")])
    assert most[1_000] >= 1_000 and min(most.values()) >= 4
    assert sum(most[pid] for pid in range(1, 251)) <= _LOOKED_AT


def test_all_together_have_no_more_than_the_machine_and_each_has_something() -> None:
    allowance = Allowance(dict.fromkeys(("alice", "bob", "carol"), 0))
    for owner in ("alice", "carol"):
        assert allowance.left(owner) <= ACCOUNT
        allowance.take(owner, allowance.left(owner))
    assert 100 <= allowance.left("bob") <= _MACHINE
    allowance.take("bob", allowance.left("bob"))
    assert sum(allowance._known.values()) <= _MACHINE
    assert not any(map(allowance.left, ("alice", "bob", "carol")))
