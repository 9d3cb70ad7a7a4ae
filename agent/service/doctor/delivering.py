"""Each target: whether it can be reached, whether its certificate is accepted, and how delivery stands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from agent.config.settings import Settings
from agent.delivery.cursor import Cursor, TargetStatus
from agent.delivery.http.failures import reason_of
from agent.delivery.settings import TargetSettings
from agent.inventory.context import this_endpoint_id
from agent.journal.errors import JournalError
from agent.journal.journal import FILE, Journal
from agent.service.doctor.answer import Answer, error, ok, warning
from agent.service.doctor.running import Running

_SECONDS = 10.0
_SKEW = 300.0
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def look(settings: Settings, running: Running) -> Iterator[Answer]:
    """Two answers for each target."""
    if not settings.target:
        yield warning("delivery", "no target is configured: nothing leaves this machine", "add a [[target]]")
        return
    proxy = next((name for name in _PROXIES if os.environ.get(name)), None)
    yield ok("proxy", f"the one that {proxy} names" if proxy else "none in this environment")
    standing = _standing(settings, running)
    for target in settings.target:
        yield from _reached(target)
        if status := standing.get(target.name):
            yield _delivered(status)


def _delivered(status: TargetStatus) -> Answer:
    about = f"delivery to {status.name}"
    if status.last_error:
        said = f"failing since {status.failing_since}, {status.backlog} entries wait: {status.last_error}"
        return error(about, said, "nothing is lost; mend what it names, and it goes on by itself")
    if status.dead_letters:
        said = f"{status.dead_letters} entries were refused"
        return warning(about, said, f"`rollcall delivery dead-letters {status.name}` names them")
    return ok(about, f"last success {status.last_success or 'not yet'}, {status.backlog} entries wait")


def _standing(settings: Settings, running: Running) -> dict[str, TargetStatus]:
    with suppress(JournalError, OSError):
        if (path := running.folder / FILE).exists():
            journal = Journal.open(path, this_endpoint_id(), readonly=True)
            try:
                return {target.name: Cursor(journal, target.name).status() for target in settings.target}
            finally:
                journal.close()
    return {}


def _reached(target: TargetSettings) -> Iterator[Answer]:
    """Ask for the address without any token: whatever answers shows name, route, proxy and certificate to be right."""
    url = getattr(target, "url", None)
    if not url:
        return
    import ssl

    import httpx

    parts = urlsplit(url)
    about = f"target {target.name}"
    try:
        ca_file = getattr(target, "ca_file", None)
        verify = ssl.create_default_context(cafile=str(ca_file)) if ca_file else True
        with httpx.Client(verify=verify, timeout=_SECONDS, trust_env=parts.scheme == "https") as client:
            answer = client.request("HEAD", url)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
        yield error(about, f"{parts.hostname}: {reason_of(problem)}", _remedy(reason_of(problem)))
        return
    yield ok(about, f"{parts.hostname} answers{', certificate accepted' if parts.scheme == 'https' else ''}")
    if (skew := _skew(answer.headers.get("Date"))) > _SKEW:
        yield warning("clock", f"{skew:.0f} s apart from that of {parts.hostname}", "set this machine's clock")


def _remedy(reason: str) -> str:
    if "certificate" in reason:
        return "set ca_file to the authority that signed its certificate, or mend the certificate"
    if "TLS" in reason:
        return "check that the port speaks TLS, and that no proxy breaks it open"
    return "check host, port and proxy in url and environment, and the firewall"


def _skew(date: str | None) -> float:
    try:
        return abs((parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()) if date else 0.0
    except (ValueError, TypeError):
        return 0.0
