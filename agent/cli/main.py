"""The commands: arguments in, exit status out; the work is done elsewhere."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from agent import __version__
from agent.config import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent.governance.rules.rule import Rule

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

COMPLETE, FAILURE, USAGE, PARTIAL = 0, 1, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 complete, 1 failure, 2 usage or configuration error, 3 partial."""
    _hold_standard_descriptors()
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None and not options.once:
        parser.error("nothing to do: give --once, or a command such as run, status or explain")
    try:
        return int(options.work(options))
    except load.ConfigError as error:
        print(error, file=sys.stderr)
        return USAGE
    except BrokenPipeError:
        # Python would try once more at exit to write what nobody reads.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILURE
    except OSError as error:
        print(f"rollcall: {error.filename or ''}: {error.strerror or type(error).__name__}", file=sys.stderr)
        return FAILURE


def _hold_standard_descriptors() -> None:
    """Whoever started this may have closed them; what is opened next must not get their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lasts as long as the process


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rollcall", description="Which AI agents and MCP servers run on this machine."
    )
    parser.add_argument("--version", action="version", version=f"rollcall {__version__}")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    parser.add_argument("--once", action="store_true", help="print the inventory of this machine and exit")
    parser.add_argument("--root", metavar="DIR", help="with --once: read DIR as the file system of another machine")
    parser.add_argument(
        "--format", choices=("table", "json", "ndjson"), help="default: table on a terminal, else ndjson"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="write to FILE (atomically, mode 0600), not to stdout"
    )
    parser.add_argument("--no-deliver", action="store_true", help="send nothing, even where a target is configured")
    parser.set_defaults(work=_once)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for add in (_of_the_daemon, _of_files, _of_the_catalog, _of_the_policy, _of_rules, _of_governance, _of_audit):
        add(commands)
    return parser


def _of_the_daemon(commands: _Commands) -> None:
    run = commands.add_parser("run", help="watch, journal and deliver until stopped")
    run.set_defaults(work=_run)
    status = commands.add_parser("status", help="health of the running daemon")
    status.set_defaults(work=_status)
    graph = commands.add_parser("graph", help="owner, agent, server and what each reaches")
    _takes_root(graph)
    graph.add_argument("--format", choices=("text", "dot", "json"), default="text")
    graph.set_defaults(work=_graph)


def _of_files(commands: _Commands) -> None:
    explain = commands.add_parser("explain", help="which client reads a file, and what comes out of it")
    explain.add_argument("--client", metavar="ID", help="read it as a file of this client, wherever it lies")
    explain.add_argument("--format", choices=("table", "ndjson"), default="table")
    explain.add_argument("files", nargs="+", metavar="FILE")
    explain.set_defaults(work=_explain)
    check = _group(commands, "config", "check a configuration file").add_parser(
        "check", help="name line and key of each error"
    )
    check.add_argument("file", nargs="?", type=Path)
    check.set_defaults(work=_config_check)


def _of_the_catalog(commands: _Commands) -> None:
    catalog = _group(commands, "catalog", "the AI clients that are known")
    catalog.add_parser("list", help="one line per client").set_defaults(work=_catalog_list)
    show = catalog.add_parser("show", help="everything known of one client, and from where")
    show.add_argument("id", metavar="ID")
    show.set_defaults(work=_catalog_show)
    entry = catalog.add_parser("check", help="check an entry of your own")
    entry.add_argument("file", type=Path, metavar="FILE")
    entry.set_defaults(work=_catalog_check)


def _of_the_policy(commands: _Commands) -> None:
    policy = _group(commands, "policy", "the organisation's policy")
    check = policy.add_parser("check", help="name line and key of each error")
    check.add_argument("file", type=Path, metavar="FILE", nargs="?", help="default: the one that the settings name")
    check.set_defaults(work=_policy_check)
    why = policy.add_parser("explain", help="what the policy says of agents, servers and findings, and why")
    why.add_argument("subjects", nargs="*", metavar="SUBJECT", help="name or id, may hold *; default: all")
    why.add_argument("--format", choices=("text", "json"), default="text")
    why.set_defaults(work=_policy_explain)
    policy.add_parser("init", help="draft a policy from today's inventory").set_defaults(work=_policy_init)


def _of_rules(commands: _Commands) -> None:
    rules = _group(commands, "rules", "what findings are made of")
    rules.add_parser("list", help="one line per rule").set_defaults(work=_rules_list)
    show = rules.add_parser("show", help="everything about one rule")
    show.add_argument("id", metavar="ID")
    show.set_defaults(work=_rules_show)


def _of_governance(commands: _Commands) -> None:
    baseline = _group(commands, "baseline", "the accepted state that drift is measured to")
    baseline.add_parser("accept", help="accept what is there now").set_defaults(work=_baseline_accept)
    baseline.add_parser("diff", help="what is new, changed or gone since then").set_defaults(work=_baseline_diff)
    controls = commands.add_parser("controls", help="per control of ISO/IEC 42001: evidence, findings, limits")
    _takes_root(controls)
    controls.add_argument("controls", nargs="*", metavar="CONTROL", help="such as A.6 or 'clause 10': record by record")
    controls.set_defaults(work=_controls)
    owners = commands.add_parser("owners", help="who answers for each account, agent and server, and where nobody does")
    _takes_root(owners)
    owners.set_defaults(work=_owners)


def _of_audit(commands: _Commands) -> None:
    audit = _group(commands, "audit", "check the journal")
    audit.add_parser("verify", help="recompute the whole hash chain").set_defaults(work=_audit_verify)


def _group(commands: _Commands, name: str, help: str) -> _Commands:
    return commands.add_parser(name, help=help).add_subparsers(dest="action", required=True)


def _takes_root(command: argparse.ArgumentParser) -> None:
    command.add_argument("--root", metavar="DIR", help="read DIR as the file system of another machine")


def _once(options: argparse.Namespace) -> int:
    settings = load.load(options.config)
    if options.root and not Path(options.root).is_dir():
        raise load.ConfigError(f"{options.root}: no such folder")
    from agent.reports import output
    from agent.runtime import logs
    from agent.service import scan

    logs.configure(settings.log)
    # An ordinary run ends before its garbage matters; that of a large machine does not.
    gc.set_threshold(50_000, 20, 20)
    with _progress():
        look = scan.take_inventory(settings, options.root)
    if look.policy.trouble:
        print(f"rollcall: policy: {look.policy.trouble.reason}", file=sys.stderr)
    form: output.Format = options.format or ("table" if _on_terminal() and not options.output else "ndjson")
    output.emit(output.render(look.records, form), options.output)
    delivered = options.no_deliver or scan.deliver(settings, look)
    if not delivered:
        return FAILURE
    return PARTIAL if look.summary.status == "partial" else COMPLETE


def _graph(options: argparse.Namespace) -> int:
    settings = load.load(options.config)
    if options.root and not Path(options.root).is_dir():
        raise load.ConfigError(f"{options.root}: no such folder")
    from agent.reports import graph, graph_formats, output
    from agent.service import scan

    with _progress():
        look = scan.take_inventory(settings, options.root)
    output.emit(graph_formats.render(graph.build(look.records), options.format), options.output)
    return PARTIAL if look.summary.status == "partial" else COMPLETE


def _on_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def _progress() -> Iterator[None]:
    """A line on a terminal's stderr where the work takes more than a second."""
    timer = threading.Timer(1.0, lambda: print("rollcall: looking around …", file=sys.stderr, flush=True))
    if sys.stderr.isatty():
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _run(options: argparse.Namespace) -> int:
    from agent.journal.errors import JournalError
    from agent.runtime import logs
    from agent.service import daemon
    from agent.service.systemd import AlreadyRunning

    logs.configure(load.load(options.config).log)
    try:
        daemon.Daemon(lambda: load.load(options.config)).run()
    except AlreadyRunning as error:
        print(f"rollcall: another daemon holds {error}", file=sys.stderr)
        return FAILURE
    except JournalError as error:
        print(f"rollcall: {error}", file=sys.stderr)
        return FAILURE
    return COMPLETE


