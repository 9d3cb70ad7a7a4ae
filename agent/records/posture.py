"""What an agent may do without asking: as its files say, as it follows from them, and as it was seen to run."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, Self, TypedDict, TypeVar, Unpack

from agent.records.base import Part, Record
from agent.records.mcp_server import Source

# Each of these three is ordered from safe to unsafe; `unknown` stands where it may hide what is worse.
ApprovalMode = Literal["asks_always", "asks_risky", "unknown", "auto_approves", "bypasses"]
"""asks_always: whatever could change anything waits for a person or is refused. asks_risky: what the client holds
harmless runs unasked. auto_approves: edits, commands or tools run unasked. bypasses: the checks are switched off."""
Sandbox = Literal["full", "partial", "unknown", "none"]
"""full: nothing outside can be written. partial: some tools, or a folder outside, are exempt."""
Network = Literal["off", "restricted", "unknown", "on"]
"""What commands of the agent can reach."""

Effect = Literal["allow", "ask", "deny"]
Subject = Literal["tool", "server", "path", "command", "domain", "unknown"]
SetBy = Literal["managed", "user", "project", "local", "flag", "default", "session"]
"""`local`: a file for one project that the client writes for its user; `default`: the client's own, nobody set it;
`session`: so it ran as its transcript says, whoever set it."""

T = TypeVar("T", bound=str)


def least_safe(order: Sequence[T], values: Iterable[T]) -> T | None:
    """The value that stands last in an order from safe to unsafe; None of none."""
    return max(values, key=order.index, default=None)


class Rule(Part):
    """One thing that is allowed, asked for or denied."""

    effect: Effect
    """What happens to what the rule fits: it runs unasked, a person is asked, or it is refused."""
    subject: Subject
    """tool: a tool, `server/tool` for one of an MCP server; server: all tools of an MCP server."""
    pattern: str
    """In the client's own pattern language, without secrets."""
    tool: str | None = None
    """The client's tool that a path, command or domain is about."""
    set_by: SetBy
    """The layer that the rule stands in."""
    priority: int | None = None
    """Of those that fit a call, the rule with the highest number decides; null where the client has no such order."""


class ServerRule(Part):
    """What a layer says about starting MCP servers."""

    effect: Literal["approve", "deny", "only", "on", "off"]
    """`only`: no other servers than these may run. `on` and `off`: a switch, whoever approved."""
    match: Literal["name", "folded", "glob", "extension", "command", "url", "any", "none", "unknown"]
    """What `pattern` is compared with: `folded` is the name in whatever case, `glob` the name with `*` and `?`,
    `extension` the plug-in that brings it, `command` the redacted argv, `unknown` an entry that was not understood."""
    pattern: str = ""
    """In the client's own pattern language, without secrets; empty for `any` and `none`."""


class PostureConclusions(TypedDict, total=False):
    """What is concluded of a posture."""

    approval_mode: ApprovalMode | None
    profile: str | None
    only_loosens: bool
    set_by: SetBy


class Setting(Part):
    """A setting that a policy may require, as the client spells it."""

    key: str
    """Key path in the client's settings."""
    value: bool | int | str
    """Short, and redacted; `{}` for a table."""
    set_by: SetBy
    """Layer that it stands in."""


class Posture(Record):
    """What an agent may do without asking: as one file says, as it is in effect, or as it was seen to run."""

    kind: Literal["posture"] = "posture"
    basis: Literal["configured", "effective", "observed"]
    """configured: one file; effective: after the client's precedence; observed: the arguments of a process, or
    the least safe that transcripts of a project's last sessions say (then `set_by` is `session`, and the evidence is
    the transcript and when it said so)."""
    agent: str
    """Catalog id of the client."""
    project: str | None = None
    """Null for what holds outside of the projects that say otherwise."""
    set_by: SetBy
    """Layer of a configured posture; of an effective one, who decided its approval mode."""
    approval_mode: ApprovalMode | None = None
    """Null where this layer does not say."""
    sandbox: Sandbox | None = None
    """What its commands can write; null where this layer does not say."""
    network: Network | None = None
    """What its commands can reach; null where this layer does not say."""
    rules: tuple[Rule, ...] = ()
    """In the client's order; of an effective posture the rules of weaker layers come first."""
    servers: tuple[ServerRule, ...] = ()
    """What this layer says about starting MCP servers."""
    trusted_folders: tuple[str, ...] = ()
    """Folders that it takes for trusted without asking."""
    untrusted_folders: tuple[str, ...] = ()
    """Folders that it takes for untrusted."""
    permitted_modes: tuple[ApprovalMode, ...] | None = None
    """A lock-down: no other mode can be chosen. Null where there is none."""
    permitted_sandboxes: tuple[Sandbox, ...] | None = None
    """A lock-down: no other sandbox can be chosen. Null where there is none."""
    managed_rules_only: bool = False
    """Rules of other layers than managed ones do not count."""
    managed_servers_only: bool = False
    """Lists of permitted servers of other layers than managed ones do not count."""
    fallback: bool = False
    """An administrator's defaults: every other layer wins over them."""
    flags: tuple[str, ...] = ()
    """Of an observed posture, and of one that a command line at rest sets: the arguments that it follows from."""
    instance_id: str | None = None
    """Of a posture that was observed at a process: the id of its instance."""
    client_version: str | None = None
    """Of an effective posture the version of the client that it was concluded for, of an observed one the version that
    wrote the last transcript; null where it is not known."""
    version_known: bool | None = None
    """Of an effective posture: whether the client's permissions were checked against versions like that one: none older
    than the first that was checked, none of a newer major version (0.x: minor) than the last. What it says of another
    is what holds for those that were checked. Null where version or range is not known."""
    mode_name: str | None = None
    """Of a configured posture: its approval mode as the client spells it."""
    forbidden_modes: tuple[str, ...] = ()
    """Of a configured posture: modes, as the client spells them, that are locked out: such a setting does not count."""
    profile: str | None = None
    """Of a configured posture: the client's profile or agent that it is about; it counts where that one is chosen. Of
    an effective one: the one that is."""
    chosen_profile: str | None = None
    """Of a configured posture: the profile or agent that it chooses."""
    only_loosens: bool = False
    """Of a configured posture: it stands where it need not be obeyed or where others may write, so it counts only as
    far as it loosens."""
    mode_until: str | None = None
    """Of a configured posture: clients from this version on no longer know the approval mode that is set here, so for
    them, and where the version is not known, the effective one is unknown. Null where all do."""
    settings: tuple[Setting, ...] = ()
    """Those that a policy may require; of an effective posture what is in force after the client's precedence."""
    injects: tuple[str, ...] = ()
    """Names of environment variables that are set for the agent and load other code, or take the checks off its
    connections."""
    unknown: tuple[str, ...] = ()
    """Key paths whose value was not understood."""
    unclassified: tuple[str, ...] = ()
    """Of a configured posture: keys that nobody has looked at whether they decide what the agent may do."""
    source: Source | None = None
    """The file of a configured posture, and of an effective one the file that decided its approval mode."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "project", "basis", "place")

    @property
    def place(self) -> tuple[str | None, ...]:
        """What tells postures of one basis apart: the place in a file, or the process."""
        if self.basis == "configured" and self.source:
            return self.source.path, self.source.key, self.set_by
        return (self.instance_id,)

    def changed(self, **fields: Unpack[PostureConclusions]) -> Self:
        return self._changed(fields)
