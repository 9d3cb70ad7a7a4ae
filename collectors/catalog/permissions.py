"""What a catalog entry may say about permissions: where a client's settings stand and what their values mean.

A value is looked up by its text; `true` and `false` stand for booleans, `{}` for a table, `'true'` and `'false'` for
texts that spell a boolean (preference domains), `1` and `0` for numbers (the registry). `unset` means that the
value says nothing; a value that is not listed is unknown. Where several places of one file say something, the least
safe counts.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from agent.records import DefinitionScope
from agent.records.posture import ApprovalMode, Effect, Network, Sandbox
from collectors.catalog.base import Entry, Fact, Format, Located
from collectors.catalog.version_numbers import padded, release

Unset = Literal["unset"]
Shape = Literal["bool", "text", "number", "list", "table", "any"]


class ModeAt(Entry):
    """Where the approval mode stands."""

    at: str
    values: dict[str, ApprovalMode | Unset] = Field(default_factory=dict)
    read: str = ""
    """Instead of `values`: the function of `collectors.catalog.combined` that reads it."""
    until: dict[str, str] = Field(default_factory=dict)
    """Values that clients from a version on no longer know: what such a client, or one of unknown version, makes of
    them is unknown."""


class SandboxAt(Entry):
    """Where the sandbox is switched."""

    at: str
    values: dict[str, Sandbox | Unset] = Field(default_factory=dict)
    read: str = ""
    """As in `ModeAt`."""


class NetworkAt(Entry):
    """Where the network is switched."""

    at: str
    values: dict[str, Network | Unset] = Field(default_factory=dict)
    read: str = ""
    """As in `ModeAt`."""


class RulesAt(Entry):
    """Where rules stand: each value at the path is one."""

    at: str
    syntax: str
    """The function of `collectors.catalog.rule_syntax` that reads one."""
    effect: Effect | None = None
    """Null where the rule itself says it."""
    values: dict[str, Effect | Unset] = Field(default_factory=dict)
    """What the values mean where the last captured key is what the rule is about."""
    switch: str = ""
    """Where it stands in the same file whether such rules count: false is no."""
    priority: dict[str, int] = Field(default_factory=dict)
    """By layer, `*` for the others: what is added to the rule's own number, where the client orders rules by one."""


class ServerRulesAt(Entry):
    """Where it stands which MCP servers may start."""

    at: str
    effect: Literal["approve", "deny", "only", "on", "off"] | None = None
    """`on` and `off`: a switch that is kept here and not in the server's own entry."""
    values: dict[str, Literal["approve", "deny", "on", "off", "unset"]] = Field(default_factory=dict)
    """What the value means, where it is not the name."""
    read: str = ""
    """Instead of `values`: the function of `collectors.catalog.switch_syntax` that reads it."""
    about: Literal["value", "key", "entry", "any", "extension", "file"] = "value"
    """What is named: a server by the value, by the last captured key, by a table of name, command or URL; any server;
    a plug-in by the last captured key, or by the last `*` of the file's path."""
    names: Literal["name", "folded", "glob"] = "name"
    """How a name is compared: as written, in whatever case, or with `*` and `?` in it."""


class TrustAt(Entry):
    """Where trusted folders stand: the last captured key is the folder, or without `values` the value itself."""

    at: str
    values: dict[str, Literal["folder", "parent", "untrusted", "unset"]] = Field(default_factory=dict)


class LimitAt(Entry):
    """A lock-down: what may be chosen at all. Several values permit what any of them permits."""

    at: str
    modes: dict[str, tuple[ApprovalMode, ...]] = Field(default_factory=dict)
    sandboxes: dict[str, tuple[Sandbox, ...]] = Field(default_factory=dict)
    forbids: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Modes, as the client spells them, that a value forbids."""


class SettingsFile(Located):
    """Where a file with such settings lies, and whose word it is."""

    scope: DefinitionScope
    format: Format = "json"
    fallback: bool = False
    """An administrator's defaults: every other layer wins over them."""
    only_loosens: bool = False
    """Whoever uses the client can write it although it speaks for others, or the client does not always obey it: it
    counts only as far as it loosens."""
    started: bool = False
    """A start of the client brings it in: it is stronger than all but what an administrator enforces."""
    shared: bool = False
    """It is another client's file as well, so that it is no sign of this one."""
    hidden: bool = True
    """Whether the client reads files whose name begins with a dot, where the path is a pattern."""


class Posture(Fact):
    """Permission settings that stand in the same way in one or several files."""

    file: tuple[SettingsFile, ...]
    at: str = ""
    """Where the settings start; for scope `local` a captured key is the project. All paths below are relative to it."""
    mode: tuple[ModeAt, ...] = ()
    sandbox: tuple[SandboxAt, ...] = ()
    network: tuple[NetworkAt, ...] = ()
    rules: tuple[RulesAt, ...] = ()
    servers: tuple[ServerRulesAt, ...] = ()
    trusted: tuple[TrustAt, ...] = ()
    limit: tuple[LimitAt, ...] = ()
    tells: tuple[str, ...] = ()
    """Key paths of plain values that a policy may require: they are told as they are."""
    env_at: str = ""
    """Where environment variables of the agent and of all that it starts are set."""
    profile: Literal["", "file", "key"] = ""
    """Settings of one of the client's profiles or agents, named by the file or by the last captured key of `at`: they
    count only where that one is chosen."""
    profile_at: str = ""
    """Where it stands which profile is chosen."""
    shape: dict[Shape, tuple[str, ...]] = Field(default_factory=dict)
    """By the type they must have all keys that the client knows: of another type, the client ignores the whole file;
    `any` is for those of which that is not known. A key beside them that nobody classified is told."""
    strict_modes: bool = False
    """A mode that the client does not know makes it ignore the whole file, and it may know more of them than we do: the
    file then counts only as far as it loosens."""
    valid: str = ""
    """The function of `collectors.catalog.validity` that finds what makes the client ignore the whole file."""
    managed_rules_only_at: str = ""
    managed_servers_only_at: str = ""

    @property
    def parts(self) -> tuple[PosturePart, ...]:
        """The settings once for each file."""
        return tuple(PosturePart(file, self) for file in self.file)


