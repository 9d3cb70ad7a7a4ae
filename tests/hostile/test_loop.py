"""A daemon that stands still, whatever the reason, is seen to do so and ends when it is told."""

import time

import pytest

from agent.service import status
from agent.service.pulse import FILE
from tests.hostile.attacks import DEAD_PAGE
from tests.hostile.world import World


def test_status_tells_when_the_loop_last_turned(world: World) -> None:
    with world.daemon() as daemon:
        time.sleep(2)
        assert "running, pid" in daemon.status() and "its main loop last turned" in daemon.status()
        assert (daemon.state / FILE).stat().st_mode & 0o777 == 0o600
        with daemon.paused():
            then = int((daemon.state / FILE).read_text()) - 1000 * int(status._STANDS_SECONDS)
            (daemon.state / FILE).write_text(f"{then:020d}")
            said, running = daemon.status(), status.report(daemon.state).running
        assert "NOT RESPONDING" in said and not running
        daemon.wait(lambda: status.report(daemon.state).running)


def test_a_command_line_that_never_comes_holds_nobody_up(world: World) -> None:
    # Linux itself asks no file's server for it, since 4.17 (CVE-2018-1120).
    (world.home("alice") / "dead").mkdir()
    world.put("alice", {"put-here": ""})
    agent = "/home/alice/.local/share/claude/versions/2.0.1"
    with world.daemon() as daemon:
        world.start("alice", "install", "-D", "/usr/bin/python3", agent).wait()
        attack = world.python("root", DEAD_PAGE, "/home/alice/dead", agent, "8")
        daemon.follows_bob("bobs")
        if attack.poll() is not None:
            pytest.skip("cannot mount FUSE here")
        daemon.wait(lambda: [r for r in daemon.journaled("instance") if r["exe"] == agent])
        assert "running, pid" in daemon.status()
        assert daemon.stop() == 0
