"""`python -m tests.golden.update` writes what the command says now; look at the difference before you commit it."""

from __future__ import annotations

from tests.golden import corpus
from tests.golden.answer import answer, golden
from tests.golden.make_tree import SYSTEMS


def main() -> None:
    for system in SYSTEMS:
        lines = answer(system)
        golden(system).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        print(f"{golden(system).name}: {len(lines)} records")
    if corpus.SHARED.exists():
        lines = corpus.lines(corpus.findings())
        corpus.GOLDEN.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        print(f"{corpus.GOLDEN.name}: {len(lines)} findings")


if __name__ == "__main__":
    main()
