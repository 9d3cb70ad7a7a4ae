"""Everything that the clients of one account would read: surveyed as a whole, cheap enough to survey again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from agent.records import Diagnostic, Evidence
from collectors.catalog.client import ConfigFile, Manifest, Roots
from collectors.contract import Context, Observation
from collectors.locate.brought import Brought, BroughtFile, brought
from collectors.locate.further import condition_files, is_met, named_files
from collectors.locate.interest import NAME, Interest, Root
from collectors.locate.listings import listed
from collectors.locate.manifests import dependencies
from collectors.locate.overrides import moved, moved_at_rest, moved_by_packaging, moved_by_starts
from collectors.locate.path_index import CUT, Found, Node, PathIndex
from collectors.locate.presence import Installation, configured, installations
from collectors.locate.projects import around, distinct, folders_above, mounted_roots, named_roots, working_roots
from collectors.locate.starts import Start, starts
from collectors.locate.unclaimed import unclaimed
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError
from collectors.sources.filesystem.project_walk import find_projects
from collectors.sources.formats.documents import UnparseableError

Severity = Literal["info", "warning", "error"]
_MOST_ABOVE = 1_000
_OF_THE_WALK = ("walk.truncated", "walk.unreadable")


@dataclass(slots=True)
class HomeScan:
    """The files of one home, or with `home` None of the machine. A cache: `survey` makes it anew."""

    home: Home | None
    files: dict[str, list[Interest]] = field(default_factory=dict)
    """Existing files, with who reads each and as what."""
    folders: dict[str, Node] = field(default_factory=dict)
    """Existing folders in which such files lie or may appear."""
    named: dict[str, frozenset[Root]] = field(default_factory=dict)
    """Project and plug-in folders by the state file that names them."""
    _named_before: dict[str, frozenset[Root]] = field(default_factory=dict)
    _names: int = 0
    """Looked through so far."""
    consulted: set[str] = field(default_factory=set)
    """Files that decide which others are read."""
    frameworks: dict[str, frozenset[str]] = field(default_factory=dict)
    """Catalog ids of the agent frameworks a project depends on, by manifest."""
    starts: tuple[Start, ...] = ()
    """How the clients of this home are started."""
    brought: tuple[Brought, ...] = ()
    """What these starts bring in."""
    read: dict[str, tuple[list[Interest], Observation]] = field(default_factory=dict)
    """What each file said when it was last read, and to whom."""
    read_before: frozenset[str] = frozenset()
    """Files that the last full collection read."""
    walked: tuple[Root, ...] = ()
    installs: dict[str, tuple[Installation, ...]] = field(default_factory=dict)
    troubles: dict[tuple[str, str], Diagnostic] = field(default_factory=dict)
    """What could not be looked into, by code and path."""
    closed: dict[str, Diagnostic] = field(default_factory=dict)
    """Folders that are there and could not be looked into: what lies in them is unknown."""

    @property
    def owner(self) -> str:
        return self.home.owner if self.home else ""

    def walk(self, context: Context) -> None:
        """Look for projects that no client remembers; not part of `survey`, as it is what costs most."""
        if self.home is None or self.home.account == "service":
            return
        self.troubles = {key: trouble for key, trouble in self.troubles.items() if key[0] not in _OF_THE_WALK}
        try:
            walk = find_projects(context.files, self.home, context.catalog.project_markers, context.limits)
        except FileNotFoundError:
            self.walked = ()
        except UnreadableError as error:
            # What was found before may still be there: it is looked at by name.
            self._trouble(context, self.home.path, "walk.unreadable", error.message)
        else:
            self.walked = tuple(Root("project", path, context.files.shown(path)) for path in walk.projects)
            self.walked += tuple(mounted_roots(context, self.home))
            if walk.truncated:
                self._trouble(context, self.home.path, "walk.truncated", walk.truncated)

    def survey(self, context: Context, places: PathIndex, others: Iterable[tuple[PathIndex, str]] = ()) -> None:
        """Find what exists: known places of the home, the folders its state files name, then what lies in those.

        `others` are folders of the home that are laid out as on another system, with the places of that one.
        """
        self.troubles = {key: trouble for key, trouble in self.troubles.items() if key[0] in _OF_THE_WALK}
        before, self._named_before = self.files, self.named
        self.files, self.folders, self.named, self.frameworks, self.closed = {}, {}, {}, {}, {}
        self._names = 0
        self._add(context, places.of_home(context, self.home) if self.home else places.of_machine(context))
        if self.home:
            for layout, folder in others:
                self._add(context, layout.of_layout(self._rest(context), self.home, folder))
            self.starts = tuple(starts(context, self.home))
            moves = [*moved(context, self.home.owner), *moved_at_rest(context, self.home, self.walked)]
            moves += (*moved_by_packaging(context, self.home), *moved_by_starts(self.home, self.starts))
            for client, replaces, folder, _ in moves:
                self._add(context, places.of_moved(self._rest(context), self.home, client, replaces, folder))
            self.brought = tuple(brought(context, self.home, self.starts))
            for path in list(self.files):
                self._name(context, path)
            self._add_roots(context, places)
            self._add_brought(context, self.home)
            self._add_further(context)
            for path in self.files:
                self._depend(context, path)
        # What was found in a folder before it was closed may still be read by its name.
        self.files |= {path: before[path] for path in before.keys() - self.files.keys() if self.is_closed(path)}
        self.installs = installations(context, self.home, self.files)

    def _add_brought(self, context: Context, home: Home) -> None:
        """The files that the clients of this home are started with, whoever reads them anyway."""
        for file in self.brought:
            if isinstance(file, BroughtFile) and context.files.exists(file.path, home):
                known = self.files.setdefault(file.path, [])
                known += [interest for interest in file.interests if not _is_read_so(interest, known)]
                folder, _, name = file.path.rpartition("/")
                self.folders.setdefault(folder or "/", Node()).names.setdefault(name, Node())

    def _add_roots(self, context: Context, places: PathIndex) -> None:
        """What lies in the folders that agents work in, that state files name and that the walk found."""
        home, limits = self.home, context.limits
        if home is None:
            return
        named = [root for found in self.named.values() for root in found]
        brought_in = [root for root in self.brought if isinstance(root, Root)]
        groups = [*brought_in, *working_roots(context, home)], named, self.walked
        self._add_around(context, places, [root for group in groups for root in group])
        # What a project names may be projects as well: the folders of a workspace.
        for path in list(self.files):
            if path not in self.named:
                self._name(context, path)
        named = [root for found in self.named.values() for root in found]
        groups = groups[0], named, self.walked
        roots, too_many = distinct(context.files, home, limits.account_projects, *groups)
        if too_many:
            message = f"{too_many} project and plug-in folders were left out: {limits.account_projects} are looked into"
            self._trouble(context, home.path, "budget.projects", message, "error")
        self.brought += tuple(listed(context, home, roots))
        for number, root in enumerate(roots):
            self._add(context, places.of_root(self._rest(context), root.seen_by(home), root))
            if len(self.files) > limits.account_files:
                message = f"{len(roots) - number - 1} project folders were left out: there are too many files in others"
                self._trouble(context, home.path, "budget.files", message, "error")
                return

    def _add_around(self, context: Context, places: PathIndex, roots: Iterable[Root]) -> None:
        """The files that clients find by walking up, in the home and above each project; and a project's own state."""
        home = self.home
        if home is None:
            return
        projects: dict[str, Root] = {}
        for root in sorted(roots, key=lambda root: not root.word_of):
            if root.kind == "project":
                projects[root.path] = Root("project", root.path, context.files.shown(root.path), word_of=root.word_of)
        above = {home.path: Root("project", home.path, context.files.shown(home.path))}
        for root in sorted(projects.values(), key=lambda root: not root.word_of):
            for folder in folders_above(root.path):
                above[folder] = Root("project", folder, context.files.shown(folder), word_of=root.word_of)
        above[home.path] = above[home.path]._replace(word_of=frozenset())
        for folder in sorted(above.keys() - projects.keys())[:_MOST_ABOVE]:
            self._add(context, places.of_above(self._rest(context), above[folder].seen_by(home), above[folder]))
        for path in sorted(projects)[: context.limits.account_projects]:
            root = projects[path]
            self._add(context, places.of_workspace(self._rest(context), root.seen_by(home), root))

    def _add_further(self, context: Context) -> None:
        """Files that the found ones bring in, without those whose clients are told not to read them."""
        home = self.home
        if home is None:
            return
        self.consulted.clear()
        for path, interests in list(self.files.items()):
            for interest in list(interests):
                for named, further in named_files(context, home, path, interest):
                    self.consulted.add(path)
                    self.files.setdefault(named, []).append(further)
                    folder, _, name = named.rpartition("/")
                    self.folders.setdefault(folder, Node()).names.setdefault(name, Node())
        for path, interests in self.files.items():
            counting = [interest for interest in interests if self._counts(context, home, interest)]
            known = [interest for interest in counting if not interest.last_resort]
            self.files[path] = known or counting[:1]

    def _counts(self, context: Context, home: Home, interest: Interest) -> bool:
        condition = interest.part.only_if if isinstance(interest.part, ConfigFile) else None
        if condition is None:
            return True
        paths = condition_files(context, home, condition)
        self.consulted.update(paths)
        return is_met(context, home, condition, paths)

    def knows(self, context: Context, folder: str) -> bool:
        """Whether a folder would be surveyed, as would the repository it lies in, though no agent worked there."""
        if self.home is None:
            return False
        roots = {root.path for found in (*self.named.values(), self.walked) for root in found if root.kind == "project"}
        return all(root.path in roots for root in around(context, self.home, folder))

    def exceeded(self, context: Context, what: str) -> None:
        """Note that a look was cut short."""
        self._trouble(context, self.home.path if self.home else "", "budget.exceeded", what, "error")

    def is_closed(self, path: str) -> bool:
        """Whether a path lies in a folder that could not be looked into."""
        return any(path.startswith(folder.rstrip("/") + "/") for folder in self.closed)

    def means_the_same(self, context: Context, path: str) -> bool:
        """Whether a state file still names the folders it named, and a manifest the frameworks; True for others."""
        if path in self.consulted:
            return False
        before = self.named.get(path), self.frameworks.get(path)
        self._name(context, path)
        self._depend(context, path)
        return (self.named.get(path), self.frameworks.get(path)) == before

    def configured(self) -> dict[str, set[str]]:
        """Paths of existing files per catalog id that show a client is used here, also in a project's dependencies."""
        found = configured(self.files)
        for path, clients in self.frameworks.items():
            for client in clients:
                found.setdefault(client, set()).add(path)
        return found

    def present(self) -> frozenset[str]:
        """Catalog ids of the clients that are installed or have files of their own in the home itself."""
        return frozenset(configured(self.files, with_projects=False)) | frozenset(self.installs)

    def _depend(self, context: Context, path: str) -> None:
        manifests = [reading for reading in self.files.get(path, ()) if isinstance(reading.part, Manifest)]
        if manifests:
            named = dependencies(context, self.home, path)
            self.frameworks[path] = frozenset(
                r.client.id for r in manifests if isinstance(r.part, Manifest) and named & set(r.part.packages)
            )

    def _name(self, context: Context, path: str) -> None:
        states = [reading for reading in self.files.get(path, ()) if isinstance(reading.part, Roots)]
        if not states or self.home is None:
            return
        known = self.named.pop(path, None) or self._named_before.get(path)
        try:
            self.named[path] = frozenset(
                root for reading in states for root in named_roots(context, self.home, path, reading)
            )
        except FileNotFoundError:
            return
        except (UnreadableError, UnparseableError) as error:
            # A file that also holds servers is read for those too, and that is when an empty one is told.
            if error.code != "parse.empty":
                if known:
                    # In the middle of being written, or no time for it: the folders are still there.
                    self.named[path] = known
                self._trouble(context, path, error.code, error.message)

    def _add(self, context: Context, found: Found) -> None:
        for path, readings in found.files.items():
            known = self.files.setdefault(path, [])
            known += [reading for reading in readings if not _repeats(reading, known)]
        for folder, node in found.folders.items():
            self.folders[folder] = node.with_names_of(self.folders.get(folder))
        self._names += found.names
        for folder, error in found.troubles.items():
            folder = (self.home.path if self.home else "/") if folder == CUT else folder
            self.closed[folder] = self._diagnostic(context, folder, error.code, error.message, "error")
        for hive, error in found.hidden.items():
            self._trouble(context, hive, error.code, error.message, "info")
        for path, root in found.unknown.items():
            if interest := unclaimed(context.catalog, path, root):
                self.files.setdefault(path, []).append(interest)
            else:
                self._trouble(context, path, "catalog.unknown_file", "no known client reads this file", "info")

    def _rest(self, context: Context) -> Context:
        """The same, with what is left of the names that may be looked through."""
        left = context.limits.survey_entries - self._names
        return replace(context, limits=context.limits._replace(survey_entries=left))

    def _trouble(self, context: Context, path: str, code: str, message: str, severity: Severity = "warning") -> None:
        self.troubles[code, path] = self._diagnostic(context, path, code, message, severity)

    def _diagnostic(self, context: Context, path: str, code: str, message: str, severity: Severity) -> Diagnostic:
        shown = context.files.shown(path)
        return Diagnostic(
            endpoint_id=context.endpoint_id,
            owner=self.owner or None,
            evidence=Evidence(collector=NAME, source=shown, confidence="confirmed"),
            severity=severity,
            code=code,
            message=message,
            path=shown,
        )


def _repeats(reading: Interest, known: list[Interest]) -> bool:
    """A project that is the home itself makes the user's own file match twice: the first one stands."""
    own = [other for other in known if other.client is reading.client]
    return any(
        reading.part is other.part or (type(reading.part) is type(other.part) and reading.root is not other.root)
        for other in own
    )


def _is_read_so(interest: Interest, known: list[Interest]) -> bool:
    """Whether the same client reads the file as the same thing, and as its user's, anyway."""
    part = interest.part
    return any(
        interest.client is other.client
        and type(part) is type(other.part)
        and getattr(part, "scope", None) == getattr(other.part, "scope", None)
        for other in known
    )
