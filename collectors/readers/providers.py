"""Model providers and default models that a client's configuration names; never a key."""

from __future__ import annotations

from collections.abc import Iterator

from agent.records import Evidence, ModelProvider, Source
from agent.redaction import redact
from agent.redaction.redact import printable
from collectors.catalog.client import Provider
from collectors.locate.interest import NAME
from collectors.readers.origin import Origin
from collectors.sources.formats.keypath import find

_MOST = 100


def providers(document: object, origin: Origin, part: Provider) -> Iterator[ModelProvider]:
    """The providers at one place of a document; an entry that names neither address nor model says nothing."""
    for count, found in enumerate(find(document, part.at)):
        if count >= _MOST:
            return
        urls = list(_texts(found.value, part.url_at))
        models = list(_texts(found.value, part.model_at))[:_MOST]
        named = next(_texts(found.value, (part.id_at,)), None) if part.id_at else None
        provider = found.captures[0] if found.captures else named or part.id
        if not provider or not (urls or models or found.captures or named):
            continue
        yield ModelProvider(
            endpoint_id=origin.endpoint_id,
            owner=origin.owner,
            evidence=Evidence(collector=NAME, source=origin.shown),
            agent=origin.agent,
            provider=redact.name(provider)[:128],
            scope=part.scope,
            project=origin.project,
            base_url=redact.url(urls[0]).url if urls else None,
            models=tuple(dict.fromkeys(redact.text(printable(model))[:128] for model in models)),
            source=Source(path=origin.shown, key=redact.name(origin.key(found.key))[:512]),
        )


def _texts(value: object, paths: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        for found in find(value, path):
            if isinstance(found.value, str) and found.value:
                yield found.value
            elif isinstance(found.value, dict):
                yield from (key for key in found.value if isinstance(key, str))
            elif isinstance(found.value, list):
                yield from (item for item in found.value if isinstance(item, str))
