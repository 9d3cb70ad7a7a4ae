"""States of plug-ins that are more than a value: each function says whether one is on or off, as far as it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

State = Literal["on", "off"]


def folder_overrides(value: object, home: str) -> State | None:
    """Gemini CLI: folders for which a plug-in is on, or with `!` off; the last that fits wins, without any it is on.

    `off` where no folder of the home has it on.
    """
    off = False
    for rule in value if isinstance(value, list) else ():
        if not isinstance(rule, str):
            continue
        folder = rule.removeprefix("!").replace("\\", "/")
        if not rule.startswith("!"):
            off = False
        elif home and folder.endswith("*"):
            above = folder[:-1].rstrip("/")
            off = off or home == above or home.startswith(above + "/")
    return "off" if off else None


SWITCHES: Final[dict[str, Callable[[object, str], State | None]]] = {"folder_overrides": folder_overrides}
