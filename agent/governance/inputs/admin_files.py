"""Files that an administrator or an MDM gives beside the policy: read anew when they change, the last good one kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from agent.governance.baseline import Baseline, BaselineError
from agent.governance.inputs.assignment import read_assignment
from agent.governance.policy.model import OwnerRule
from agent.governance.policy.settings import PolicySettings
from agent.governance.supply_chain.mcp_registry import Registered, read_registry
from agent.records import Diagnostic, Evidence
from collectors.sources.filesystem.file_tree import FileTree, UnreadableError

T = TypeVar("T")


class _Given(Generic[T]):
    """What one file says."""

    def __init__(self, path: str, read: Callable[[str], T], nothing: T) -> None:
        self.path = path
        self.value = nothing
        self.trouble: str | None = None
        self._read = read
        self._seen: object = ()

    def refresh(self) -> bool:
        """Whether there is something new: a value, or the reason why there is none."""
        if not self.path or (seen := _signature(self.path)) == self._seen:
            return False
        self._seen = seen
        try:
            self.value, self.trouble = self._read(self.path), None
        except UnreadableError as error:
            self.trouble = error.message
        except OSError as error:
            self.trouble = error.strerror or type(error).__name__
        except ValueError as error:
            self.trouble = str(error)
        return True


class GivenFiles:
    """The assignment file, the registry snapshot, and the accepted baseline."""

    def __init__(self, settings: PolicySettings | None = None, baseline: Path | None = None) -> None:
        """Raises `BaselineError` and `OSError` for a baseline that cannot be used: there is no earlier one yet."""
        settings = settings or PolicySettings()
        nobody: tuple[OwnerRule, ...] = ()
        self._assignment = _Given(settings.assignment, read_assignment, nobody)
        self._registry = _Given(settings.registry_snapshot, read_registry, Registered())
        accepted = Baseline.load(baseline) if baseline else None
        self._baseline = _Given(str(baseline or ""), _read_baseline, accepted)

    @property
    def assignment(self) -> tuple[OwnerRule, ...]:
        return self._assignment.value

    @property
    def registered(self) -> Registered:
        return self._registry.value

    @property
    def baseline(self) -> Baseline | None:
        """What was accepted last; none where nothing was, or where it was taken away."""
        return self._baseline.value

    def refresh(self) -> bool:
        """Whether one of them changed."""
        return any([self._assignment.refresh(), self._registry.refresh(), self._baseline.refresh()])

    def diagnostics(self, endpoint_id: str) -> Iterator[Diagnostic]:
        """One for each file that was named and cannot be used as it is."""
        files: tuple[tuple[str, _Given[Any]], ...] = (
            ("assignment.unusable", self._assignment),
            ("registry.unusable", self._registry),
            ("baseline.unusable", self._baseline),
        )
        for code, given in files:
            if given.trouble:
                yield Diagnostic(
                    endpoint_id=endpoint_id,
                    evidence=Evidence(collector="rollcall", source=given.path, confidence="confirmed"),
                    severity="error",
                    code=code,
                    message=f"{given.trouble}; what was known before stands"[:500],
                    path=given.path,
                )


def _read_baseline(path: str) -> Baseline | None:
    try:
        return Baseline.load(Path(path))
    except BaselineError as error:
        raise ValueError(str(error)) from None


def _signature(path: str) -> object:
    status = FileTree().status(path)
    return status and (status.st_mtime_ns, status.st_size, status.st_ino)
