"""The types of delivery targets: one line registers one; those of third parties are entry points."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainValidator, SerializeAsAny

from agent.delivery.settings import TargetSettings

if TYPE_CHECKING:
    from agent.delivery.contract import TargetType

GROUP = "rollcall.targets"
"""Entry points by the name of the type, each a `TargetType`."""

BUILT_IN = {
    "rollcall": "agent.delivery.targets.rollcall",
    "file": "agent.delivery.targets.file",
    "stdout": "agent.delivery.targets.stdout",
    "syslog": "agent.delivery.targets.syslog",
    "otlp": "agent.delivery.targets.otlp",
    "ocsf": "agent.delivery.targets.ocsf",
    "splunk_hec": "agent.delivery.targets.splunk_hec",
    "elastic": "agent.delivery.targets.elastic",
}


def target_type(name: str) -> TargetType:
    """Only a type that is used is loaded. Raises `ValueError` for one that nobody knows."""
    if name in BUILT_IN:
        found: TargetType = import_module(BUILT_IN[name]).TARGET
        return found
    from importlib.metadata import entry_points

    from agent.delivery.contract import TargetType

    for point in entry_points(group=GROUP, name=name):
        return TargetType(*point.load())
    raise ValueError(f"must be one of {', '.join(BUILT_IN)}, or an installed plug-in's")


def settings_of(value: object) -> TargetSettings:
    """From a table of the configuration, by its type. Raises `ValueError`."""
    if isinstance(value, TargetSettings):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("must be a table")
    given: Mapping[str, Any] = value
    return target_type(str(given.get("type", "rollcall"))).settings.model_validate(given)


AnyTarget = Annotated[SerializeAsAny[TargetSettings], PlainValidator(settings_of)]
"""Settings of a target of any type: each type has its own."""
