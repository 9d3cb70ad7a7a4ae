"""What an HTTP status means where a protocol says nothing else."""

from __future__ import annotations

from agent.delivery.contract import Misconfigured, Refused, Retry
from agent.delivery.http.client import Answer

LATER = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 508, 509, 529, 599})
CONTENT = frozenset({400, 413, 422})
"""The only answers that may cost an entry its delivery; every other one blames the deployment."""


def failure_in(answer: Answer, later: frozenset[int] = LATER) -> Retry | Refused | Misconfigured | None:
    """Why it was not taken; None for a 2xx."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status in later:
        return Retry(f"HTTP {status}", answer.retry_after)
    return Refused(f"HTTP {status}") if status in CONTENT else Misconfigured(f"HTTP {status}")
