"""What a catalog entry may say: one TOML file is one AI client, and nothing about a client stands anywhere else.

Path templates: `~` is the home, `{config}` the per-user application folder (`~/.config`, `~/Library/Application
Support`, `%APPDATA%`), `{data}` the per-user data folder (`~/.local/share`, `~/Library/Application Support`,
`%LOCALAPPDATA%`), `{appdata}` is `%APPDATA%`, `{project}` a project folder, `{extension}` a plug-in folder.
`{editor}` is the `User` folder of every build of every editor made from VS Code's source, `{editor:vscode}` those of
one (`editors.toml`). `*` matches within one path component. Paths use forward slashes on every system. `{managed}` is
the account's folder of managed preferences (macOS); `HKLM/…` and `HKCU/…` are registry keys, and `#name` at the end
means the text of that value of a property list or key. A `.plist` is a property list and a key a map of its values,
whatever `format` says.

Key paths (`at`): components separated by dots; `*` matches every key and is captured; `[]` steps into each element
of a list; a literal key that contains dots is found too (`mcp.servers`). An empty path is the document itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.records import DefinitionScope, Transport
from collectors.catalog.actions import Actions
from collectors.catalog.base import Entry, Fact, Format, Located
from collectors.catalog.brings import Brings
from collectors.catalog.permissions import Permissions, Posture
from collectors.catalog.telemetry import Telemetry
from collectors.catalog.tools import ToolsAt
from collectors.catalog.transcripts import Transcript

RootFormat = Literal["json", "toml", "yaml", "xml", "sqlite"]


class ServersAt(Entry):
    """Where in a document the server definitions stand."""

    at: str
    scope: DefinitionScope | None = None
    """Overrides the scope of the file; for `local` the captured key is the project."""
    flat: bool = False
    """The map has no wrapper key: only entries that look like a server count, and only if `at` elsewhere found none."""
    single: bool = False
    """What stands there is one server, not a map of them."""
    name_at: str = ""
    """For `single`: key path of the server's name in the document; without one the file's stem is the name."""
    untyped_url: Transport | None = None
    """As in `Dialect`, where the entries here differ from all others of the client."""
    unnamed: str = ""
    """What the client calls an entry of a list that has no name."""


class Dialect(Entry):
    """How the client's server entries differ from the common form."""

    untyped_url: Transport = "http"
    """Transport of an entry with a `url` and no type."""
    skip_types: tuple[str, ...] = ()
    """Entry types that are built into the client and are no MCP servers."""
    types: dict[str, Transport] = Field(default_factory=dict)
    """Further names of transports."""
    off: dict[str, bool] = Field(default_factory=dict)
    """The keys of an entry that switch its server off, each with the value that does; a dot leads into a map. Other
    keys that look like a switch are believed of no client."""
    urls: tuple[str, ...] | None = None
    """The keys of an entry that hold its URL, where the client is known to read no others; empty: it loads no URL."""
    commands: tuple[str, ...] | None = None
    """The keys of an entry that hold its command, where the client is known to read no others."""
    strict: bool = False
    """An entry whose command is no text, whose arguments are no list or whose variables are no texts is not loaded."""
    type_keys: tuple[str, ...] = ("type", "transport")
    """The keys that name an entry's transport."""
    url_first: bool = False
    """Of an entry with a command and a URL the client uses the URL."""
    typed_urls: bool = False
    """An entry with a URL and without a type is not loaded."""
    known_types: tuple[str, ...] | None = None
    """An entry of another type than these is not loaded."""
    tokens: tuple[str, ...] = ()
    """Further keys whose text is sent as a bearer token."""
    needs: tuple[str, ...] = ()
    """Keys without which an entry is not loaded."""
    shows: tuple[str, ...] = ()
    """Keys of an entry that list the only tools which the model gets to see; an empty list counts as all."""
    hides: tuple[str, ...] = ()
    """Keys that list tools which it does not."""
    merges: bool = False
    """An entry that says only part of a server is completed by the entry of that name in the next weaker layer."""
    source: str = ""
    """Where all this is seen."""


class Condition(Entry):
    """A setting that decides whether another file counts."""

    file: str | tuple[str, ...]
    """Path template of the file with the setting, or several."""
    at: tuple[str, ...]
    """Key paths: true at one of them means yes."""


class Catalogue(Located):
    """Files of the same format in which servers are described by name."""

    at: str
    """Key path of the map of descriptions."""


