"""The envelope: what the organisation sanctions, who answers for it, and which exceptions run until when."""

from __future__ import annotations

import tomllib
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.config import ConfigError, Settings
from agent.records.finding import Severity
from agent.toml_lines import line_of

Approval = Literal["sanctioned", "tolerated", "unsanctioned", "unknown"]
Mode = Literal["asks_always", "asks_risky", "auto_approves", "bypasses", "unknown"]
Role = Literal["provider", "producer", "user"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, hide_input_in_errors=True)


class AgentRule(_Section):
    """What is decided about one AI agent."""

    id: str
    """Catalog id, or a pattern with `*`."""
    state: Approval = "sanctioned"
    versions: str | None = None
    """Version range such as `>=2.1,<3`."""
    max_mode: Mode | None = None
    role: Role | None = None
    """The organisation's role for this system (clause 4)."""
    in_scope: bool | None = None


class ServerRule(_Section):
    """What is decided about MCP servers that match every field that is given."""

    package: str | None = None
    """Package identity such as `npm:@scope/name`, or a pattern with `*`."""
    host: str | None = None
    """Host of a remote server, or a pattern with `*`."""
    command: str | None = None
    launch_hash: str | None = None
    name: str | None = None
    versions: str | None = None
    state: Approval = "sanctioned"


class PermissionCeiling(_Section):
    """The most that an agent may do without asking."""

    max_mode: Mode = "asks_risky"
    allow_bypass_flags: bool = False
    require_sandbox: bool = False


class Egress(_Section):
    """Hosts that agents and servers may talk to; empty means that nothing is said."""

    allow: tuple[str, ...] = ()
    """Host names, or patterns with `*`."""


class OwnerRule(_Section):
    """Who answers for what an operating system account runs."""

    account: str = "*"
    """Account name, or a pattern with `*`."""
    person: str
    team: str | None = None


class PolicyException(_Section):
    """A nonconformity that is accepted for a time."""

    rule: str
    """Rule id, or a pattern with `*`."""
    agent: str = "*"
    server: str = "*"
    account: str = "*"
    owner: str
    """Who answers for the exception."""
    reason: str
    expires: date


class RuleSettings(_Section):
    """Which rules run, and how grave they are here."""

    disabled: tuple[str, ...] = ()
    severity: dict[str, Severity] = Field(default_factory=dict)


class Policy(_Section):
    """One version of the envelope. Without a file everything is unknown and nothing is sanctioned or forbidden."""

    version: str = "none"
    organisation: str | None = None
    role: Role = "user"
    agent: tuple[AgentRule, ...] = ()
    server: tuple[ServerRule, ...] = ()
    permissions: PermissionCeiling = PermissionCeiling()
    egress: Egress = Egress()
    owner: tuple[OwnerRule, ...] = ()
    exception: tuple[PolicyException, ...] = ()
    rules: RuleSettings = RuleSettings()

    @property
    def given(self) -> bool:
        """Whether there is a policy at all."""
        return self.version != "none"

    def agent_rule(self, agent: str) -> AgentRule | None:
        """The first rule that names this agent."""
        return next((rule for rule in self.agent if fnmatchcase(agent, rule.id)), None)

    def accountable(self, account: str | None) -> OwnerRule | None:
        """Who answers for an account."""
        return next((rule for rule in self.owner if account and fnmatchcase(account, rule.account)), None)


class PolicyError(Exception):
    """The policy cannot be used; the text names file, line and key of each error."""


def load_policy(path: Path) -> Policy:
    """The policy in a TOML file. Raises `PolicyError`."""
    try:
        text = path.read_text(encoding="utf-8")
        return Policy.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"{path}: {type(error).__name__}") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path}: {error}") from None
    except ValidationError as error:
        raise PolicyError("\n".join(_explain(path, text, one["loc"], one["msg"]) for one in error.errors())) from None


def policy_of(settings: Settings) -> Policy:
    """The policy that the settings name, or the empty one. Raises `ConfigError`."""
    if not settings.policy.file:
        return Policy()
    try:
        return load_policy(Path(settings.policy.file))
    except PolicyError as error:
        raise ConfigError(str(error)) from None


def _explain(path: Path, text: str, location: tuple[int | str, ...], message: str) -> str:
    names = [str(part) for part in location]
    line = line_of(text, names)
    return f"{path}{f':{line}' if line else ''}: {'.'.join(names)}: {message}"
