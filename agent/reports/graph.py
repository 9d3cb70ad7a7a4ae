"""Who holds what: owner, agent, server, and what a server or an agent reaches, as nodes and edges of one machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.records import AiAgent, Connection, DataSource, Instance, McpServer, Record, Tool

NodeKind = Literal["owner", "agent", "server", "undeclared", "tool", "effect", "data", "remote", "socket"]


@dataclass(frozen=True, slots=True)
class Node:
    """undeclared: a server that runs without a definition; socket: an address that something listens on; effect: what
    tools seem to do, inferred."""

    id: str
    kind: NodeKind
    label: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """`relation` is that of the connection record; besides, an owner `has` an agent, a server `reaches` data and
    `offers` tools, and a tool `seems to` have an effect."""

    start: str
    end: str
    relation: str


@dataclass(frozen=True, slots=True)
class Graph:
    nodes: dict[str, Node]
    edges: tuple[Edge, ...]
    """Each once, sorted by the label of both ends."""


def build(records: Sequence[Record]) -> Graph:
    """The graph of an inventory."""
    return _Builder(records).graph()


class _Builder:
    def __init__(self, records: Sequence[Record]) -> None:
        self._agents = [r for r in records if isinstance(r, AiAgent)]
        self._servers = {r.id: r for r in records if isinstance(r, McpServer)}
        self._instances = {r.id: r for r in records if isinstance(r, Instance)}
        self._tools = [r for r in records if isinstance(r, Tool) and r.state != "gone"]
        self._connections = [r for r in records if isinstance(r, Connection)]
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str, str], Edge] = {}

    def graph(self) -> Graph:
        for agent in self._agents:
            notes = ("running",) if agent.running else ()
            self._put(Node(agent.id, "agent", f"{agent.name} {agent.version or ''}".strip(), notes))
            self._link(self._owner(agent.owner), agent.id, "has")
        for server in self._servers.values():
            self._put(Node(server.id, "server", server.name, tuple(_server_notes(server))))
            for source in server.data:
                self._link(server.id, self._data(source), "reaches")
        for tool in self._tools:
            self._offer(tool)
        for connection in self._connections:
            for start in self._places(connection.from_id):
                for end in self._ends(connection):
                    if start != end:
                        self._link(start, end, connection.relation)
        self._root_the_rest()
        return Graph(self._nodes, tuple(sorted(self._edges.values(), key=self._order)))

    def _offer(self, tool: Tool) -> None:
        servers = [id_ for id_ in tool.server_ids if id_ in self._servers]
        if not servers:
            return
        notes = (tool.exposure, *(effect.replace("_", " ") for effect in tool.effects))
        self._put(Node(tool.id, "tool", tool.name, notes))
        for server in servers:
            self._link(server, tool.id, "offers")
        for effect in tool.effects:
            node = self._put(Node(f"effect:{effect}", "effect", effect.replace("_", " "), ("inferred",)))
            self._link(tool.id, node, "seems to")

    def _places(self, record_id: str | None) -> list[str]:
        """The nodes that stand for a record: those of a process are its agent or the definitions it was joined to."""
        instance = self._instances.get(record_id or "")
        if instance is None:
            return [record_id] if record_id in self._nodes else []
        if instance.subject == "agent":
            found = [a.id for a in self._agents if (a.owner, a.agent) == (instance.owner, instance.agent)]
        else:
            joined = [id_ for id_ in instance.server_ids if id_ in self._servers]
            found = [id_ for id_ in joined if self._servers[id_].agent == instance.agent] or joined
        return found or [self._process(instance)]

    def _ends(self, connection: Connection) -> Iterator[str]:
        if connection.relation == "established" and connection.remote:
            port = connection.remote.rpartition(":")[2]
            where = f"{connection.host}:{port}" if connection.host else connection.remote
            notes = (connection.purpose.replace("_", " "),) if connection.purpose else ()
            yield self._put(Node(f"remote:{where}", "remote", where, notes))
        elif connection.relation == "listening" and connection.local:
            notes = (connection.exposure,) if connection.exposure else ()
            yield self._put(Node(f"socket:{connection.local}", "socket", connection.local, notes))
        else:
            yield from self._places(connection.to_id)

    def _process(self, instance: Instance) -> str:
        kind: NodeKind = "agent" if instance.subject == "agent" else "undeclared"
        notes = ("running", f"pid {instance.pid}", *(("no definition",) if kind == "undeclared" else ()))
        return self._put(Node(instance.id, kind, instance.package or instance.name, notes))

    def _data(self, source: DataSource) -> str:
        id_ = f"data:{source.kind}:{source.target}:{source.basis}"
        return self._put(Node(id_, "data", f"{source.kind}: {source.target}", (source.basis,)))

    def _owner(self, owner: str | None) -> str:
        return self._put(Node(f"owner:{owner or ''}", "owner", owner or "(machine)"))

    def _root_the_rest(self) -> None:
        """What nothing leads to hangs directly below its owner."""
        for instance in self._instances.values():
            self._places(instance.id)
        led_to = {edge.end for edge in self._edges.values()}
        owners = {record.id: record.owner for record in (*self._servers.values(), *self._instances.values())}
        for node in [n for n in self._nodes.values() if n.kind in ("agent", "server", "undeclared")]:
            if node.id not in led_to:
                self._link(self._owner(owners.get(node.id)), node.id, "has")

    def _put(self, node: Node) -> str:
        self._nodes.setdefault(node.id, node)
        return node.id

    def _link(self, start: str, end: str, relation: str) -> None:
        self._edges[start, end, relation] = Edge(start, end, relation)

    def _order(self, edge: Edge) -> tuple[str, ...]:
        start, end = self._nodes[edge.start], self._nodes[edge.end]
        return (start.label, edge.start, _RANK[end.kind], end.label, edge.end, edge.relation)


_RANK: dict[str, str] = {
    kind: str(rank) for rank, kind in enumerate(("agent", "server", "undeclared", "tool", "effect", "data", "remote"))
}
_RANK |= {"socket": "8", "owner": "9"}


def _server_notes(server: McpServer) -> Iterable[str]:
    yield server.transport
    yield server.scope
    if server.running:
        yield "running"
    if not server.enabled:
        yield "disabled"
    elif not server.effective:
        yield "shadowed"