class PosturePart(NamedTuple):
    """Permission settings in one of their files."""

    file: SettingsFile
    posture: Posture

    @property
    def scope(self) -> DefinitionScope:
        return self.file.scope

    @property
    def format(self) -> Format:
        return self.file.format

    def on(self, os: str) -> tuple[str, ...]:
        """The path templates that hold on this system."""
        return self.file.on(os)


class Flag(Entry):
    """An argument that sets the posture of one process: `--flag`, or `--flag value`."""

    flag: str
    sets: dict[str, bool | str] = Field(default_factory=dict)
    """Settings, among those that are told, that it stands for."""
    mode: ApprovalMode | None = None
    sandbox: Sandbox | None = None
    network: Network | None = None


class Permissions(Fact):
    """How the client treats its permission settings, and what holds where nobody set any."""

    mode: ApprovalMode = "unknown"
    mode_since: dict[str, ApprovalMode] = Field(default_factory=dict)
    """The mode that holds instead from a version on, where nobody set any; not where it is not known."""
    sandbox: Sandbox = "unknown"
    network: Network = "unknown"
    order: tuple[DefinitionScope, ...] = ("managed", "local", "project", "user")
    """Whose settings win, the strongest first."""
    drop_ins: bool = False
    """Of the files of one layer those in a folder whose name ends in `.d` come after the others, by name, and the later
    wins; otherwise the least safe counts."""
    later: tuple[str, ...] = ()
    """Parts of paths: of the files of one layer those with a later one of these in their path win over the others."""
    project_wins: bool = False
    """Settings in a project are surely in force. Otherwise they may be ignored, in folders that are not trusted or
    altogether: they then count only as far as they loosen."""
    rules: Literal["deny_wins", "last_wins"] = "deny_wins"
    unconfined_bypasses: bool = False
    """Without a sandbox nothing is left to ask for, unless the mode asks always."""
    approves: tuple[DefinitionScope, ...] = ()
    """Scopes whose servers start only when somebody approved them."""
    unapproved: Literal["pending", "unknown"] = "pending"
    """State of such a server of which no file says anything."""
    trust_approves: bool = False
    """Servers of a project are approved by trusting its folder."""
    versions: tuple[str, str] | None = None
    """The oldest and the newest version of the client that all of this, and its postures, were checked against."""
    telemetry: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Settings, among those that are told, with the values that mean that the client reports what it does; `*` is
    any but none."""
    loosens: dict[str, dict[str, ApprovalMode]] = Field(default_factory=dict)
    """Settings, among those that are told, of which a value makes any mode at least this loose: who decides instead of
    a person, whatever else is set and locked down."""
    flag: tuple[Flag, ...] = ()
    command_tools: tuple[str, ...] = ()
    """Tools that run any command, by the names that rules use."""
    edit_tools: tuple[str, ...] = ()
    """Tools that change any file."""
    command_servers: tuple[str, ...] = ()
    """Built-in servers whose tools run any command."""
    command_rules: Literal["exact", "prefix"] = "exact"
    """`prefix`: a rule for a command is one for all that begins with it."""
    tool_globs: bool = True
    """Whether names of tools may be patterns, and a star alone stands for all tools."""
    server_tools: dict[ApprovalMode, Literal["allowed", "ask", "denied"]] = Field(default_factory=dict)
    """What happens, by mode, to a tool of an MCP server that no rule is about; a mode that is not here is not known."""
    server_tools_read_only: Literal["allowed", "ask"] | None = None
    """The same where the tool declares to change nothing and the client believes it."""
    strictest: bool = False
    """Of several layers the strictest mode counts, not the strongest."""
    unmatched: dict[str, Effect] = Field(default_factory=dict)
    """For `last_wins`: what the client itself decides before any rule, by tool; with this the rules are the mode."""
    profile: str | None = None
    """The profile or agent that runs where none is chosen."""
    profile_flags: tuple[str, ...] = ()
    """Options that choose another one for a process."""

    def default_mode(self, version: str | None) -> ApprovalMode:
        """What holds in this version where nobody set a mode."""
        runs, mode = release(version or ""), self.mode
        for since, later in self.mode_since.items() if runs else ():
            start = release(since)
            if runs and start and padded(runs) >= padded(start):
                mode = later
        return mode

    @model_validator(mode="after")
    def _known_scopes(self) -> Permissions:
        if len(set(self.order)) != len(self.order):
            raise ValueError("a scope stands twice in the order")
        return self
