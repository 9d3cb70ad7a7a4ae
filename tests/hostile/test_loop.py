"""A daemon that stands still, whatever the reason, is seen to do so and ends when it is told."""

import time

from agent.service import status
from agent.service.pulse import FILE
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
