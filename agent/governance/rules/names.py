"""Rules about the names of MCP servers and packages: collisions, imitations, one name for different things."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from agent.governance.rules.rule import Rule, RuleContext, proof
from agent.governance.supply_chain.name_collisions import different
from agent.governance.supply_chain.server_policy import identity, in_use
from agent.records import McpServer, Proof
from collectors.launch.packages import package_name


def _replaced(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    for winner in (facts.records.get(other) for other in server.shadowed_by):
        if isinstance(winner, McpServer) and winner.launch_hash != server.launch_hash and winner.scope != "managed":
            yield proof(f"replaced in {winner.scope} scope by {winner.source.path}", winner.name)


def _differs(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server):
        for other in facts.name_collisions.of_name(server):
            if other.agent > server.agent and different(server, other):
                yield proof(f"another server of this name in {other.agent}", identity(other))
                return


def _impostor(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if server.sanction != "unknown" or server.scope == "managed" or not in_use(server):
        return
    managed = list(facts.name_collisions.managed(server.name))
    if managed and all(different(server, other) for other in managed):
        yield proof(f"not the managed server of this name in {managed[0].agent}", identity(managed[0]))
    for rule in facts.policy.server:
        told = rule.package or rule.host or rule.command or rule.launch_hash
        if rule.name and told and rule.state == "sanctioned" and fnmatchcase(server.name, rule.name):
            yield proof("not what the policy sanctions under this name", told)
            return


def _same_tools(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server):
        for other in facts.name_collisions.of_tools(server):
            if other.name > server.name:
                yield proof("its tools get the same names as those of", other.name)
                return


def _confusable(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if in_use(server):
        for other in facts.name_collisions.confusables(server):
            if other.name > server.name and different(server, other):
                yield proof("easily taken for", other.name)
                return


def _imitation(server: McpServer, facts: RuleContext) -> Iterable[Proof]:
    if server.package and server.sanction not in ("sanctioned", "tolerated"):
        for original in facts.known_packages.like(package_name(server.package)):
            yield proof("package named almost like", original)
            return


RULES = (
    Rule("server.replaced", "MCP server overridden by another of its name", "medium", "mcp_server",
         ("A.5", "A.6"), "Check the stronger definition, and rename or remove one of them.", _replaced,
         cross_record=True),
    Rule("server.differs", "Different MCP servers under one name", "low", "mcp_server", ("A.4", "A.5"),
         "Use one definition, or different names.", _differs, cross_record=True),
    Rule("server.impostor", "MCP server impersonating a sanctioned one", "high", "mcp_server",
         ("A.5", "A.10"), "Remove the server, or give it a name of its own and vet it.", _impostor, cross_record=True),
    Rule("server.look_alike", "Package name almost like a well-known or sanctioned one", "high", "mcp_server",
         ("A.10",), "Check for a typing error or a counterfeit package.", _imitation),
    Rule("server.confusable", "MCP server names that are easily confused", "medium", "mcp_server",
         ("A.5", "A.6"), "Find out which of them is meant; remove or rename the other.", _confusable,
         cross_record=True),
    Rule("server.same_tools", "MCP servers with colliding tool names", "medium", "mcp_server", ("A.5", "A.6"),
         "Rename one of the servers, so that an approval for one is not taken for the other.", _same_tools,
         cross_record=True),
)  # fmt: skip
