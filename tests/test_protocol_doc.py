"""The worked example in docs/protocol.md, recomputed with nothing but what the page says."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import rfc8785

from agent.delivery.batch import Batch
from agent.delivery.targets.rollcall import encode
from agent.journal.entry import Line
from agent.records import KINDS, Record
from tests.receivers.rollcall_store import SEEN, SEEN_OF

PAGE = (Path(__file__).parents[1] / "docs/protocol.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("<!-- example -->\n```\n")[1].split("```")[0].encode()
HASHES = [bytes.fromhex(found) for found in re.findall(r"^\| hash\(\d\) \| `([0-9a-f]{64})`", PAGE, re.MULTILINE)]


def test_the_hashes_of_the_example_follow_from_its_lines() -> None:
    header, *lines = EXAMPLE.splitlines()
    chain = json.loads(header)["chain"]
    digest = hashlib.sha256(chain.encode("ascii")).digest()
    computed = [digest]
    for line in lines:
        digest = hashlib.sha256(digest + line).digest()
        computed.append(digest)
    assert computed == HASHES
    assert json.loads(header)["prev_hash"] == HASHES[0].hex()
    assert json.loads(header)["head_hash"] == HASHES[-1].hex()


def test_the_lines_of_the_example_are_canonical_json_of_entries() -> None:
    for line, digest in zip(EXAMPLE.splitlines()[1:], HASHES[1:], strict=True):
        assert rfc8785.dumps(json.loads(line)) == line
        Line(1, line, digest).entry()


def test_the_sender_would_send_exactly_the_example() -> None:
    header, *lines = EXAMPLE.splitlines()
    h = json.loads(header)
    names = ("endpoint_id", "chain", "follows", "first_seq", "last_seq", "prev_hash", "head_hash")
    batch = Batch(**{name: h[name] for name in names}, lines=tuple(lines))
    assert encode(batch) == EXAMPLE


def test_what_no_digest_counts_is_what_the_page_says_and_the_receiver_leaves_out() -> None:
    of_one_kind = {name: kind.NOT_FACTS - SEEN for name, kind in KINDS.items() if kind.NOT_FACTS != Record.NOT_FACTS}
    assert (Record.NOT_FACTS, of_one_kind) == (SEEN, SEEN_OF)
    said = PAGE.split("each current record without ")[1].split("- `notice`")[0]
    names = set(re.findall(r"`(\w+)`", said))
    assert names == SEEN | of_one_kind.keys() | frozenset().union(*of_one_kind.values())
