"""What is wrong with settings that fit their schema: files that are not there, names that nobody bears."""

from __future__ import annotations

import os
import ssl
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path

from agent.config.layers import Location
from agent.config.load import Loaded
from agent.config.named_files import NamedFile, named_files
from agent.governance.baseline import Baseline, BaselineError
from agent.governance.policy.model import PolicyError, parse_policy
from agent.governance.rules.custom import custom_rules
from agent.governance.rules.registry import RULES
from agent.inventory.behaviour import NAME as ACTIONS
from agent.runtime.given_file import read_given
from agent.runtime.toml_lines import KeyLines
from agent.service.group_status import number_of
from agent.service.setup import baseline_file, load_catalog
from collectors.catalog.catalog import Catalog
from collectors.registry import all_collectors

_Name = tuple[Location, str]
_PATTERN = frozenset("*?[")


def problems(loaded: Loaded) -> Iterator[str]:
    """One line for each: place, setting, what is wrong."""
    settings = loaded.settings
    for file in named_files(settings):
        if (wrong := _fault_of(file)) and not (file.comes_later and wrong == "no such file"):
            yield f"{loaded.where(file.location)}: {'.'.join(file.location)}: {file.path}: {wrong}"
    if group := settings.daemon.status_group:
        try:
            number_of(group)
        except OSError as error:
            yield f"{loaded.where(('daemon', 'status_group'))}: daemon.status_group: {error.strerror}"
    try:
        Baseline.load(baseline_file(settings))
    except BaselineError as error:
        yield str(error)
    except OSError:  # told above where the settings name it; else it is for the daemon's account only
        pass
    known = {collector.name for collector in all_collectors()} | {ACTIONS}
    for name in settings.collect.disabled:
        if name not in known:
            place = loaded.where(("collect", "disabled"))
            yield f"{place}: collect.disabled: {_nobody('collector', name, known)}"
    catalog = load_catalog(settings)
    for entry in catalog.unusable:
        if not entry.path.is_dir() and entry.path.exists():
            yield str(entry)
    for client in settings.collect.client_actions:
        if client not in catalog.clients:
            place = loaded.where(("collect", "client_actions", client))
            yield f"{place}: collect.client_actions: {_nobody('client', client, catalog.clients)}"
    yield from _in_policy(settings.policy.file, catalog)


def _fault_of(file: NamedFile) -> str | None:
    """Why a file cannot be used for what its setting is about."""
    path, key = file.path, file.location[-1]
    try:
        if key == "paths":
            os.listdir(path)
        elif not path.exists():
            return "no such file"
        elif not path.is_file():
            return "no file"
        elif key == "ca_file":
            ssl.create_default_context(cafile=path)
        elif not path.read_bytes().strip():
            return "empty"
    except ssl.SSLError:
        return "holds no certificate in PEM form"
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _in_policy(file: str, catalog: Catalog) -> Iterator[str]:
    """Mistakes of the policy, and the agents and rules in it that there are not."""
    if not file:
        return
    try:
        text = read_given(Path(file)).decode()
        policy = parse_policy(text, file)
    except PolicyError as error:
        yield error.text
        return
    except (OSError, UnicodeDecodeError):
        # It was told before that it cannot be read.
        return
    lines, rules = KeyLines(text), {rule.id for rule in (*RULES, *custom_rules(policy))}
    agents: list[_Name] = [(("agent", str(n), "id"), rule.id) for n, rule in enumerate(policy.agent)]
    agents += [(("exception", str(n), "agent"), one.agent) for n, one in enumerate(policy.exception)]
    named: list[_Name] = [(("exception", str(n), "rule"), one.rule) for n, one in enumerate(policy.exception)]
    named += [(("rules", "disabled"), rule) for rule in policy.rules.disabled]
    named += [(("rules", "severity", rule), rule) for rule in policy.rules.severity]
    for kind, names, known in (("client", agents, set(catalog.clients)), ("rule", named, rules)):
        for at, name in names:
            if name not in known and not _PATTERN & set(name):
                yield f"{file}:{lines.line(at)}: {'.'.join(at)}: {_nobody(kind, name, known)}"


def _nobody(kind: str, name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"no {kind} is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
