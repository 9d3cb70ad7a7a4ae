"""What the processes of one account may take together."""

from collectors.processes.classifier import Judged
from collectors.processes.tree import _ROOM, ProcessTree
from collectors.sources.process.row import ProcessRow

FLAG = "--dangerously-skip-permissions"


def agent(pid, owner="alice", words=40):
    argv = ("claude", *[f"{pid} {n} " + "x" * 1_000 for n in range(words)], FLAG)
    row = ProcessRow(pid, float(pid), pid, 1, 1000, 1000, owner, "claude", "/opt/claude", argv, "/home/" + "d" * 1_000)
    return Judged(row, "claude-code")


def held(tree):
    return sum(judged.row.weight for judged in tree.judged.values())


def test_words_of_one_account_are_bounded_and_options_stay():
    tree = ProcessTree()
    for pid in range(600):
        tree.put(agent(pid))
    assert held(tree) < 2 * _ROOM
    assert all(FLAG in judged.row.argv for judged in tree.judged.values())
    for pid in range(600, 6_000):
        tree.put(agent(pid))
    assert held(tree) < 3 * _ROOM


def test_another_account_has_room_of_its_own():
    tree = ProcessTree()
    for pid in range(600):
        tree.put(agent(pid))
    bobs = agent(9_000, "bob")
    tree.put(bobs)
    assert tree.judged[9_000] is bobs


def test_what_ended_or_was_looked_at_again_makes_room():
    tree = ProcessTree()
    for _ in range(100):
        for pid in range(50):
            tree.put(agent(pid))
    assert all(tree.judged[pid].row == agent(pid).row for pid in range(50))
    for pid in range(50):
        tree.drop(pid)
    assert not +tree._held
