"""What the policy requires of agents: hooks, settings and telemetry that must be in force."""

from __future__ import annotations

from pydantic import Field, StrictBool, StrictInt, StrictStr

from agent.records import DefinitionScope
from agent.runtime.settings import Section


class RequiredHook(Section):
    """A program that must run at an event."""

    agent: str
    """Catalog id, or a pattern with `*`."""
    event: str
    """As the client calls it: `PreToolUse`."""
    program: str
    """Base name of the program, or a pattern with `*`."""
    scope: DefinitionScope | None = None
    """Where it must be set; nothing where anywhere will do."""


class RequiredSetting(Section):
    """A setting that must have a value."""

    agent: str
    """Catalog id, or a pattern with `*`."""
    key: str
    """Key path in the client's settings, one of those that `rollcall catalog show` lists as told."""
    value: StrictBool | StrictInt | StrictStr


class RequiredTelemetry(Section):
    """An agent that must report what it does."""

    agent: str
    """Catalog id, or a pattern with `*`."""


class Requirements(Section):
    """Controls that must be on."""

    hook: tuple[RequiredHook, ...] = Field(default=())
    setting: tuple[RequiredSetting, ...] = ()
    telemetry: tuple[RequiredTelemetry, ...] = ()
