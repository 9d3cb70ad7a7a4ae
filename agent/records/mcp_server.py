"""An MCP server definition as one client holds it."""

from typing import ClassVar, Literal, Self, Unpack

from agent.records.ai_agent import Sanction
from agent.records.base import AccountableBy, Attributed, Part, Record
from agent.records.data_source import DataSource
from agent.records.launch_file import LaunchFile
from agent.records.package_on_disk import PackageOnDisk

Transport = Literal["stdio", "http", "sse", "ws", "unknown"]
ProgramOrigin = Literal["registry", "git", "container", "local", "remote", "unknown"]
"""registry: a package of npm, PyPI and the like; local: a program or script on disk; remote: a URL, a bridge's too."""
DefinitionScope = Literal["managed", "user", "local", "project", "extension"]


class Source(Part):
    """Where in which file a definition stands."""

    path: str
    """The file, as the observed machine names it."""
    key: str
    """Key path of the entry, such as `mcpServers.github`; in a list the name stands for the index."""


class ServerConclusions(Attributed, total=False):
    """What is concluded of a definition."""

    transport: Transport
    command: str | None
    args: tuple[str, ...]
    package: str | None
    pinned: bool | None
    url: str | None
    remote_url: str | None
    launch_file: LaunchFile | None
    on_disk: tuple[PackageOnDisk, ...]
    env_names: tuple[str, ...]
    header_names: tuple[str, ...]
    inline_secret: bool
    launch_hash: str
    data: tuple[DataSource, ...]
    enabled: bool
    shadowed_by: tuple[str, ...]
    effective: bool
    running: bool | None
    origin: ProgramOrigin
    publisher_known: bool | None
    sanction: Sanction


class McpServer(Record):
    """One definition of one MCP server. The same server in five clients is five of these."""

    kind: Literal["mcp_server"] = "mcp_server"
    agent: str
    """Catalog id of the client that holds the definition."""
    name: str
    """As the definition is called in its file."""
    scope: DefinitionScope
    """`local` is for one project and private to the user."""
    project: str | None = None
    """Folder of the project for scopes `project` and `local`."""
    extension: str | None = None
    """Plugin or extension that brings it, for scope `extension`."""
    transport: Transport
    """How the client talks to it; `unknown` where the definition does not say."""
    command: str | None = None
    """Program that is started, as the definition names it; null for a URL."""
    args: tuple[str, ...] = ()
    """Arguments with secrets replaced by `<redacted>`; placeholders such as `${VAR}` are kept."""
    package: str | None = None
    """Package URL (purl), with the version only where one is named."""
    pinned: bool | None = None
    """True for an exact version, commit, tag or digest; null where no package is known."""
    url: str | None = None
    """Without userinfo, query, fragment and secret path segments."""
    remote_url: str | None = None
    """Where a stdio bridge such as mcp-remote connects to, redacted like `url`."""
    launch_file: LaunchFile | None = None
    """For stdio: the absolute path it names; null where it names none."""
    on_disk: tuple[PackageOnDisk, ...] = ()
    """Copies of its package on the machine, where launchers and installers usually keep them; empty: none was seen."""
    env_names: tuple[str, ...] = ()
    """Names of the environment variables that the definition sets or passes on, never values."""
    injects: tuple[str, ...] = ()
    """Those of its environment variables that load other code into what it starts, or take the checks off its
    connections: as far as names and values tell."""
    header_names: tuple[str, ...] = ()
    """Names of the HTTP headers that it sets, never values."""
    enabled: bool = True
    """False where a switch that its client reads is off, in the entry or elsewhere."""
    shows: tuple[str, ...] | None = None
    """The only tools of it that its client shows to the model, by name or pattern; null for all."""
    hides: tuple[str, ...] = ()
    """Tools of it that its client does not show, by name or pattern."""
    loaded: bool = True
    """False where its client drops the entry as it is written; the diagnostic `definition.not_loaded` says why."""
    inline_secret: bool = False
    """True when a secret stands in clear text in env, headers, arguments or URL."""
    data: tuple[DataSource, ...] = ()
    """What it reaches, as far as its definition or its connections show; empty means that nothing is known."""
    launch_hash: str
    """SHA-256 over transport, command, args, URL, env names and header names."""
    shadowed_by: tuple[str, ...] = ()
    """Ids of the definitions of the same name that win over this one: in their project, or everywhere."""
    effective: bool = True
    """False when it is off, not loaded, refused, or shadowed wherever it would apply."""
    running: bool | None = None
    """True when an instance was joined to it; null when processes were not looked at."""
    source: Source
    """Where the definition stands."""
    origin: ProgramOrigin = "unknown"
    """Where the program comes from that it starts or talks to."""
    publisher_known: bool | None = None
    """Whether the MCP registry knows its package or URL: who published it, not that it is safe. Null where no registry
    snapshot was given, or where it has neither package nor URL."""
    sanction: Sanction = "unknown"
    """What the organisation's policy says of it; only that vets."""
    accountable: str | None = None
    """The person who answers for it; null where nobody is known to."""
    accountable_by: AccountableBy | None = None
    """How that person is known; null where nobody is."""

    IDENTITY: ClassVar[tuple[str, ...]] = ("owner", "agent", "scope", "source.path", "source.key")

    @property
    def called(self) -> tuple[str, ...]:
        """What its client may call it: a plug-in's server also together with the plug-in."""
        if self.extension is None:
            return (self.name,)
        return self.name, f"plugin:{self.extension.partition('@')[0]}:{self.name}"

    def changed(self, **fields: Unpack[ServerConclusions]) -> Self:
        return self._changed(fields)
