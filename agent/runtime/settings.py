"""What is read from files of people and administrators, and from other processes, is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table of values: a key it does not know is an error, and no message quotes a value.

    One inside another has `model_construct()` as its default: the defaults are right as they are written, and to
    compile a validator only for them takes a millisecond.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)
