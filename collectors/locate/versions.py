"""The version of an installed client, read from what its installer left; nothing is executed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from collectors.catalog.version_numbers import _NUMBER
from collectors.contract import Context
from collectors.locate.ecosystems import RPM, rpm_version
from collectors.sources.account import Home
from collectors.sources.filesystem.file_tree import UnreadableError

_PLATFORM = "(?:universal|linux|darwin|win32|alpine|web)"
_EXTENSION = re.compile(rf".+?-(\d+\.\d+\.\d+(?:-(?!{_PLATFORM}\b)[0-9A-Za-z.]+)?)(?:-{_PLATFORM}.*)?")
_DISTRIBUTION = re.compile(r"[^-]+-([^-]+)\.dist-info")
_MOST_BYTES = 1_000_000
_SUFFIX = (
    "a|alpha|b|beta|bpo|build|bzr|c|canary|deb|debian|dev|dfsg|el|exp|experimental|fc|final|g|ga|git|hotfix|insiders?"
    "|internal|local|lts|nightly|next|p|patch|post|pre|preview|r|rc|release|rev|snapshot|stable|svn|u|ubuntu"
)
_BOUNDED = re.compile(
    rf"v?(?:\d{{1,4}}:)?\d{{1,14}}(?:\.\d{{1,9}}){{0,5}}(?:[-+.~](?:(?:{_SUFFIX})?\d{{1,14}}(?:(?:{_SUFFIX})\d{{1,9}})?|{_SUFFIX}"
    r"|g?[0-9a-f]{7,12})(?![0-9A-Za-z])){0,6}+"
)

_MANIFESTS = ("package.json", "product-info.json", "resources/app/package.json", "manifest.json")


def version_at(context: Context, home: Home | None, path: str) -> str | None:
    """The version told by the file or folder at an install path; None where it does not say."""
    found = _version_at(context, home, path)
    return bounded(found) if found else None


def _version_at(context: Context, home: Home | None, path: str) -> str | None:
    database, _, package = path.partition("#")
    if database in RPM and package:
        return rpm_version(context, database, package)
    name = path.rpartition("/")[2]
    for expression in (_DISTRIBUTION, _NUMBER, _EXTENSION):
        match = expression.fullmatch(name)
        if match:
            return match[1]
    if path.startswith("/var/lib/dpkg/info/"):
        return _dpkg(context, name.removesuffix(".list"))
    if name in _MANIFESTS:
        return _read(context, home, path, _json)
    for manifest in _MANIFESTS:
        found = _read(context, home, f"{path}/{manifest}", _json)
        if found:
            return found
    if path.endswith(".app"):
        return _read(context, home, f"{path}/Contents/Info.plist", _plist)
    return _in_environment(context, home, path, name) or _newest_folder(context, home, path)


def bounded(version: str) -> str | None:
    """The part of a text that a version can be made of: anybody may write anything behind the numbers."""
    match = _BOUNDED.match(version)
    return match[0] if match else None


def _read(context: Context, home: Home | None, path: str, parse: Callable[[bytes], object]) -> str | None:
    """A version that parses out of a file; whatever is wrong with the file, there is then none."""
    if not context.files.exists(path, home):
        return None
    try:
        data = context.files.read(path, home)
        version = parse(data) if len(data) <= _MOST_BYTES else None
    except Exception:  # hostile bytes make plistlib raise IndexError, KeyError, struct.error, ExpatError and more
        return None
    return version[:64] if isinstance(version, str) and _NUMBER.match(version) else None


def _json(data: bytes) -> object:
    document = json.loads(data)
    return document.get("version") if isinstance(document, dict) else None


def _plist(data: bytes) -> object:
    import plistlib  # only macOS and its images need it

    document = plistlib.loads(data)
    return document.get("CFBundleShortVersionString") if isinstance(document, dict) else None


def _in_environment(context: Context, home: Home | None, path: str, name: str) -> str | None:
    """uv and pipx keep each tool in an environment of its own, named after the distribution."""
    module = name.replace("-", "_")
    for found in context.files.glob(f"{path}/lib/*/site-packages/{module}-*.dist-info", home):
        match = _DISTRIBUTION.fullmatch(found.rpartition("/")[2])
        if match:
            return match[1]
    return None


def _newest_folder(context: Context, home: Home | None, path: str) -> str | None:
    """Homebrew and the like keep a folder per version."""
    if not context.files.is_folder(path, home):
        return None
    try:
        names = [entry.name for entry in context.files.entries(path, home)]
    except (OSError, UnreadableError):
        return None
    versions = [match[1] for name in names if (match := _NUMBER.fullmatch(name))]
    return max(versions, key=_numbers, default=None)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", version)]


def _dpkg(context: Context, package: str) -> str | None:
    """The installed version from dpkg's status file."""
    try:
        text = context.files.read("/var/lib/dpkg/status", None).decode("utf-8", "replace")
    except (OSError, UnreadableError):
        return None
    start = re.search(rf"^Package: {re.escape(package)}$", text, re.MULTILINE)
    stanza = text[start.start() :].partition("\n\n")[0] if start else ""
    match = re.search(r"^Version: (\S+)", stanza, re.MULTILINE)
    return match[1][:64] if match else None
