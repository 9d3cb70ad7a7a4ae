"""Services that put a key into the path of a URL, so that whoever knows the URL may use it."""

from __future__ import annotations

from typing import NamedTuple


class PathKey(NamedTuple):
    """What of a path is a key at one host, or at all hosts below it where it starts with a dot.

    In `path`, `*` is a segment that is a key, `bot*` one that holds a key behind `bot`, `?` one that is none, and `**`
    at the end all that follows.
    """

    host: str
    path: str
    source: str


PATH_KEYS = (
    PathKey("mcp.zapier.com", "api/mcp/?/**", "https://docs.zapier.com/mcp/authentication"),
    PathKey("actions.zapier.com", "mcp/**", "https://docs.zapier.com/mcp/authentication"),
    PathKey("hooks.zapier.com", "hooks/**", "https://docs.zapier.com/mcp/authentication"),
    PathKey(".make.com", "mcp/api/v1/u/*", "https://developers.make.com/mcp-server/make-cloud-mcp-server"),
    PathKey("mcp.composio.dev", "?/**", "servers of one toolkit are told apart by their path alone"),
    PathKey("mcp.composio.dev", "composio/server/**", "servers are told apart by their path alone"),
    PathKey("cloud.activepieces.com", "api/v1/mcp/*", "whoever knows the path may call the server"),
    PathKey("hooks.slack.com", "?/**", "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"),
    PathKey("discord.com", "api/webhooks/?/*", "https://discord.com/developers/docs/resources/webhook"),
    PathKey("discordapp.com", "api/webhooks/?/*", "https://discord.com/developers/docs/resources/webhook"),
    PathKey("discord.com", "api/?/webhooks/?/*", "https://discord.com/developers/docs/resources/webhook"),
    PathKey(".discord.com", "api/webhooks/?/*", "https://discord.com/developers/docs/resources/webhook"),
    PathKey(".discord.com", "api/?/webhooks/?/*", "https://discord.com/developers/docs/resources/webhook"),
    PathKey("api.telegram.org", "bot*", "https://core.telegram.org/bots/api#making-requests"),
    PathKey("api.telegram.org", "file/bot*", "https://core.telegram.org/bots/api#getfile"),
    PathKey("ntfy.sh", "*", "https://docs.ntfy.sh/publish/"),
    PathKey("open.feishu.cn", "open-apis/bot/v2/hook/*", "https://beszel.dev/guide/notifications/lark"),
    PathKey("open.larksuite.com", "open-apis/bot/v2/hook/*", "https://beszel.dev/guide/notifications/lark"),
    PathKey("backend.composio.dev", "v3/mcp/*", "servers are told apart by their path alone"),
    PathKey("apollo.composio.dev", "v3/mcp/*", "servers are told apart by their path alone"),
    PathKey("app.activepieces.com", "api/v1/mcp/*", "whoever knows the path may call the server"),
    PathKey("maker.ifttt.com", "trigger/?/with/key/*", "https://hexdocs.pm/ifttt_webhook/IftttWebhook.API.html"),
    PathKey(".infura.io", "v3/*", "https://goldrush.dev/docs/goldrush-json-rpc/migrating-from-other-providers"),
    PathKey(".g.alchemy.com", "v2/*", "https://goldrush.dev/docs/goldrush-json-rpc/migrating-from-other-providers"),
    PathKey("rpc.ankr.com", "?/*", "https://goldrush.dev/docs/goldrush-json-rpc/migrating-from-other-providers"),
)
_ROUTES = frozenset({"mcp", "sse", "message", "messages", "stream"})
"""What MCP servers call the last segment themselves: no key."""


def key_segments(host: str, path: str) -> frozenset[int]:
    """Positions of the path's segments, split at `/`, that are a key at this host."""
    segments = path.split("/")
    return frozenset(
        position
        for known in PATH_KEYS
        if host == known.host or (known.host.startswith(".") and host.endswith(known.host))
        for position in _keys(known.path.split("/"), segments)
    )


def _keys(pattern: list[str], segments: list[str]) -> list[int]:
    start = 1 if segments and not segments[0] else 0
    keys: list[int] = []
    for position, part in enumerate(pattern, start):
        if part == "**":
            rest = range(position, len(segments))
            return keys + [i for i in rest if segments[i] and segments[i].lower() not in _ROUTES]
        if position >= len(segments) or not segments[position] or not _fits(part, segments[position]):
            return []
        if part.endswith("*"):
            keys.append(position)
    return keys


def _fits(part: str, segment: str) -> bool:
    return part in ("?", segment) or (part.endswith("*") and segment.startswith(part[:-1]))
