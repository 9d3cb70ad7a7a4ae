"""Settings whose meaning only several keys together give: one function each, named in the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import normpath

_WHOLE_DISK = ("/", ":root", "//", "/**", "//**", "C:\\", "C:/")
_ENGINE_SOCKETS = ("docker.sock", "podman.sock", "containerd.sock")


def claude_sandbox(value: object) -> str | None:
    """The table `sandbox`: on with an open door for everything is none."""
    if not isinstance(value, dict) or not isinstance(value.get("enabled"), bool):
        return None
    return "none" if not value["enabled"] or _open(value) else "partial"


def claude_sandbox_mode(value: object) -> str | None:
    """Commands in the sandbox run unasked: where it is open, all do."""
    if not isinstance(value, dict) or value.get("enabled") is not True or not _open(value):
        return None
    return None if value.get("autoAllowBashIfSandboxed") is False else "auto_approves"


def claude_network(value: object) -> str | None:
    """What commands in the sandbox reach."""
    if not isinstance(value, dict) or value.get("enabled") is not True:
        return None
    network = _table(value, "network")
    proxied = "httpProxyPort" in network or "socksProxyPort" in network
    return "on" if "*" in _texts(network, "allowedDomains") else "unknown" if proxied else "restricted"


def _open(sandbox: dict[str, object]) -> bool:
    files, network = _table(sandbox, "filesystem"), _table(sandbox, "network")
    sockets = list(_texts(network, "allowUnixSockets"))
    return (
        any(pattern in ("*", "**", "* *") for pattern in _texts(sandbox, "excludedCommands"))
        or any(map(_is_whole_disk, _texts(files, "allowWrite")))
        or network.get("allowAllUnixSockets") is True
        or any(path.endswith(_ENGINE_SOCKETS) or path in ("*", "/") for path in sockets)
        or sandbox.get("allowAppleEvents") is True
    )


def codex_sandbox(value: object) -> str | None:
    """`default_permissions` and the profile it names, `sandbox_mode` with `writable_roots`."""
    if not isinstance(value, dict):
        return None
    roots = list(_texts(_table(value, "sandbox_workspace_write"), "writable_roots"))
    if any(map(_is_whole_disk, roots)):
        # Another file may set the mode to which these belong.
        return "none" if value.get("sandbox_mode") in (None, "workspace-write") else "unknown"
    told = [profile.get("sandbox") for profile in _codex_profiles(value)]
    return next((sandbox for sandbox in told if sandbox), None)


def codex_network(value: object) -> str | None:
    """The network of the profile that `default_permissions` names."""
    told = [profile.get("network") for profile in _codex_profiles(value)] if isinstance(value, dict) else []
    return next((network for network in told if network), None)


_CODEX_PROFILES = {
    ":read-only": {"sandbox": "full", "network": "off"},
    ":workspace": {"sandbox": "partial", "network": "off"},
    ":danger-full-access": {"sandbox": "none", "network": "on"},
    ":danger-no-sandbox": {"sandbox": "none", "network": "on"},
}


def _codex_profiles(value: dict[str, object]) -> Iterator[dict[str, str]]:
    """The chosen profile and those it extends, the nearest first."""
    name, profiles = value.get("default_permissions"), _table(value, "permissions")
    for _ in range(10):
        if not isinstance(name, str):
            return
        if name.startswith(":"):
            yield _CODEX_PROFILES.get(name, {"sandbox": "unknown", "network": "unknown"})
            return
        profile = profiles.get(name)
        if not isinstance(profile, dict):
            # It may be defined in another file.
            yield {"sandbox": "unknown", "network": "unknown"}
            return
        yield _codex_profile(profile)
        name = profile.get("extends")
    yield {"sandbox": "unknown", "network": "unknown"}


def _codex_profile(profile: dict[str, object]) -> dict[str, str]:
    files, network = _table(profile, "filesystem"), _table(profile, "network")
    written = [str(path) for path, access in files.items() if access == "write" or _writes(access)]
    found: dict[str, str] = {}
    if any(map(_is_whole_disk, written)):
        found["sandbox"] = "none"
    elif written:
        found["sandbox"] = "partial"
    elif files and "extends" not in profile:
        found["sandbox"] = "full"
    if isinstance(network.get("enabled"), bool):
        found["network"] = "on" if network["enabled"] else "off"
    elif "extends" not in profile:
        found["network"] = "off"
    return found


def _is_whole_disk(path: str) -> bool:
    return path in _WHOLE_DISK or normpath(path).strip("/") == ""


def _writes(access: object) -> bool:
    return isinstance(access, dict) and "write" in access.values()


def openclaw_mode(value: object) -> str | None:
    """`security` and `ask` of `tools.exec` or of the approvals file; without them every command runs unasked."""
    if not isinstance(value, dict) or not {"security", "ask", "mode"} & value.keys():
        return None
    mode, security, ask = value.get("mode"), value.get("security", "full"), value.get("ask", "off")
    if mode in _OPENCLAW_MODES:
        return _OPENCLAW_MODES[str(mode)]
    if security == "deny" or ask == "always":
        return "asks_always"
    if security in ("allowlist", "full") and ask in ("off", "on-miss", "always"):
        return "asks_risky" if security == "allowlist" else "bypasses"
    return "unknown"


_OPENCLAW_MODES = {
    "deny": "asks_always",
    "allowlist": "asks_risky",
    "ask": "asks_risky",
    "auto": "auto_approves",
    "full": "bypasses",
}


def roo_mode(value: object) -> str | None:
    """What is approved automatically, where that is switched on at all; of commands only those that a list allows."""
    if not isinstance(value, dict) or not any(key in value for key in ("autoApprovalEnabled", "alwaysAllowExecute")):
        return None
    if value.get("autoApprovalEnabled") is not True:
        return "asks_risky"
    any_command = value.get("alwaysAllowExecute") is True and "*" in _texts(value, "allowedCommands")
    return "auto_approves" if any_command or value.get("alwaysAllowWrite") is True else "asks_risky"


def _table(value: dict[str, object], key: str) -> dict[str, object]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _texts(value: dict[str, object], key: str) -> Iterator[str]:
    found = value.get(key)
    yield from (item for item in (found if isinstance(found, list) else ()) if isinstance(item, str))


COMBINED: dict[str, Callable[[object], str | None]] = {
    function.__name__: function
    for function in (
        *(claude_sandbox, claude_sandbox_mode, claude_network, codex_sandbox, codex_network, openclaw_mode, roo_mode),
    )
}