class ConfigFile(Located, Fact):
    """A file that holds server definitions, settings or both."""

    scope: DefinitionScope
    format: Format = "json"
    """`json` is read leniently: comments, trailing commas and a byte order mark are no errors."""
    servers: tuple[ServersAt, ...] = ()
    dialect: Dialect | None = None
    """How entries are read here, where that is not how the client reads them elsewhere."""
    shared: bool = False
    """The file belongs to another client too: it counts for this one only where this one is present."""
    extension_at: int = 1
    """For plug-in folders right in a known place: which `*` of the path is the plug-in's name."""
    above: bool = False
    """For templates of a project: the client also reads it in every folder above the one it works in."""
    named_at: str = ""
    """Key path of a text or a list of texts that name further files with servers, relative to the plug-in's folder."""
    catalogue: Catalogue | None = None
    """Files that describe the servers which entries here only name."""
    last_resort: bool = False
    """Counts only for a file that no other client reads, and says nothing but the servers that it finds."""
    only_if: Condition | None = None
    """A setting without which the client does not read the file."""

    @property
    def named(self) -> ConfigFile:
        """How a file is read that this one names."""
        return self.model_copy(update={"named_at": "", "format": "json", "servers": _NAMED})


_NAMED = (ServersAt.model_construct(at="mcpServers"), ServersAt.model_construct(at="", flat=True))
SERVERS_OF_A_START = ConfigFile.model_construct(scope="user", servers=_NAMED, source="see `Brings`", checked="")
"""How a file is read that brings in servers and is like no other file of the client."""


class Roots(Located, Fact):
    """A file of the client's own state that names project or plug-in folders."""

    kind: Literal["project", "extension"]
    format: RootFormat = "json"
    at: str = ""
    """Key path of the folders; for `sqlite` it is `table.column`, for `xml` it is `element@attribute`."""
    take: Literal["value", "key", "file"] = "value"
    """`key`: the map's keys are the folders; `file`: what is named lies in the folder."""
    only: dict[str, str] = Field(default_factory=dict)
    """Texts that must stand at these key paths: otherwise the file names no folder that is used."""
    shared: bool = False
    """Others keep the file too: that it is there does not show that the client is."""


class Listing(Located, Fact):
    """A file that says where the client keeps marketplaces: they describe the plug-ins that do not do so themselves."""

    at: str
    """Key path of a marketplace's folder; the first `*` captures its name. Plug-ins are labelled `name@marketplace`."""
    file: str
    """The file in that folder that lists the plug-ins."""
    entries: str = "plugins"
    """Key path of the list of them, each with a `name`."""
    servers: str = "mcpServers"
    """Key of an entry that holds servers, or names files with servers within the plug-in."""
    unless: str
    """File of a plug-in that describes it in place of the marketplace."""


class Install(Located, Fact):
    """Paths and packages whose existence shows that the client is installed, for one user or for the machine."""

    packages: tuple[
        Annotated[str, Field(pattern=r"^(npm|pypi|vscode|jetbrains|deb|rpm|brew|cask|winget):\S+$")], ...
    ] = ()
    """`ecosystem:name`; `collectors.locate.ecosystems` knows where each ecosystem puts its packages."""


class Artifact(Located, Fact):
    """Something besides servers that steers or extends the client: only its name, hash, size and place are told."""

    kind: Literal["skill", "subagent", "command", "rule", "hook", "plugin", "marketplace"]
    scope: DefinitionScope
    format: Format = "json"
    at: str | None = None
    """Key path of the entries in a configuration file; without one each file is an artifact, named by the last `*`
    of its path, else by its stem."""
    take: Literal["value", "key"] = "value"
    """`key`: the map's keys are the names."""
    extension_at: int = 1
    """As in `ConfigFile`."""
    also_at: tuple[str, ...] = ()
    """Further key paths, each of one entry that is named by its key: programs that are no events, but run as well."""
    program_at: tuple[str, ...] = ()
    """For hooks: keys of the command line within an entry; an entry that is a text is the command line itself."""


class Provider(Located, Fact):
    """Where a configuration file names model providers and default models; keys are never read."""

    scope: DefinitionScope
    format: Format = "json"
    at: str
    """Key path of the provider entries; the first `*` captures the provider's id."""
    id_at: str = ""
    """Key path, within an entry, of the provider's id, where the path to the entry captures none."""
    id: str | None = None
    """Id where nothing names one."""
    url_at: tuple[str, ...] = ()
    """Key paths, within an entry, of the base URL; the first that is there counts."""
    model_at: tuple[str, ...] = ()
    """Key paths, within an entry, of default models: texts, or maps whose keys are the models."""


class SignedIn(Located, Fact):
    """A file in which the client keeps, apart from tokens, who is signed in."""

    format: Format = "json"
    at: str
    """Key path of the e-mail address or user name; nothing else of the file is read."""


