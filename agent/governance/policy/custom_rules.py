"""Rules that an organisation adds in its policy: conditions on the fields of one record, and nothing that runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from agent.governance.policy.record_fields import NUMBER, FieldType, field_type
from agent.records import KINDS
from agent.records.finding import Severity
from agent.runtime.settings import Section

Scalar = bool | int | float | str
Mistake = tuple[tuple[str, ...], str]
"""Where below its rule, and what is wrong; without the value, which may be a secret in the wrong place."""

_OPERATORS = ("equals", "one_of", "matches", "exists", "at_least", "at_most")
JUDGED_KINDS = KINDS.keys() - {"action", "action_count", "checkpoint", "finding", "summary", "heartbeat"}
"""What a rule can be about: records that the inventory holds, but for those that rules themselves make."""


class Condition(Section):
    """Either one field and one operator, or `all` and `any` of other conditions; `not = true` turns it around."""

    field: str | None = None
    """Path such as `source.path`; of a list, each element is looked at and one that fits is enough."""
    equals: Scalar | None = None
    one_of: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    matches: str | None = None
    """Pattern with `*`, `?` and `[…]`, the case counts."""
    exists: bool | None = None
    """Whether the field has a value, or the list an element."""
    at_least: float | None = None
    at_most: float | None = None
    negated: bool = Field(default=False, alias="not")
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    @property
    def operator(self) -> str:
        """The operator that is given."""
        return next((name for name in _OPERATORS if getattr(self, name) is not None), "")

    def mistakes(self, kind: str) -> Iterator[Mistake]:
        """What is wrong with it for records of this kind."""
        given = [name for name in _OPERATORS if getattr(self, name) is not None]
        if bool(self.field) == bool(self.all or self.any) or (self.field is None and given):
            yield (), "must have either a field and one operator, or all or any of other conditions"
        elif self.field:
            yield from self._field_mistakes(kind, self.field, given)
        yield from below(self.all, self.any, kind)

    def _field_mistakes(self, kind: str, field: str, given: list[str]) -> Iterator[Mistake]:
        found = field_type(KINDS[kind], field)
        if isinstance(found, str):
            yield ("field",), found
        elif len(given) != 1:
            yield (), f"must have exactly one of {', '.join(_spelled(name) for name in _OPERATORS)}"
        elif wrong := _misfit(given[0], getattr(self, given[0]), found):
            yield (_spelled(given[0]),), wrong


class OwnRule(Section):
    """Fires for a record of its kind that fulfils `all` of these and, where `any` is given, one of those."""

    id: str = Field(pattern=r"^org\.[a-z0-9][a-z0-9_.-]{0,60}$")
    """Begins with `org.`, so that no rule of Rollcall will ever have it."""
    title: str = Field(min_length=1, max_length=120)
    severity: Severity
    kind: str
    """Kind of record it is asked about."""
    controls: tuple[str, ...] = ()
    remediation: str = Field(min_length=1, max_length=500)
    reference: str = Field(default="", max_length=500)
    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()

    def mistakes(self) -> Iterator[Mistake]:
        """What is wrong beyond the shape."""
        if self.kind not in JUDGED_KINDS:
            yield ("kind",), f"must be one of {', '.join(sorted(JUDGED_KINDS))}"
            return
        if not (self.all or self.any):
            yield (), "must have conditions: all, any or both"
        yield from below(self.all, self.any, self.kind)


def below(all_: tuple[Condition, ...], any_: tuple[Condition, ...], kind: str) -> Iterator[Mistake]:
    """The mistakes of conditions inside others."""
    for name, conditions in (("all", all_), ("any", any_)):
        for number, condition in enumerate(conditions):
            yield from (((name, str(number), *where), what) for where, what in condition.mistakes(kind))


def _spelled(operator: str) -> str:
    return "in" if operator == "one_of" else operator


def _misfit(operator: str, value: Any, field: FieldType) -> str | None:
    """Why an operator and its value could never hold for a field of this type."""
    values = value if operator == "one_of" else (value,)
    if operator == "exists":
        return None
    if not field.types:
        return "this field can only be asked whether it exists"
    if operator in ("at_least", "at_most"):
        return None if field.types & NUMBER else "only a number can be compared so"
    if operator == "matches":
        return None if str in field.types else "only text can match a pattern"
    for one in values:
        if field.choices and one not in field.choices:
            return f"can only be {', '.join(sorted(map(str, field.choices)))}"
        if not any(type(one) is known for known in field.types) and not (type(one) in NUMBER and field.types & NUMBER):
            return f"must be {' or '.join(sorted(known.__name__ for known in field.types))}"
    return None
