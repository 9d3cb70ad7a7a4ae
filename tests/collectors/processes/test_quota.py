from pathlib import Path

from collectors.processes.quota import Quota
from tests.collectors.world import World


def test_one_account_that_starts_too_many_takes_nothing_from_another(tmp_path: Path) -> None:
    quota = Quota(2)
    assert [quota.admits("alice") for _ in range(5)] == [True, True, False, False, False]
    assert quota.admits("bob")
    ((scope, (record,)),) = quota.left_out(World(tmp_path).context)
    assert (scope.owner, record.owner) == ("alice", "alice")
    assert "at least 2 " in record.facts()["message"]


def test_nothing_is_told_where_nothing_was_left_out(tmp_path: Path) -> None:
    assert list(Quota(1).left_out(World(tmp_path).context)) == []
