"""Who a client is signed in as, from the one key of its file that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent.records import Evidence, SignIn, Source
from agent.redaction import redact
from agent.redaction.redact import printable
from collectors.catalog.client import SignedIn
from collectors.locate.interest import NAME
from collectors.readers.origin import Origin
from collectors.sources.formats.keypath import find

_ACCOUNT = re.compile(r"[^\s@<>\"]{1,64}@[A-Za-z0-9.-]{1,190}|[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def sign_ins(document: object, origin: Origin, part: SignedIn) -> Iterator[SignIn]:
    """At most one; none where something else than a name stands there, such as a token put in the wrong place."""
    for found in find(document, part.at):
        text = printable(found.value) if isinstance(found.value, str) else ""
        if _ACCOUNT.fullmatch(text) and redact.text(text) == text:
            yield SignIn(
                endpoint_id=origin.endpoint_id,
                owner=origin.owner,
                evidence=Evidence(collector=NAME, source=origin.shown),
                agent=origin.agent,
                account=text,
                source=Source(path=origin.shown, key=origin.key(found.key)),
            )
            return
