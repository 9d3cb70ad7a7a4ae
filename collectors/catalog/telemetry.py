"""What a catalog entry may say about the telemetry that a client sends by OTLP."""

from __future__ import annotations

from pydantic import model_validator

from collectors.catalog.actions import Paths, Rule
from collectors.catalog.base import Fact


class Telemetry(Fact):
    """Log records and spans in which the client tells of its calls.

    An entry, as value paths see it, is `{name, attributes, resource, at, ended, failed}`: a log record's event name or
    a span's name, the attributes of it and of its resource by key (a dot within one is `\\.`), times in milliseconds
    since the epoch, and whether a span's status is an error. Rules tell of calls only: session starts and changes of
    mode would be told twice, as they bear no id."""

    service: tuple[str, ...]
    """Values of `service.name` that the client gives its resource."""
    session: Paths = ""
    """A value path: the session that an entry belongs to."""
    rule: tuple[Rule, ...]

    @model_validator(mode="after")
    def _no_events(self) -> Telemetry:
        if any(rule.event or (rule.mode and not rule.call) for rule in self.rule):
            raise ValueError("telemetry tells of calls, not of sessions' starts, ends and modes")
        return self
