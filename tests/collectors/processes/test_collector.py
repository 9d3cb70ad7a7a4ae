"""What runs becomes instances: one per process tree, with its owner, its parent agent and nothing secret."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from agent.inventory.inventory import Inventory
from agent.records import Diagnostic, Evidence, Instance
from collectors.contract import Observation, Scope
from collectors.processes.collector import ProcessCollector
from collectors.processes.watch import EVENTS
from tests import made
from tests.collectors.running import WAIT, WAIT_JS, Processes, eventually, needs, node_package, processes, python_as
from tests.collectors.world import World, client

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

DEMO = client(process={"exe": ["demo-agent"], "bypass": ["--yolo"]})
OTHER = client("other", process={"exe": ["other-agent"]})
# Starts what follows as a child of its own and waits for it, as an agent does with its servers.
PARENT = "import subprocess, sys; subprocess.run(sys.argv[1:])"


@pytest.fixture
def start() -> Iterator[Processes]:
    with processes() as started:
        yield started


class Collected:
    """A collector and what it has said of the processes that the test started."""

    def __init__(self, world: World, start: Processes) -> None:
        self.world = world
        self.start = start
        self.collector = ProcessCollector()
        self.inventory = Inventory(lambda facts, *_: {record.id: record for record in facts})

    def collect(self) -> None:
        seen = self._take(self.collector.collect(self.world.context))
        self.inventory.retire("processes", seen)

    def poll(self) -> set[Scope]:
        return self._take(self.collector.poll(self.world.context))

    def _take(self, observations: Iterable[Observation]) -> set[Scope]:
        scopes = set()
        for observation in observations:
            self.inventory.replace(observation)
            scopes.add(observation.scope)
        return scopes

    @property
    def instances(self) -> list[Instance]:
        """Those of this test, by process id."""
        ours = {child.pid for child in self.start.started}
        found = [record for record in self.inventory.records("instance") if isinstance(record, Instance)]
        return sorted((i for i in found if i.pid in ours or self._below(i, ours)), key=lambda i: (i.subject, i.pid))

    def _below(self, instance: Instance, ours: set[int]) -> bool:
        try:
            return os.getsid(instance.pid) in ours
        except ProcessLookupError:
            return False


@pytest.fixture
def collected(tmp_path: Path, start: Processes) -> Collected:
    return Collected(World(tmp_path, DEMO, OTHER, live=True), start)


def agent_program(tmp_path: Path, name: str = "demo-agent") -> Path:
    return python_as(tmp_path / "bin" / name)


def test_a_name_that_others_have_too_is_an_agent_from_when_its_owner_has_files_of_it(
    tmp_path: Path, start: Processes
) -> None:
    namesake = {"exe": "demo-agent", "source": "a test", "checked": "2026-01-01"}
    collected = Collected(World(tmp_path, client(process={"namesake": [namesake]}), live=True), start)
    pid = start(agent_program(tmp_path), "-c", WAIT)
    row = start.row(pid)
    for owner, confidence, expected in [
        (None, "confirmed", []),
        ("somebody", "confirmed", []),
        (row.owner, "inferred", []),
        (row.owner, "declared", [pid]),
    ]:
        before = collected.collector.depends_on(collected.world.context)
        evidence = Evidence(collector="configs", confidence=confidence)  # type: ignore[arg-type]  # a plain text
        collected.world.known = [made.agent("demo", owner=owner, evidence=evidence)]
        assert expected == [] or collected.collector.depends_on(collected.world.context) != before
        collected.poll()
        assert [found.pid for found in collected.instances] == expected


def test_an_agent_is_an_instance_with_all_that_is_known_of_it(collected: Collected, tmp_path: Path) -> None:
    project = tmp_path / "work/deep"
    project.mkdir(parents=True)
    (tmp_path / "work/.git").mkdir()
    program = agent_program(tmp_path)
    pid = collected.start(program, "-c", WAIT, "--yolo", "--token", "Zq7planted5x", cwd=project)
    collected.collect()
    (found,) = collected.instances
    assert (found.subject, found.agent, found.pid, found.pids) == ("agent", "demo", pid, (pid,))
    assert (found.exe, found.cwd, found.project) == (str(program), str(project), str(tmp_path / "work"))
    assert (found.uid, found.euid, found.bypass_flags) == (os.getuid(), os.geteuid(), ("--yolo",))
    assert found.evidence.confidence == "confirmed" and found.evidence.source == f"pid:{pid}"
    assert (found.args, found.args_withheld) == (("--yolo",), 4) and "Zq7planted5x" not in found.to_json()


def test_a_process_of_no_interest_is_no_instance(collected: Collected) -> None:
    collected.start(sys.executable, "-c", WAIT)
    collected.collect()
    assert collected.instances == []


def test_a_server_hangs_below_the_agent_that_started_it(collected: Collected, tmp_path: Path) -> None:
    script = tmp_path / "serve.py"
    script.write_text(WAIT)
    definition = made.server(command=sys.executable, args=(str(script),), owner=None)
    collected.world.known.append(definition)
    collected.start(agent_program(tmp_path), "-c", PARENT, sys.executable, script)

    def complete() -> bool:
        collected.collect()
        return len(collected.instances) == 2

    eventually(complete)
    agent, server = collected.instances
    assert (server.subject, server.parent_id, server.server_ids) == ("mcp_server", agent.id, (definition.id,))
    assert (server.agent, server.name, agent.parent_id) == ("demo", "files", None)


def test_what_a_script_starts_that_is_defined_as_a_server_belongs_to_it(collected: Collected, tmp_path: Path) -> None:
    server = node_package(tmp_path, "weather-mcp")
    script = tmp_path / "start-mcp.sh"
    script.write_text(f"#!/bin/sh\n{needs('node')} {server}\necho done\n")
    definition = made.server(command="sh", args=(str(script),), owner=None)
    collected.world.known.append(definition)
    collected.start("sh", script)

    def complete() -> bool:
        collected.collect()
        return len(collected.instances) == 2

    eventually(complete)
    wrapper, started = sorted(collected.instances, key=lambda found: found.server_ids, reverse=True)
    assert (wrapper.server_ids, wrapper.server_instance_id) == ((definition.id,), None)
    assert (started.package, started.server_ids, started.server_instance_id) == ("npm:weather-mcp", (), wrapper.id)


def test_a_launcher_and_what_it_starts_are_one_instance(collected: Collected, tmp_path: Path) -> None:
    child = node_package(tmp_path, "weather-mcp", file="child.js")
    launcher = child.with_name("launcher.js")
    launcher.write_text(f"require('child_process').spawn(process.execPath, [{str(child)!r}])\n{WAIT_JS}")
    top = collected.start(needs("node"), launcher)

    def complete() -> bool:
        collected.collect()
        return bool(collected.instances) and len(collected.instances[0].pids) == 2

    eventually(complete)
    (found,) = collected.instances
    assert (found.pid, found.package, found.server_ids) == (top, "npm:weather-mcp", ())


def test_an_agent_in_an_agent_is_an_instance_of_its_own(collected: Collected, tmp_path: Path) -> None:
    inner = agent_program(tmp_path, "other-agent")
    collected.start(agent_program(tmp_path), "-c", PARENT, inner, "-c", WAIT)

    def complete() -> bool:
        collected.collect()
        return len(collected.instances) == 2

    eventually(complete)
    by_agent = {instance.agent: instance for instance in collected.instances}
    assert by_agent["other"].parent_id == by_agent["demo"].id


def test_an_instance_keeps_its_identity_and_ends_with_its_process(collected: Collected, tmp_path: Path) -> None:
    pid = collected.start(agent_program(tmp_path), "-c", WAIT)
    collected.collect()
    first = collected.instances
    collected.collect()
    assert [one.same_facts(two) for one, two in zip(first, collected.instances, strict=True)] == [True]
    collected.start.end(pid)
    collected.collect()
    assert collected.instances == []


def test_a_poll_tells_what_came_and_what_went_and_nothing_else(collected: Collected, tmp_path: Path) -> None:
    program = agent_program(tmp_path)
    stays = collected.start(program, "-c", WAIT, "stays")
    collected.collect()
    comes = collected.start(program, "-c", WAIT, "comes")
    told = {scope.key.partition(":")[0] for scope in collected.poll()}
    assert str(comes) in told and str(stays) not in told
    assert [instance.pid for instance in collected.instances] == sorted([stays, comes])
    collected.start.end(comes)
    collected.poll()
    assert [instance.pid for instance in collected.instances] == [stays]


def test_a_definition_that_appears_makes_a_server_of_what_runs_already(collected: Collected, tmp_path: Path) -> None:
    script = tmp_path / "serve.py"
    script.write_text(WAIT)
    pid = collected.start(sys.executable, script)
    collected.collect()
    assert collected.instances == []
    before = collected.collector.depends_on(collected.world.context)
    definition = made.server(command=sys.executable, args=(str(script),), owner=None)
    collected.world.known.append(definition)
    assert collected.collector.depends_on(collected.world.context) != before
    collected.collect()
    assert [(found.pid, found.server_ids) for found in collected.instances] == [(pid, (definition.id,))]


def test_another_owners_definition_is_not_joined(collected: Collected, tmp_path: Path) -> None:
    script = tmp_path / "serve.py"
    script.write_text(WAIT)
    collected.start(sys.executable, script)
    collected.world.known.append(made.server(command=sys.executable, args=(str(script),), owner="nobody-here"))
    collected.collect()
    assert [found.server_ids for found in collected.instances] in ([], [()])


def test_one_that_only_calls_itself_an_agent_is_told_and_is_no_instance(collected: Collected) -> None:
    pid = collected.start("demo-agent", "-c", WAIT, program=sys.executable)
    collected.collect()
    assert collected.instances == []
    found = [record for record in collected.inventory.records("diagnostic") if isinstance(record, Diagnostic)]
    ours = [record for record in found if record.evidence.source == f"pid:{pid}"]
    assert [(record.code, record.severity, record.agent) for record in ours] == [
        ("process.title_disagrees", "info", "demo")
    ]


def test_an_image_has_no_processes(tmp_path: Path) -> None:
    world = World(tmp_path, DEMO)
    assert list(ProcessCollector().collect(world.context)) == []
    assert list(ProcessCollector().poll(world.context)) == []


@pytest.mark.parametrize("already_ended", [True, False])
def test_what_ends_before_the_journal_has_it_outlives_a_full_collection(
    collected: Collected, tmp_path: Path, already_ended: bool
) -> None:
    collector = collected.collector
    watcher = collector.watch(lambda scope: None)
    if watcher is None:
        pytest.skip("no process events here")
    try:
        collected.collect()
        child = subprocess.Popen([agent_program(tmp_path), "60"])
        time.sleep(0.5)
        if already_ended:
            child.kill()
            child.wait()
            time.sleep(0.3)
        collected._take(collector.refresh(collected.world.context, [EVENTS]))
        assert child.pid in pids(collected)
        child.kill()
        child.wait()
        time.sleep(0.3)
        # As in the same step when a definition changed: the journal knows nothing of the process yet.
        collected.collect()
        assert child.pid in pids(collected)
        collected._take(collector.refresh(collected.world.context, [EVENTS]))
        assert child.pid not in pids(collected)
    finally:
        watcher.close()


def pids(collected: Collected) -> set[int]:
    return {record.pid for record in collected.inventory.records("instance") if isinstance(record, Instance)}
