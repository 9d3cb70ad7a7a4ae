"""What a snapshot may put in the place of what is known: docs/protocol.md, "Scope"."""

from __future__ import annotations

from typing import Any


def may_replace(scope: dict[str, Any] | None, record: dict[str, Any], told_by: str | None, chain: str) -> bool:
    """Whether a chain may change what is known of a record: what nobody or it told itself, or what it answers for."""
    if told_by in (None, chain) or scope is None:
        return True
    owner = record.get("owner")
    return owner not in scope["out_of_reach"] if scope["rights"] == "machine" else owner in scope["owners"]


def is_unknown(scope: dict[str, Any] | None, record: dict[str, Any]) -> bool:
    """Whether a record comes from a part that the look could not read."""
    source, collector = record["evidence"].get("source") or "", record["evidence"].get("collector")
    return any(
        part["owner"] == record.get("owner") and part["collector"] == collector
        and (part["path"] is None or f"{source}/".startswith(part["path"].rstrip("/") + "/"))
        for part in (scope or {}).get("unknown", ())
    )  # fmt: skip
