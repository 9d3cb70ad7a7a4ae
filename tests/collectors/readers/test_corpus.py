"""Real configuration files of AI clients: what is read out of them against what a reader found in them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from packageurl import PackageURL

from agent.redaction import redact
from collectors.catalog.catalog import Catalog
from collectors.catalog.client import Client, ConfigFile, ServersAt
from collectors.launch.identify import identify
from collectors.readers.servers import Definition, read_definitions
from collectors.sources.formats.documents import UnparseableError, parse
from collectors.sources.limits import Limits

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
KINDS = ("mcp_config", "extension", "plugin")
IGNORED_SWITCH = ("github-mcp-server",)
"""Said to be off by a key that its client, Claude Code, does not read."""
EXACT = ("servers", "transport", "package", "pinned", "url_host", "env_names", "header_names", "enabled")

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real files is not on this machine")


def rows() -> list[dict[str, Any]]:
    lines = (CORPUS / "index.jsonl").read_text(encoding="utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] in KINDS and (CORPUS / row["file"]).exists()]


def config_for(client: Client | None, row: dict[str, Any]) -> ConfigFile:
    """The catalog's own readings of this path; a file kept elsewhere is read as the client's main one."""
    configs = [config for config in client.config if named(config, row["path"])] if client else []
    flat = row["kind"] != "mcp_config"
    servers = [ServersAt(at="mcpServers"), *[ServersAt(at="", flat=True)] * flat]
    form = {"toml": "toml", "yaml": "yaml"}.get(row["path"].rpartition(".")[2], "json")
    other = ConfigFile(scope="extension" if flat else "user", format=form, servers=servers, source="", checked="")
    if not configs:
        return other
    # A repository does not say whether a folder in it is a project or a plug-in: both readings count.
    places = {(place.at, place.flat): place for config in configs for place in config.servers}
    return configs[0].model_copy(update={"servers": tuple(places.values())})


def named(config: ConfigFile, path: str) -> bool:
    return any(fits(path, template) for os in ("linux", "macos", "windows") for template in config.on(os))


def fits(path: str, template: str) -> bool:
    return fnmatch(path, "*" + template.rpartition("}")[2].rpartition("~")[2].lstrip("/"))


def read(row: dict[str, Any], client: Client | None) -> list[Definition]:
    config = config_for(client, row)
    dialect = client.dialect if client else Client(id="x", name="x", vendor="x", kind="cli").dialect
    try:
        document = parse((CORPUS / row["file"]).read_bytes(), config.format)
    except UnparseableError:
        return []
    return [d for d in read_definitions(document.value, config, dialect, Limits()) if isinstance(d, Definition)]


def plain(purl: str | None) -> str | None:
    """The corpus names packages `npm:@scope/name` and images as on a command line."""
    if purl is None:
        return None
    parts = PackageURL.from_string(purl)
    if parts.type == "oci":
        where = unquote(parts.qualifiers["repository_url"])
        return "oci:" + where.removeprefix("docker.io/library/").removeprefix("docker.io/")
    return f"{parts.type}:{parts.namespace + '/' if parts.namespace else ''}{parts.name}"


def comparisons() -> Iterator[tuple[str, str, bool]]:
    """File and server, field, and whether the field is right."""
    catalog = Catalog.load()
    for row in rows():
        if "ambiguous" in json.dumps(row):
            continue
        found = read(row, catalog.clients.get(row["client"]))
        expected = row["expected"]["servers"] or []
        missing = Counter(s["name"] for s in expected) - Counter(d.name for d in found)
        invented = Counter(d.name for d in found) - Counter(s["name"] for s in expected)
        yield from ((f"{row['file']} {name}", "servers", False) for name in [*missing, *invented])
        for truth in expected:
            match = [d for d in found if d.name == truth["name"]]
            if match:
                where = f"{row['file']} {truth['name']}"
                yield where, "servers", True
                yield from ((where, name, right) for name, right in compare(match[0], truth))


def compare(found: Definition, truth: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    launch = identify(found.command or "", found.args)
    yield "transport", found.transport in truth["transport_accept"]
    yield "package", plain(found.package) == truth["package"]
    yield "pinned", found.pinned == truth["version_pinned"] and launch.pin == truth["pin_kind"]
    yield "url_host", redact.url(found.url or "").host == truth["url_host"]
    yield "env_names", set(found.env_names) == {*truth["env_names"], *truth["arg_env_names"]}
    yield "header_names", list(found.header_names) == sorted(truth["header_names"])
    yield "enabled", found.enabled is not truth["disabled"] or found.name in IGNORED_SWITCH
    yield "inline_secret", found.inline_secret == truth["has_inline_secret"]


def test_every_expected_server_is_read_right_and_none_is_invented(capsys: pytest.CaptureFixture[str]) -> None:
    total, right, wrong = Counter[str](), Counter[str](), []
    for where, name, good in comparisons():
        total[name] += 1
        right[name] += good
        if not good:
            wrong.append(f"{name}: {where}")
    with capsys.disabled():
        print()
        for name in (*EXACT, "inline_secret"):
            print(f"{name:14} {right[name]:4} of {total[name]:4} right")
        print("\n".join(wrong))
    assert total["servers"] > 200
    assert not [line for line in wrong if line.partition(":")[0] in EXACT]
    assert right["inline_secret"] >= 0.98 * total["inline_secret"]


def test_a_file_that_even_a_lenient_reader_cannot_parse_is_reported() -> None:
    broken = [row for row in rows() if "not parseable" in row.get("note", "")]
    assert broken
    for row in broken:
        with pytest.raises(UnparseableError):
            parse((CORPUS / row["file"]).read_bytes(), "toml" if row["file"].endswith(".toml") else "json")


def test_no_clear_text_credential_of_the_corpus_is_shown() -> None:
    catalog = Catalog.load()
    shown = [d for row in rows() for d in read(row, catalog.clients.get(row["client"]))]
    text = json.dumps([(d.command, d.args, d.url, d.env_names, d.header_names) for d in shown])
    for credential in ("X1X1", "x1x1", "postgres:postgres", "0f1e2d3c", "a0Ba1Ba"):
        assert credential not in text
