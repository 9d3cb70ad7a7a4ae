"""Discovery plug-ins: each turns the scopes of one source into records. What one of your own needs is named here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collectors.contract import Collector, Context, Observation, Scope, View, Watcher
    from collectors.events import Batch, EventSource
    from collectors.sources.account import Home
    from collectors.sources.filesystem.file_tree import FileTree
    from collectors.sources.filesystem.unreadable import UnreadableError
    from collectors.sources.limits import Limits
else:
    _FROM = {
        **dict.fromkeys(("Collector", "Context", "Observation", "Scope", "View", "Watcher"), "collectors.contract"),
        **dict.fromkeys(("Batch", "EventSource"), "collectors.events"),
        "FileTree": "collectors.sources.filesystem.file_tree",
        "Home": "collectors.sources.account",
        "Limits": "collectors.sources.limits",
        "UnreadableError": "collectors.sources.filesystem.unreadable",
    }

    def __getattr__(name: str) -> object:
        # Nothing is loaded before it is asked for: most of the package imports only parts of itself.
        if name in _FROM:
            return getattr(import_module(_FROM[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Batch",
    "Collector",
    "Context",
    "EventSource",
    "FileTree",
    "Home",
    "Limits",
    "Observation",
    "Scope",
    "UnreadableError",
    "View",
    "Watcher",
]
