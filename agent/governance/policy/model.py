"""The envelope: what the organisation sanctions, who answers for it, and which exceptions run until when."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from agent.governance.policy.custom_rules import Mistake, OwnRule
from agent.governance.policy.probing import Probing
from agent.governance.policy.requirements import Requirements
from agent.governance.policy.tool_texts import ToolTexts
from agent.records import OrganisationRole
from agent.records.ai_agent import Sanction
from agent.records.finding import Severity
from agent.runtime.error import RollcallError
from agent.runtime.given_file import read_given
from agent.runtime.settings import Section
from agent.runtime.toml_lines import KeyLines

Mode = Literal["asks_always", "asks_risky", "auto_approves", "bypasses", "unknown"]


_MOST_BYTES = 1_000_000
_MOST_ENTRIES = 10_000
_MOST_MISTAKES = 20


class AgentRule(Section):
    """What is decided about one AI agent."""

    id: str
    """Catalog id, or a pattern with `*`."""
    state: Sanction = "sanctioned"
    versions: str | None = None
    """Version range such as `>=2.1,<3`."""
    max_mode: Mode | None = None
    role: OrganisationRole | None = None
    """The organisation's role for this system (clause 4)."""
    in_scope: bool | None = None
    purpose: str | None = Field(default=None, max_length=500)
    """What it is meant for, for the inventory register."""


class ServerRule(Section):
    """What is decided about MCP servers that match every field that is given."""

    package: str | None = None
    """Package identity such as `npm:@scope/name`, or a pattern with `*`."""
    host: str | None = None
    """Host of a remote server, or a pattern with `*`."""
    command: str | None = None
    launch_hash: str | None = None
    name: str | None = None
    versions: str | None = None
    tools: tuple[str, ...] = ()
    """SHA-256 of the tool definitions that were vetted: a server that offers another one is not sanctioned, and one of
    whose tools nothing is known is neither."""
    state: Sanction = "sanctioned"


class PermissionCeiling(Section):
    """The most that an agent may do without asking."""

    max_mode: Mode = "asks_risky"
    allow_bypass_flags: bool = False
    require_sandbox: bool = False


class Egress(Section):
    """Hosts that agents and servers may talk to; empty means that nothing is said."""

    allow: tuple[str, ...] = ()
    """Host names, or patterns with `*`."""


class OwnerRule(Section):
    """Who answers for what the accounts run that match every field that is given; `*` stands for anything."""

    account: str = "*"
    group: str | None = None
    """Name of one of the account's groups."""
    device: str | None = None
    """Host name, in any case, or endpoint id."""
    person: str
    team: str | None = None

    def fits(self, account: str | None, groups: Iterable[str] = (), devices: Iterable[str] = ()) -> bool:
        """Whether the rule is about this account (None: the machine itself, which only its device can stand for)."""
        device = self.device.lower() if self.device else None
        return (
            (fnmatchcase(account, self.account) if account else self.account == "*" and bool(device))
            and (self.group is None or any(fnmatchcase(group, self.group) for group in groups))
            and (device is None or any(fnmatchcase(name.lower(), device) for name in devices))
        )


class KnownBad(Section):
    """A package or an agent, or some versions of it, that nobody may use."""

    package: str
    """Package identity such as `npm:@scope/name`, `agent:` and the catalog id of an agent, or a pattern with `*`."""
    versions: str | None = None
    """Version range; without one, every version."""
    at: str = "*"
    """Pattern for the path at which an agent must be installed."""
    severity: Severity = "critical"
    why: str
    source: str
    date: date


class PolicyException(Section):
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


class RuleSettings(Section):
    """Which rules run, and how grave they are here."""

    disabled: tuple[str, ...] = ()
    severity: dict[str, Severity] = Field(default_factory=dict)


class JournalMinimum(Section):
    """How much of the journal each machine keeps at least, whatever its own settings say."""

    keep_days: float = Field(default=0, ge=0, le=36_500)
    keep_bytes: int = Field(default=0, ge=0, le=1 << 40)


class Policy(Section):
    """One version of the envelope. Without a file everything is unknown and nothing is sanctioned or forbidden."""

    version: str = "none"
    organisation: str | None = None
    role: OrganisationRole = "user"
    agent: tuple[AgentRule, ...] = ()
    server: tuple[ServerRule, ...] = ()
    permissions: PermissionCeiling = PermissionCeiling.model_construct()
    egress: Egress = Egress.model_construct()
    owner: tuple[OwnerRule, ...] = ()
    exception: tuple[PolicyException, ...] = ()
    rules: RuleSettings = RuleSettings.model_construct()
    known_bad: tuple[KnownBad, ...] = ()
    require: Requirements = Requirements.model_construct()
    journal: JournalMinimum = JournalMinimum.model_construct()
    probe: Probing = Probing.model_construct()
    tools: ToolTexts = ToolTexts.model_construct()
    rule: tuple[OwnRule, ...] = ()

    @property
    def given(self) -> bool:
        """Whether there is a policy at all."""
        return self.version != "none"

    def agent_rule(self, agent: str) -> AgentRule | None:
        """The first rule that names this agent."""
        return next((rule for rule in self.agent if fnmatchcase(agent, rule.id)), None)


class PolicyError(RollcallError):
    """The policy cannot be used; the text names file, line and key of each error."""

    status = 2


def load_policy(path: Path) -> Policy:
    """The policy in a TOML file. Raises `PolicyError`."""
    try:
        return parse_policy(read_given(path, _MOST_BYTES).decode(), str(path))
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: {type(error).__name__}") from None
    except OSError as error:
        raise PolicyError(f"{path}: {error.strerror or type(error).__name__}") from None


def parse_policy(text: str, place: str) -> Policy:
    """The policy in a TOML text that lies at `place`. Raises `PolicyError`."""
    try:
        content = tomllib.loads(text)
        if sum(len(entries) for entries in content.values() if isinstance(entries, list)) > _MOST_ENTRIES:
            raise PolicyError(f"{place}: more than {_MOST_ENTRIES} rules, servers and exceptions")
        policy = Policy.model_validate(content)
        wrong = list(_mistakes(policy))
    except tomllib.TOMLDecodeError as error:
        end = f"at line {text.count(chr(10)) + 1}, the end"
        raise PolicyError(f"{place}: {error}".replace("at end of document", end)) from None
    except RecursionError:
        raise PolicyError(f"{place}: nested too deep") from None
    except ValidationError as error:
        wrong = [(tuple(map(str, one["loc"])), one["msg"]) for one in error.errors()]
    if wrong:
        raise PolicyError(*_explained(place, text, wrong))
    return policy


def _explained(place: str, text: str, wrong: list[Mistake]) -> Iterator[str]:
    """A line for each of the first mistakes: nobody reads thousands."""
    lines = KeyLines(text)
    for names, message in wrong[:_MOST_MISTAKES]:
        line = lines.line(names)
        yield f"{place}{f':{line}' if line else ''}: {'.'.join(names)}: {message}"
    if len(wrong) > _MOST_MISTAKES:
        yield f"{place}: and {len(wrong) - _MOST_MISTAKES} more mistakes"


def _mistakes(policy: Policy) -> Iterator[Mistake]:
    """What only shows when the parts are seen together."""
    if not policy.given:
        yield ("version",), "every policy needs a version"
    ids: set[str] = set()
    for number, rule in enumerate(policy.rule):
        if rule.id in ids:
            yield ("rule", str(number), "id"), "every rule needs an id of its own"
        ids.add(rule.id)
        yield from ((("rule", str(number), *where), what) for where, what in rule.mistakes())
