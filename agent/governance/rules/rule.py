"""What a rule is: a pure function of one record and what is known around it, with its meaning beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from agent.governance.baseline import Baseline
from agent.governance.policy.model import Policy
from agent.governance.supply_chain.known_bad import KnownBadPackages
from agent.governance.supply_chain.known_packages import KnownPackages, known_packages
from agent.governance.supply_chain.name_collisions import NameCollisions
from agent.governance.supply_chain.vetted_tools import OfferedTools
from agent.records import AiAgent, McpServer, Owner, Posture, Proof, Record, Tool
from agent.records.finding import Severity
from collectors.catalog.catalog import Catalog


class RuleContext:
    """The records and the policy a rule may look at; never changed by it."""

    def __init__(
        self, records: Mapping[str, Record], policy: Policy, catalog: Catalog, baseline: Baseline | None = None
    ) -> None:
        self.records = records
        self.policy = policy
        self.catalog = catalog
        self.baseline = baseline

    def of(self, kind: str) -> Iterable[Any]:
        """All records of one kind."""
        return self._kinds.get(kind, ())

    @cached_property
    def _kinds(self) -> dict[str, list[Record]]:
        kinds: dict[str, list[Record]] = {}
        for record in self.records.values():
            kinds.setdefault(record.kind, []).append(record)
        return kinds

    @cached_property
    def name_collisions(self) -> NameCollisions:
        """The servers by their names."""
        return NameCollisions(self.of("mcp_server"))

    @cached_property
    def servers(self) -> dict[str, McpServer]:
        """The servers by their ids."""
        return {server.id: server for server in self.of("mcp_server")}

    @cached_property
    def tools_of_agent(self) -> dict[tuple[str | None, str], list[Tool]]:
        """The tools by account and client."""
        found: dict[tuple[str | None, str], list[Tool]] = {}
        for tool in self.of("tool"):
            found.setdefault((tool.owner, tool.agent), []).append(tool)
        return found

    @cached_property
    def offered_tools(self) -> OfferedTools:
        """The tools by their servers."""
        return OfferedTools(self.of("tool"))

    @cached_property
    def shared_tool_names(self) -> dict[tuple[str | None, str], dict[str, tuple[str, ...]]]:
        """By account and client: names that several of its servers give to different tools, with those servers."""
        found: dict[tuple[str | None, str], dict[str, dict[str, Tool]]] = {}
        for tool in self.of("tool"):
            if tool.state != "gone" and tool.exposure not in ("filtered", "denied"):
                found.setdefault((tool.owner, tool.agent), {}).setdefault(tool.name, {})[tool.server] = tool
        return {
            client: {name: tuple(sorted(tools)) for name, tools in names.items() if _differ(tools.values())}
            for client, names in found.items()
        }

    @cached_property
    def known_packages(self) -> KnownPackages:
        """Packages that others may be imitations of."""
        return known_packages(self.policy)

    @cached_property
    def known_bad(self) -> KnownBadPackages:
        """Packages that are known to be harmful."""
        return KnownBadPackages(self.policy.known_bad)

    @cached_property
    def accounts(self) -> dict[str | None, Owner]:
        """The accounts of the machine by name."""
        return {owner.owner: owner for owner in reversed(list(self.of("owner")))}

    @cached_property
    def logins(self) -> dict[str | None, set[int]]:
        """User ids of people whose logins the processes of each account stem from."""
        found: dict[str | None, set[int]] = {}
        for instance in self.of("instance"):
            if instance.login_uid:
                found.setdefault(instance.owner, set()).add(instance.login_uid)
        return found

    def effective(self, posture: Posture) -> Posture | None:
        """What the settings of the same agent come to where an observed posture was seen."""
        found = self._effective.get((posture.owner, posture.agent, posture.project))
        return found or self._effective.get((posture.owner, posture.agent, None))

    @cached_property
    def _effective(self) -> dict[tuple[str | None, str, str | None], Posture]:
        return {(p.owner, p.agent, p.project): p for p in self.of("posture") if p.basis == "effective"}

    def accountable(self, record: Record) -> str | None:
        """The person who answers for a record: its own, else its agent's, else its account's."""
        # Not by `getattr`: pydantic takes its time to say that there is no such field.
        fields = vars(record)
        if own := fields.get("accountable"):
            return str(own)
        agent = self._agents.get((record.owner, fields.get("agent")))
        account = self.accounts.get(record.owner)
        return (agent.accountable if agent else None) or (account.accountable if account else None)

    @cached_property
    def _agents(self) -> dict[tuple[str | None, str | None], AiAgent]:
        return {(agent.owner, agent.agent): agent for agent in self.of("ai_agent")}


def _differ(tools: Collection[Tool]) -> bool:
    """Whether these are not all the same tool."""
    return len(tools) > 1 and len({tool.definition_hash or tool.id for tool in tools}) > 1


Check = Callable[[Any, RuleContext], Iterable[Proof]]
"""The proofs of a nonconformity; none when the record conforms."""


class Rule(NamedTuple):
    """One rule. Its id is stable: exceptions and findings refer to it."""

    id: str
    title: str
    severity: Severity
    kind: str
    """Kind of the records it is asked about."""
    controls: tuple[str, ...]
    remediation: str
    check: Check
    reference: str = ""
    cross_record: bool = False
    """Whether the answer depends on other records than the one it is asked about: on those of its account, the servers
    and artifacts of the machine, and the servers of administrators."""
    cross_account: bool = False
    """Whether it depends on the records of other accounts as well."""
    graded: Callable[[Any, RuleContext], Severity | None] | None = None
    """How severe it is of one record, where that differs."""


def proof(what: str, value: object = None) -> Proof:
    return Proof(what=what, value=None if value is None else str(value)[:500])
