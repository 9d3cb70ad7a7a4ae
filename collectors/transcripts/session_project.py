"""Which project a session's folder lies in."""

from __future__ import annotations

from agent.redaction.redact import printable
from collectors.contract import Context
from collectors.locate.projects import around, local_folder
from collectors.sources.account import Home

_DEEPEST = 64
"""Folders above a session's own that are searched for the repository."""


def project_of(context: Context, home: Home, text: str | None) -> str | None:
    """The repository that the folder lies in, or the folder itself; None outside of every project."""
    folder = local_folder(text, context.os_of(home), home) if text else None
    if folder is None or folder in ("/", home.path) or folder.count("/") > _DEEPEST:
        return None
    *_, root = around(context, home, folder)
    return printable(root.label)
