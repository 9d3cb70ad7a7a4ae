"""What every record carries, and how its identity is made."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, ClassVar, Literal, ParamSpec, Self, TypedDict, TypeVar, cast

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, WrapValidator

SCHEMA: Literal["rollcall/1"] = "rollcall/1"


class Part(BaseModel):
    """A frozen value inside a record."""

    # Validators are compiled on first use: a one-shot run touches few models, and each costs half a MB.
    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, populate_by_name=True, hide_input_in_errors=True
    )


def _as_it_is(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    return value if type(value) is tuple else read(value)


Shared = WrapValidator(_as_it_is)
"""For the tuples of a kind with thousands of records: those of our own making are taken as they are, for whoever made
them keeps them too; what is read from JSON is a list, and looked through."""


_BARE = 1_000
_NONE_GIVEN: set[str] = set()


_MOST_SHARED = 29
"""Names that the instances of a class can have in common; with more each holds all of its own, twice over."""


def share_names(model: BaseModel) -> None:
    """Let an instance hold its values and not the names of its fields; nor which of them were given, as nobody asks. A
    record weighs half of what it did."""
    values = model.__dict__
    for name in type(model).UNSAID if isinstance(model, Record) else ():
        if values.get(name, model) is None:
            del values[name]
    if len(values) <= _MOST_SHARED:
        object.__delattr__(model, "__dict__")
        for name, value in values.items():
            object.__setattr__(model, name, value)
    object.__setattr__(model, "__pydantic_fields_set__", _NONE_GIVEN)


class Evidence(Part):
    """Who saw it, where, and how sure that is."""

    collector: str
    """Name of the collector that saw it; `rollcall` for what was concluded from several records."""
    source: str | None = None
    """A path, `pid:<pid>` or a socket, as the observed machine names it."""
    confidence: Literal["confirmed", "declared", "inferred"] = "declared"
    """confirmed: seen running or on disk; declared: a config says so; inferred: concluded from signs."""


AccountableBy = Literal["policy", "assignment", "signed_in", "account"]
"""How the person is known: the policy's mapping, the assignment file, the account that the client is signed in with, or
only the operating system account itself."""


class Attributed(TypedDict, total=False):
    """Who answers for it."""

    accountable: str | None
    accountable_by: AccountableBy | None


class Record(Part):
    """One fact about the endpoint. `id` is the same in every run for the same `IDENTITY` fields."""

    IDENTITY: ClassVar[tuple[str, ...]] = ()
    NOT_FACTS: ClassVar[frozenset[str]] = frozenset({"observed_at", "evidence"})
    """Fields that say when and how it was seen: a difference in them is no change."""
    UNSAID: ClassVar[frozenset[str]] = frozenset()
    """Fields that a record without them does not name: hardly any has them, and each name costs all the others."""

    schema_: Literal["rollcall/1"] = Field(default=SCHEMA, alias="schema")
    """Major version of the format."""
    kind: str
    """What the record says; each kind has a schema of its own."""
    id: str = Field(default_factory=str)
    """A stable hash of the kind, the endpoint and the `IDENTITY` fields; made here unless it is given."""
    endpoint_id: str
    """The machine: a keyed hash of its machine id, never the id itself."""
    owner: str | None = None
    """The operating system account the record belongs to; null for what belongs to the machine."""
    observed_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """UTC time at which the source was read; not part of what is compared."""
    evidence: Evidence
    """Who saw it, where, and how sure that is; not part of what is compared."""

    def model_post_init(self, context: object) -> None:
        if not self.id:
            parts = [attrgetter(name)(self) for name in ("endpoint_id", *self.IDENTITY)]
            object.__setattr__(self, "id", record_id(self.kind, *parts))
        share_names(self)

    def _changed(self, fields: Mapping[str, object]) -> Self:
        """The record with these fields; the same object where they have these values already. Each kind that others
        conclude things about has a `changed` with the names and types of just those fields."""
        if all(getattr(self, name) == value for name, value in fields.items()):
            return self
        record = self.model_copy(update=fields)
        share_names(record)
        return record

    def same_facts(self, other: Record) -> bool:
        """Whether both say the same, whenever and by whomever it was seen."""
        mine, theirs = vars(self), vars(other)
        return mine.keys() == theirs.keys() and all(mine[k] == theirs[k] for k in mine if k not in self.NOT_FACTS)

    @property
    def weight(self) -> int:
        """Bytes that it takes here, about: those of its texts, and of a record without any."""
        return _BARE + sum(map(_weigh, vars(self).values()))

    def facts(self) -> dict[str, Any]:
        """The fields two observations are compared by: all but the time and the evidence."""
        return self.model_dump(mode="json", by_alias=True, exclude=set(self.NOT_FACTS))

    def to_json(self) -> str:
        return self.model_dump_json(by_alias=True)


def _weigh(value: object) -> int:
    if isinstance(value, str):
        return sys.getsizeof(value)
    if isinstance(value, tuple):
        return sys.getsizeof(value) + sum(map(_weigh, value))
    return sum(map(_weigh, vars(value).values())) if isinstance(value, Part) else 0


P = ParamSpec("P")
R = TypeVar("R", bound=Record)


def unchecked(kind: Callable[P, R]) -> Callable[P, R]:
    """The constructor of a kind of record that trusts its values, in a third of the time: for what comes in thousands
    a second, from code whose types are checked."""
    model = cast(type[R], kind)
    template = {name: None if field.is_required() else field.default for name, field in model.model_fields.items()}

    def make(*_: P.args, **given: P.kwargs) -> R:
        record = model.__new__(model)
        values = {**template, "id": "", "observed_at": datetime.now(UTC), **given}
        object.__setattr__(record, "__dict__", values)
        object.__setattr__(record, "__pydantic_fields_set__", _NONE_GIVEN)
        object.__setattr__(record, "__pydantic_extra__", None)
        object.__setattr__(record, "__pydantic_private__", None)
        record.model_post_init(None)
        return record

    return make


def record_id(kind: str, *parts: object) -> str:
    """A stable 128-bit hash, in hex, of an identity tuple."""
    return hashlib.sha256(_encode([kind, *parts]).encode()).hexdigest()[:32]


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, default=str).encode