def _status(options: argparse.Namespace) -> int:
    from agent.service import status

    report = status.report(load.state_dir(load.load(options.config)))
    sys.stdout.write(report.text)
    return COMPLETE if report.running else FAILURE


def _explain(options: argparse.Namespace) -> int:
    from agent.inventory.context import file_context
    from collectors.readers import explain

    context = file_context(load.load(options.config))
    if options.client and options.client not in context.catalog.clients:
        raise load.ConfigError(f"no client {options.client!r} in the catalog")
    found = [item for file in options.files for item in explain.explain(context, file, options.client)]
    if options.format == "ndjson":
        sys.stdout.writelines(record.to_json() + "\n" for item in found for record in item.records)
    else:
        from agent.reports import file_explanation

        sys.stdout.writelines(line + "\n" for line in file_explanation.lines(found))
    return COMPLETE


def _config_check(options: argparse.Namespace) -> int:
    file = options.file or options.config
    load.load(file)
    print(f"{file or load.default_file()}: ok")
    return COMPLETE


def _catalog_list(options: argparse.Namespace) -> int:
    from agent.inventory.context import load_catalog
    from agent.reports import catalog

    sys.stdout.writelines(line + "\n" for line in catalog.listing(load_catalog(load.load(options.config))))
    return COMPLETE


def _catalog_show(options: argparse.Namespace) -> int:
    from agent.inventory.context import load_catalog
    from agent.reports import catalog

    client = load_catalog(load.load(options.config)).clients.get(options.id)
    if client is None:
        raise load.ConfigError(f"no client {options.id!r} in the catalog")
    sys.stdout.writelines(line + "\n" for line in catalog.details(client))
    return COMPLETE


