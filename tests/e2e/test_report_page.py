"""The page in a real browser: nothing on it runs, its own script does, and axe finds no serious fault."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.installed import cache, install

if TYPE_CHECKING:
    from conftest import Rollcall

PAYLOADS = (
    "<script>pwned=1</script>",
    "\"><img src=x onerror=pwned=1>",
    "' autofocus onfocus=pwned=1 x='",
    "</title></style><svg onload=pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<details open ontoggle=pwned=1>",
    "javascript:pwned=1",
    "<a href=javascript:pwned=1>",
    "\u202e<b>moc.live</b>",
    "ملف " + "x" * 10_000,
)  # fmt: skip

CHECKS = """
const say = (found) => {
  const text = btoa(unescape(encodeURIComponent(JSON.stringify(found))));
  document.body.innerHTML = `<pre id="found">${text}</pre>`;
};
addEventListener("load", async () => {
  for (const link of document.querySelectorAll("details")) link.open = true;
  const axe = await window.axe.run();
  const form = document.querySelector("form[data-of=inventory]");
  form.elements.text.value = "needle";
  form.dispatchEvent(new Event("input"));
  await new Promise((done) => setTimeout(done, 400));
  const visible = [...document.querySelectorAll("#inventory .item:not([hidden])")].map((row) => row.textContent);
  const faults = axe.violations.map(({ id, impact, nodes }) => ({ id, impact, example: nodes[0].html }));
  say({ faults, passes: axe.passes.length, pwned: window.pwned ?? null, visible,
        loaded: performance.getEntriesByType("resource").map((entry) => entry.name),
        wide: document.documentElement.scrollWidth > document.documentElement.clientWidth });
});
"""


@pytest.fixture
def page(rollcall: Rollcall) -> str:
    """The page of a home in which every name is an attack."""
    home = rollcall.folder / "root/home/dev"
    (home / ".claude").mkdir(parents=True)
    servers: dict[str, Any] = {
        payload: {"command": payload, "args": [payload], "env": {payload: "x"}} for payload in PAYLOADS
    }
    servers["needle"] = {"command": "npx", "args": ["-y", "notes-mcp"]}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": servers}))
    rules = {"defaultMode": "bypassPermissions", "allow": [f"Bash({payload})" for payload in PAYLOADS]}
    (home / ".claude/settings.json").write_text(json.dumps({"permissions": rules}))
    done = rollcall("--root", rollcall.folder / "root", "report", "--html", rollcall.folder / "page.html")
    assert done.status == 0, done.stderr
    return (rollcall.folder / "page.html").read_text()


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe-core."""
    folder = cache("axe")
    source = folder / "node_modules/axe-core/axe.min.js"
    install(source, "npm", "install", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4")
    return source.read_text()


def opened(file: Path, page: str) -> str:
    """What a browser makes of the page, after its scripts have run."""
    if not (browser := shutil.which("chromium")):
        pytest.skip("needs chromium")
    file.write_text(page)
    flags = (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--virtual-time-budget=20000",
        "--dump-dom",
    )
    command = [browser, *flags, f"--user-data-dir={file.parent}/profile", file.as_uri()]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120).stdout


def test_under_its_own_policy_its_script_runs_and_nothing_else(page: str, tmp_path: Path) -> None:
    dom = opened(tmp_path / "page.html", page)
    assert re.search(r'<form class="filters" data-of="inventory" aria-label="Filter inventory">', dom)
    added = opened(tmp_path / "added.html", page.replace("</main>", "</main><script>document.title='pwned'</script>"))
    assert "<title>pwned" not in added and "document.title='pwned'" in added


def test_without_any_policy_no_name_on_it_runs_and_axe_finds_nothing(page: str, axe: str, tmp_path: Path) -> None:
    bare = re.sub(r"<meta http-equiv[^>]*>", "", page)
    scripts = "".join(f"<script>{text}</script>" for text in (axe, CHECKS))
    dom = opened(tmp_path / "bare.html", bare.replace("</body>", scripts + "</body>"))
    (told,) = re.findall(r'<pre id="found">([^<]*)</pre>', dom)
    found = json.loads(base64.b64decode(told))
    assert found["pwned"] is None
    assert found["loaded"] == []
    assert found["passes"] > 20 and [f for f in found["faults"] if f["impact"] in ("serious", "critical")] == []
    assert len(found["visible"]) == 1 and "needle" in found["visible"][0]
    assert not found["wide"]
