"""Which settings there are at all, as the clients' own programs list them: none may be missing in the catalog."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.catalog.catalog import Catalog

_SCHEMA = """
const t = require('fs').readFileSync(process.argv[1], 'utf8');
const start = t.indexOf('{', t.search(/SETTINGS_SCHEMA\\w* = \\{/));
let depth = 0, quote = null, end = start;
for (; end < t.length; end++) {
  const c = t[end];
  if (quote) { if (c == '\\\\') end++; else if (c == quote) quote = null; continue; }
  if (c == '/' && t[end + 1] == '/') { end = t.indexOf('\\n', end); continue; }
  if (c == '/' && t[end + 1] == '*') { end = t.indexOf('*/', end) + 1; continue; }
  if (`"'\\``.includes(c)) quote = c; else if (c == '{') depth++; else if (c == '}' && !--depth) break;
}
const any = new Proxy(function () { return any; }, { has: () => true, apply: () => any,
  get: (_, k) => k === Symbol.unscopables ? undefined : k === Symbol.toPrimitive ? () => '' :
    k === Symbol.iterator ? function* () {} : any });
const keys = o => Object.fromEntries(Object.entries(o).map(([k, v]) => [k, keys(v.properties ?? {})]));
console.log(JSON.stringify(keys(new Function('p', `with (p) { return (${t.slice(start, end + 1)}) }`)(any))));
"""
_LEFT_OUT = {
    "gemini-cli": {
        "policyPaths", "adminPolicyPaths", "tools.discoveryCommand", "tools.callCommand", "tools.sandboxAllowedPaths",
        "mcp.serverCommand", "security.autoAddToPolicyByDefault", "admin.mcp.config", "admin.mcp.requiredConfig",
    },
    "qwen-code": {"tools.discoveryCommand", "tools.callCommand", "tools.core", "mcp.serverCommand"},
}  # fmt: skip
"""What decides and is not read: a file that sets it is told as one that says more than is known."""
_PROGRAMS = {"gemini-cli": "@google/gemini-cli/bundle/*.js", "qwen-code": "@qwen-code/qwen-code/*.js"}


@pytest.mark.parametrize("client", sorted(_PROGRAMS))
def test_every_setting_of_the_client_is_classified(client: str, npm: Path) -> None:
    packages = npm.parent
    programs = packages.glob(_PROGRAMS[client])
    program = next(file for file in sorted(programs) if b"SETTINGS_SCHEMA = {" in file.read_bytes())
    listed = subprocess.run(["node", "-e", _SCHEMA, str(program)], capture_output=True, text=True, check=True)
    entry = Catalog.load().clients[client]
    package = packages.joinpath(*Path(_PROGRAMS[client]).parts[:2], "package.json")
    version = json.loads(package.read_text())["version"]
    if entry.permissions and entry.permissions.versions and version not in entry.permissions.versions:
        pytest.skip(f"{version} was not looked at: what is new in it is told as a key that nobody classified")
    known = set(entry.posture[0].shape["any"])
    levels = {key.rpartition(".")[0] for key in known}
    there = {key for key in _paths(json.loads(listed.stdout)) if key.rpartition(".")[0] in levels}
    assert len(there) > 50
    assert there - known == _LEFT_OUT[client]


def _paths(keys: dict[str, Any], above: str = "") -> Iterator[str]:
    for name, below in keys.items():
        yield f"{above}{name}"
        yield from _paths(below, f"{above}{name}.")