def _catalog_check(options: argparse.Namespace) -> int:
    from collectors.catalog.client import load_client

    try:
        client = load_client(options.file)
    except ValueError as error:
        raise load.ConfigError(str(error)) from None
    print(f"{options.file}: {client.id} is ok")
    return COMPLETE


def _policy_check(options: argparse.Namespace) -> int:
    from agent.governance.policy.model import PolicyError, load_policy
    from agent.service import scan

    if options.file is None:
        in_force = scan.policy_of(load.load(options.config))
        if in_force.trouble or not in_force.place:
            raise load.ConfigError(in_force.trouble.reason if in_force.trouble else "the settings name no policy")
        print(f"{in_force.place}: version {in_force.policy.version} is ok")
        return COMPLETE
    try:
        policy = load_policy(options.file)
    except PolicyError as error:
        raise load.ConfigError(str(error)) from None
    print(f"{options.file}: version {policy.version} is ok")
    return COMPLETE


def _policy_explain(options: argparse.Namespace) -> int:
    from agent.records import PolicyInForce
    from agent.reports import policy
    from agent.service import scan

    look = scan.take_inventory(load.load(options.config), options.root)
    found = policy.explanations(look.records, look.policy, options.subjects)
    head = next((record for record in look.records if isinstance(record, PolicyInForce)), None)
    if options.format == "json":
        sys.stdout.write(policy.as_json(found, head))
    else:
        sys.stdout.writelines(line + "\n" for line in policy.lines(found, head))
    if options.subjects and not found:
        print(f"rollcall: no agent, server or finding here is called {' or '.join(options.subjects)}", file=sys.stderr)
        return FAILURE
    return COMPLETE


def _policy_init(options: argparse.Namespace) -> int:
    from agent.governance.draft import draft
    from agent.service import scan

    sys.stdout.write(draft(scan.take_inventory(load.load(options.config), options.root).records))
    return COMPLETE


def _rules(options: argparse.Namespace) -> tuple[Rule, ...]:
    """Those of Rollcall and those of the policy."""
    from agent.governance.rules import RULES
    from agent.governance.rules.custom import custom_rules
    from agent.service import scan

    return (*RULES, *custom_rules(scan.policy_of(load.load(options.config)).policy))


def _rules_list(options: argparse.Namespace) -> int:
    from agent.reports import rules

    sys.stdout.writelines(line + "\n" for line in rules.listing(_rules(options)))
    return COMPLETE


def _rules_show(options: argparse.Namespace) -> int:
    from agent.reports import rules

    rule = next((rule for rule in _rules(options) if rule.id == options.id), None)
    if rule is None:
        raise load.ConfigError(f"no rule {options.id!r}")
    sys.stdout.writelines(line + "\n" for line in rules.details(rule))
    return COMPLETE


def _baseline_accept(options: argparse.Namespace) -> int:
    from agent.governance.baseline import Baseline
    from agent.inventory import derive
    from agent.service import scan

    settings = load.load(options.config)
    baseline = Baseline.of(scan.take_inventory(settings, options.root).records)
    baseline.save(derive.baseline_file(settings))
    print(f"{derive.baseline_file(settings)}: {len(baseline.accepted)} records accepted")
    return COMPLETE


def _baseline_diff(options: argparse.Namespace) -> int:
    from agent.governance.baseline import Baseline, difference
    from agent.inventory import derive
    from agent.service import scan

    settings = load.load(options.config)
    baseline = Baseline.load(derive.baseline_file(settings))
    if baseline is None:
        raise load.ConfigError("no baseline has been accepted")
    records = scan.take_inventory(settings, options.root).records
    sys.stdout.writelines(line + "\n" for line in difference(baseline, records))
    return COMPLETE


def _owners(options: argparse.Namespace) -> int:
    from agent.reports import owners
    from agent.service import scan

    look = scan.take_inventory(load.load(options.config), options.root)
    sys.stdout.writelines(line + "\n" for line in owners.lines(look.records))
    return COMPLETE


def _controls(options: argparse.Namespace) -> int:
    from agent.governance.controls import report
    from agent.reports import control_evidence
    from agent.service import known_inventory

    try:
        wanted = control_evidence.selected(options.controls)
    except control_evidence.UnknownControl as error:
        raise load.ConfigError(str(error)) from None
    inventory = known_inventory.inventory(load.load(options.config), options.root)
    print(f"{inventory.known_from}\n")
    whole = (line for control in wanted for line in control_evidence.lines(control, inventory.records))
    sys.stdout.writelines(line + "\n" for line in (whole if options.controls else report(inventory.records)))
    return COMPLETE


def _audit_verify(options: argparse.Namespace) -> int:
    from agent.cli import audit
    from agent.inventory.context import file_context

    settings = load.load(options.config)
    result = audit.verify(load.state_dir(settings), file_context(settings).endpoint_id)
    print(result.text)
    return COMPLETE if result.ok else FAILURE
