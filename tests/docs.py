"""What is generated from code and data: schemas and tables. `python -m tests.docs` writes it, `--check` compares."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from agent.governance.controls import evidence_for
from agent.records import KINDS
from agent.reports import catalog, rules
from collectors.catalog.catalog import Catalog
from tests import house
from tests.journal.tampering import MATRIX
from tests.record_schemas import schemas

ROOT = Path(__file__).resolve().parent.parent
_SECTION = re.compile(r"(<!-- generated: {name} -->\n).*?(<!-- end -->)".replace("{name}", r"([a-z-]+)"), re.DOTALL)


def generated() -> Iterator[tuple[Path, str]]:
    """Every generated file with the text it should have."""
    for name, schema in schemas():
        yield ROOT / f"docs/schema/{name}.json", json.dumps(schema, indent=1, sort_keys=True) + "\n"
    yield ROOT / "docs/rules.md", rules.table()
    for page in (ROOT / "README.md", ROOT / "docs/architecture.md", ROOT / "docs/audit.md"):
        yield page, _SECTION.sub(_filled, page.read_text(encoding="utf-8"))


def _filled(match: re.Match[str]) -> str:
    return f"{match[1]}{_TABLES[match[2]]()}{match[3]}"


def _clients() -> str:
    loaded = Catalog.load()
    return f"\n{len(loaded.clients)} clients.\n\n{catalog.table(loaded)}\n"


def _records() -> str:
    rows = [
        f"| `{kind}` | {(model.__doc__ or '').strip().splitlines()[0]} | {', '.join(evidence_for({'kind': kind}))} |"
        for kind, model in KINDS.items()
    ]
    return "\n| kind | what it says | evidence for |\n|---|---|---|\n" + "\n".join(rows) + "\n\n"


def _tampering() -> str:
    rows = [f"| {tampering.what} | {tampering.noticed} |" for tampering in MATRIX]
    return "| tampering | noticed by |\n|---|---|\n" + "\n".join(rows) + "\n"


_TABLES = {
    "clients": _clients,
    "records": _records,
    "rooms": lambda: f"\n{house.table()}\n\n",
    "tampering": _tampering,
}


def main(arguments: list[str]) -> int:
    stale = [(path, text) for path, text in generated() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in stale:
        if "--check" in arguments:
            print(f"stale: {path.relative_to(ROOT)}; run python -m tests.docs")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
