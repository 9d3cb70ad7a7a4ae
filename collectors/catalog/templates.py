"""Path templates of the catalog: where each starts on which system, and the paths it stands for.

Besides folders of the home and the machine a template may start at what an administrator sets for one account:
`{managed}` is its folder of managed preferences on macOS, `HKCU` its part of the Windows registry, `HKLM` that of the
machine. A `#name` at the end means that the document is a text within the file: the value of that name in a property
list or registry key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from collectors.sources.account import Home

MANAGED = "/Library/Managed Preferences"

_FOLDERS = {
    "linux": {"{config}": "~/.config", "{data}": "~/.local/share", "{appdata}": "~/.config"},
    "macos": {
        "{config}": "~/Library/Application Support",
        "{data}": "~/Library/Application Support",
        "{appdata}": "~/Library/Application Support",
    },
    "windows": {"{config}": "~/AppData/Roaming", "{data}": "~/AppData/Local", "{appdata}": "~/AppData/Roaming"},
}


class Template(NamedTuple):
    """A template taken apart."""

    start: str
    """`~`, `/`, `{managed}`, `{project}`, `{extension}`, `HKLM` or `HKCU`."""
    rest: str
    """The path from there."""
    inside: str
    """Name of the value that is the document; empty: the file itself is."""


def taken_apart(template: str, os: str) -> Template:
    """Where a template starts, how it goes on and what within the file it means."""
    path, _, inside = template.partition("#")
    head, _, rest = path.partition("/")
    head = _FOLDERS[os].get(head, head)
    if head.startswith("~"):
        return Template("~", f"{head[2:]}/{rest}" if len(head) > 1 else rest, inside)
    return Template(head if head.startswith("{") or head in HIVES else "/", rest, inside)


def template_path(template: str, os: str, home: Home | None) -> str | None:
    """The path for a home, or for the machine without one; None for a template that starts elsewhere."""
    path = template.partition("#")[0]
    head, _, rest = path.partition("/")
    head = _FOLDERS[os].get(head, head)
    if head.startswith("~"):
        return f"{home.path}{head[1:]}/{rest}" if home else None
    if head == "{managed}":
        return f"{MANAGED}/{home.owner}/{rest}" if home else None
    if head == "HKCU":
        return path if home else None
    return path if home is None and not head.startswith("{") else None


HIVES: Final = ("HKLM", "HKCU")
