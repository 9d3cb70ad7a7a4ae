"""Whether what tools say of themselves leaves the machine."""

from __future__ import annotations

from agent.runtime.settings import Section


class ToolTexts(Section):
    """Of tools only names, hashes and hints are told, unless this says otherwise."""

    descriptions: bool = False
    """Whether records of tools carry the description, redacted and at most 1,000 characters of it."""
