"""The tools of every server in every client: what several sources say of them becomes one record a tool."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from agent.correlation.tool_exposure import ExposureRules
from agent.records import Evidence, McpServer, Posture, Tool, ToolDigest, ToolList
from agent.records.tool import ToolCalls
from agent.runtime.memo import DerivationCache
from collectors.catalog.catalog import Catalog

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class _Known(NamedTuple):
    """A tool, and the list that it is told from."""

    tool: ToolDigest
    list: ToolList
    listed: bool
    borrowed: bool = False
    """The list is about the same server in another client."""


_Key = tuple[str | None, str, str]
"""Owner, client and server's name."""


def tools(
    lists: Iterable[ToolList],
    servers: Collection[McpServer],
    postures: Iterable[Posture],
    catalog: Catalog,
    memo: DerivationCache,
) -> Iterator[Tool]:
    """One record for each tool that some source knows; `postures` are the effective ones."""
    told: dict[_Key, list[ToolList]] = {}
    held = {(server.agent, server.name) for server in servers}
    for each in lists:
        # A catalogue describes what might be used; what is used is what somebody defines.
        if each.known_from == "catalogue" and (each.agent, each.server) not in held:
            continue
        told.setdefault((each.owner, each.agent, each.server), []).append(each)
    if not told:
        return
    defined: dict[_Key, list[McpServer]] = {}
    for server in servers:
        defined.setdefault((server.owner, server.agent, server.name), []).append(server)
    same = _same_launch(told, defined)
    places: dict[tuple[str | None, str], list[Posture]] = {}
    for posture in postures:
        places.setdefault((posture.owner, posture.agent), []).append(posture)
    for key in dict.fromkeys((*told, *same)):
        own, others = told.get(key, []), same.get(key, [])
        definitions = defined.get(key) or defined.get((None, *key[1:])) or []
        near = places.get(key[:2]) or places.get((None, key[1])) or []
        conclude = partial(_of_server, key, own, others, definitions, near, catalog)
        yield from memo.get(("tools", key), (*own, *others, *definitions, *near), conclude)


def _same_launch(told: dict[_Key, list[ToolList]], defined: dict[_Key, list[McpServer]]) -> dict[_Key, list[ToolList]]:
    """For servers of whose tools their own client tells nothing: the lists of what another client of the same account
    starts in the very same way."""
    known: dict[tuple[str | None, str], list[ToolList]] = {}
    for key in told:
        for server in defined.get(key, ()):
            known.setdefault((server.owner, server.launch_hash), []).extend(told[key])
    found: dict[_Key, list[ToolList]] = {}
    for key, definitions in defined.items():
        if key not in told:
            for server in definitions:
                found.setdefault(key, []).extend(known.get((server.owner, server.launch_hash), ()))
    return {key: lists for key, lists in found.items() if lists}


def _of_server(
    key: _Key,
    own: Sequence[ToolList],
    others: Sequence[ToolList],
    definitions: Sequence[McpServer],
    postures: Sequence[Posture],
    catalog: Catalog,
) -> tuple[Tool, ...]:
    found = _known(own) or {name: one._replace(borrowed=True) for name, one in _known(others).items()}
    exposure = ExposureRules(key[2], definitions, postures, catalog.clients.get(key[1]))
    ids = tuple(server.id for server in definitions)
    shared: dict[int, Evidence] = {}
    calls = _calls(own)
    told = (_tool(key, one, ids, exposure, shared) for one in found.values())
    return tuple(tool.changed(called=calls[tool.name]) if tool.name in calls else tool for tool in told)


def _calls(lists: Iterable[ToolList]) -> dict[str, ToolCalls]:
    """By tool: how often it was called in all projects together."""
    found: dict[str, ToolCalls] = {}
    for use in (use for each in lists for use in each.uses):
        before = found.get(use.name)
        times, last = (before.times, before.last) if before else (0, use.last)
        found[use.name] = ToolCalls(times=times + use.times, last=max(last, use.last))
    return found


def _known(lists: Sequence[ToolList]) -> dict[str, _Known]:
    """By name: the tools of the newest list that is complete, and what was seen since; where a list has the names only,
    the definitions of the others."""
    newest = sorted(lists, key=lambda each: each.at or _LONG_AGO, reverse=True)
    whole = next((each for each in newest if each.complete), None)
    found: dict[str, _Known] = {tool.name: _Known(tool, whole, True) for tool in whole.tools} if whole else {}
    for each in newest:
        later = whole is None or (each.at or _LONG_AGO) > (whole.at or _LONG_AGO)
        for tool in each.tools:
            known = found.get(tool.name)
            if known is None and later:
                found[tool.name] = _Known(tool, each, False)
            elif known and known.tool.definition_hash is None and tool.definition_hash is not None:
                found[tool.name] = _Known(tool, each, known.listed)
    return found


def _tool(key: _Key, one: _Known, ids: tuple[str, ...], exposure: ExposureRules, shared: dict[int, Evidence]) -> Tool:
    tool, source = one.tool, one.list
    evidence = shared.get(id(source))
    if evidence is None:
        confidence = "inferred" if one.borrowed else source.evidence.confidence
        evidence = shared[id(source)] = source.evidence.model_copy(update={"confidence": confidence})
    exposed = exposure.of(tool)
    return Tool(
        endpoint_id=source.endpoint_id,
        owner=key[0],
        observed_at=source.observed_at,
        evidence=evidence,
        agent=key[1],
        server=key[2],
        server_ids=ids,
        name=tool.name,
        title=tool.title,
        definition_hash=tool.definition_hash,
        whole=source.whole and tool.definition_hash is not None,
        description_hash=tool.description_hash,
        description_size=tool.description_size,
        description=tool.description,
        size=tool.size,
        marks=tool.marks,
        parameters=tool.parameters,
        hints=tool.hints,
        effects=tool.effects,
        exposure=exposed.exposure,
        exposure_by=exposed.by,
        listed=one.listed and not one.borrowed,
        known_from=source.known_from,
        known_at=source.at,
    )
