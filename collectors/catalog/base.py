"""What all parts of a catalog entry are made of."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from collectors.catalog.editors import expanded

Format = Literal[
    "json", "json5", "strict_json", "toml", "yaml", "front_matter", "prefix_rules", "idea_xml", "variables"
]
"""`json` with comments and trailing commas, as most clients read it; `json5` with bare keys and single quotes as well;
`strict_json` without, and a client that finds any ignores the whole file; `front_matter` is the YAML between `---` at
the start of a Markdown file; `prefix_rules` are calls of `prefix_rule(pattern=[…], decision=…)` as Codex has them;
`idea_xml` are settings of JetBrains IDEs; `variables` are lines of `NAME=value`."""


_NONE_GIVEN: set[str] = set()


class Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def model_post_init(self, context: object) -> None:
        # Nobody asks which fields were given, and the names weigh as much as the entries.
        object.__setattr__(self, "__pydantic_fields_set__", _NONE_GIVEN)


class Located(Entry):
    """Something at path templates: `paths` for every system, plus those of one system."""

    paths: tuple[str, ...] = ()
    linux: tuple[str, ...] = ()
    macos: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()

    def on(self, os: str) -> tuple[str, ...]:
        """The path templates that hold on this system."""
        return tuple(path for given in (*self.paths, *getattr(self, os)) for path in expanded(given, os))


class Fact(Entry):
    """Where a statement comes from, and when it was checked against that."""

    source: str
    checked: str
    confidence: Literal["verified", "reported"] = "verified"