class Override(Fact):
    """An environment variable of the running client that moves its files."""

    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    replaces: str
    """Start of the path templates that the value of the variable takes the place of."""


class Manifest(Fact):
    """Dependencies in a project's manifest that show the framework is used there."""

    packages: tuple[Annotated[str, Field(pattern=r"^(npm|pypi):\S+$")], ...]

    def on(self, os: str) -> tuple[str, ...]:
        """The manifests that are read; the same on every system."""
        return ("{project}/package.json", "{project}/pyproject.toml", "{project}/requirements.txt")


class Namesake(Fact):
    """A name of the client's executable that programs of others have too, wherever they are installed.

    A process of that name is the client only with a second sign: an argument that is the client's own, or files of the
    client in the home of the process' owner. Name and second sign together are `confirmed`; the name alone is nothing.
    A file of that name where the client's installer puts it makes an agent that is `inferred`.
    """

    exe: str
    """Exact base name, without `.exe`."""
    arguments: tuple[str, ...] = ()
    """First arguments that only the client takes; those that start with `--` count anywhere."""
    others: tuple[str, ...] = ()
    """Arguments that only the others take: where there is one, nothing but the client's own first argument counts."""


class Process(Entry):
    """How a running process of the client is recognised; any one suffices."""

    exe: tuple[str, ...] = ()
    """Exact base names of the executable, without `.exe`, when that name is the client's alone."""
    packages: tuple[str, ...] = ()
    """`npm:name` or `pypi:name` of the package that the running script lies in."""
    paths: tuple[str, ...] = ()
    """Path fragments of the executable or of the script, starting and ending at a path separator."""
    namesake: tuple[Namesake, ...] = ()
    commands: tuple[str, ...] = ()
    """Further names that scripts and people start it by; no process is recognised by them."""
    bypass: tuple[str, ...] = ()
    """Arguments that switch approvals or the sandbox off: `--flag`, or `--flag value` for one value of it."""
    bypass_within: tuple[str, ...] = ()
    """`--flag text`: arguments that do so where the text is one of the values, or stands in a value that is JSON."""
    bypass_variables: tuple[str, ...] = ()
    """Environment variables that do so where they are set to anything but nothing, `0` or `false`."""
    shown: tuple[str, ...] = ()
    """Arguments that hold nothing that a person wrote: a subcommand, `--flag`, or `--flag value` where `*` stands for
    any value without a blank. All others are counted and not told; those that set permissions need not stand here."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the client is started by, but those that programs of others have too."""
        packages = (package.rpartition("/")[2].rpartition(":")[2] for package in self.packages if "*" not in package)
        named = [name for name in packages if name not in _ANYBODYS]
        programs = [path[:-1] for path in self.paths if path.endswith("/") and "/bin/" in path[:-1]]
        return (*self.exe, *named, *(path.rpartition("/")[2].removesuffix(".exe") for path in programs))


_ANYBODYS = frozenset({"agent", "cli", "code"})
"""What packages call themselves within their scope, as in `@scope/cli`, and programs of all kinds do too."""


class Client(Entry):
    """One AI client."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    vendor: str
    kind: Literal["cli", "ide", "desktop", "extension", "gateway", "runtime", "framework", "standard"]
    """`standard`: files that several clients agree on and that belong to none."""
    formerly: tuple[str, ...] = ()
    install: tuple[Install, ...] = ()
    config: tuple[ConfigFile, ...] = ()
    roots: tuple[Roots, ...] = ()
    listing: tuple[Listing, ...] = ()
    process: Process = Process.model_construct()
    dialect: Dialect = Dialect.model_construct()
    artifact: tuple[Artifact, ...] = ()
    provider: tuple[Provider, ...] = ()
    signed_in: tuple[SignedIn, ...] = ()
    posture: tuple[Posture, ...] = ()
    permissions: Permissions | None = None
    transcript: tuple[Transcript, ...] = ()
    actions: Actions | None = None
    telemetry: tuple[Telemetry, ...] = ()
    """A second source of actions: what the client itself sends when it is told to."""
    tools: tuple[ToolsAt, ...] = ()
    override: tuple[Override, ...] = ()
    brings: tuple[Brings, ...] = ()
    manifest: tuple[Manifest, ...] = ()
    precedence: tuple[DefinitionScope, ...] = ("managed", "local", "project", "user", "extension")
    """Which definition of a name wins where several apply, the strongest first."""
    exclusive: bool = False
    """Servers defined in managed scope, where there are any, are the only ones the client loads."""
    gateway: tuple[Annotated[str, Field(pattern=r"^(npm|pypi|oci|command):\S.*$")], ...] = ()
    """Packages, or commands with up to two further words, that as a server in another client stand for all servers of
    this gateway."""
