"""Paths that are much: a whole disk or home, or a folder of keys, whatever it is called."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from typing import Literal

Wide = Literal["disk", "home", "keys", "system"]

_HOME_NAME = re.compile(r"(?i)(\$\{?(env:)?(HOME|userHome|USERPROFILE)\}?|%USERPROFILE%|\$env:(HOME|USERPROFILE))")
_DRIVE = re.compile(r"(?i)(?:/mnt|/cygdrive|/run/media/[^/]+|/media/[^/]+)/[a-z](?=/|$)|/([a-z]):?(?=/|$)(?<=:)|[a-z]:")
_DISKS = re.compile(
    r"/|/proc/(?:1|self|\d+)/root|/(?:host|hostfs|rootfs|mnt|media|Volumes(?:/Macintosh HD)?)|/System/Volumes/Data"
)
_HOMES = re.compile(r"(?i)/(?:home|Users|export/home)(?:/[^/]+)?|/root|/var/root|~[\w.-]*")
_KEYS = re.compile(
    r"(?i)(?:.*/)?(?:\.ssh|\.aws|\.gnupg|\.kube|\.azure|\.docker|\.password-store|\.netrc|\.git-credentials|\.pki|"
    r"\.config/(?:gcloud|gh|op|sops)|\.local/share/keyrings|Library/Keychains|Library/Application Support/"
    r"(?:Google/Chrome|Firefox)|\.mozilla|\.config/(?:google-chrome|chromium)|AppData/(?:Roaming|Local)/"
    r"(?:Microsoft/(?:Credentials|Protect|Vault)|Google/Chrome/User Data))(?:/.*)?"
)
_SYSTEM = re.compile(r"(?i)/(?:private/)?(?:etc(?:/.*)?|boot|dev|proc|sys|var|run)|/var/run|Windows(?:/.*)?")


def wide(path: str, homes: Iterable[str] = ()) -> Wide | None:
    """How much the path is, if it is much; `homes` are those of the accounts of the machine."""
    plain = _plain(path)
    if _KEYS.fullmatch(plain):
        return "keys"
    rest = _DRIVE.match(plain)
    if rest:
        inside = plain[rest.end() :] or "/"
        if inside == "/":
            return "disk"
        return "home" if _HOMES.fullmatch(inside) else "system" if _SYSTEM.fullmatch(inside[1:]) else None
    if _DISKS.fullmatch(plain):
        return "disk"
    if _HOMES.fullmatch(plain) or plain in homes:
        return "home"
    return "system" if _SYSTEM.fullmatch(plain) else None


def _plain(path: str) -> str:
    """One spelling for all of the same path: forward slashes, no `.` and `..`, `~` for names of the home."""
    text = path.strip().strip("\"'").replace("\\", "/")
    text = re.sub(r"^(?:file|vscode-remote)://(?:localhost)?(?=/)", "", text)
    text = re.sub(r"^//[?.]/", "", text)
    text = _HOME_NAME.sub("~", text)
    text = re.sub(r"/\*+$", "", text) or "/"
    # Two slashes at the start stay two for POSIX, and mean one everywhere else.
    return posixpath.normpath(re.sub(r"^/+", "/", text))
