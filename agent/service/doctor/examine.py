"""All answers of the doctor, in the order in which to mend things."""

from __future__ import annotations

from collections.abc import Iterator

from agent.config.load import Loaded
from agent.config.paths import state_dir
from agent.runtime.error import RollcallError
from agent.service import known_inventory, scan
from agent.service.config_check import problems
from agent.service.doctor import delivering, keeping, machine, seeing
from agent.service.doctor.answer import Answer, error, ok
from agent.service.doctor.running import running


def examine(loaded: Loaded) -> Iterator[Answer]:
    """One after the other, as they are found. Raises `RollcallError` where the settings cannot be read."""
    wrong = list(problems(loaded))
    for text in wrong:
        yield error("settings", text, "mend it there; `rollcall config show` prints what is in force")
    if not wrong:
        yield ok("settings", f"{loaded.file}")
    settings = loaded.settings
    daemon = running(state_dir(settings))
    yield from machine.look(daemon)
    yield from keeping.look(settings, daemon)
    yield from delivering.look(settings, daemon)
    try:
        records = known_inventory.inventory(settings).records
    except (RollcallError, OSError) as trouble:
        yield error("inventory", str(trouble), "none can be taken before that is mended")
        return
    yield from seeing.look(settings, scan.policy_of(settings), records)
