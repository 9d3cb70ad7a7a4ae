"""Package identity (purl) from the specifications that launchers take, and how firmly they name a version."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import parse_qs

from packageurl import PackageURL

Pin = Literal["exact", "tag", "none"]
"""exact: a version, commit, release tag or digest; tag: a dist-tag, range, branch or moving tag; none: nothing."""

_SEMVER = r"\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[\w.-]+)?(?:\+[\w.-]+)?"
_NPM = re.compile(r"((?:@[\w.~-]+/)?[A-Za-z0-9_~.][\w.~-]*)(?:@(.*))?")
_NPM_EXACT = re.compile(rf"[v=]?{_SEMVER}")
_PYPI = re.compile(r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(@|==|===|[<>~!=]=?|$)\s*([^;,\s]*)(.*)")
_PYPI_EXACT = re.compile(r"v?\d[\w.!+-]*")
_RELEASE = re.compile(r"(?:[\w-]+[@/-])?v?\d+(?:\.\d+)+(?:[-.+][\w.-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_IMAGE_EXACT = re.compile(rf"v?{_SEMVER}|.*\d{{4}}-?\d{{2}}-?\d{{2}}.*|(?:sha-)?[0-9a-f]{{7,64}}")
_DIGEST = re.compile(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")
_GIT_HOSTS = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}
_GIT_URL = re.compile(r"(?:git\+)?(?:https?|ssh|git)://(?:[^@/]*@)?([\w.-]+)(?::\d+)?/(.+)")
_SCP = re.compile(r"(?:git\+ssh://)?git@([\w.-]+):(.+)")
_SHORTHAND = re.compile(r"(?:(github|gitlab|bitbucket):)?([\w.-]+)/([\w.-]+?)(?:\.git)?(?:#(.*))?")
_MAX_CHARS = 500


class Package(NamedTuple):
    """One package as a launcher was told to get it."""

    purl: str
    pin: Pin


def npm(spec: str) -> Package | None:
    """A registry name (`@scope/name@1.2.3`), a git URL or `owner/repo`; None for folders, tarballs and placeholders."""
    if len(spec) > _MAX_CHARS or _local(spec):
        return None
    if spec.startswith("npm:"):
        return npm(spec[4:])
    match = _NPM.fullmatch(spec)
    if match and not (match[2] or "").startswith(("npm:", "github:", "git", "http", "file:", "workspace:")):
        namespace, _, name = match[1].rpartition("/")
        version = (match[2] or "").strip()
        exact = bool(_NPM_EXACT.fullmatch(version))
        return _package("npm", namespace, name, version.lstrip("v=") if exact else None, _pin(version, exact))
    if match:  # an alias: `name@github:owner/repo`
        return npm(match[2])
    return git(spec) or _shorthand(spec)


def pypi(spec: str) -> Package | None:
    """A requirement (`name[extra]==1.2`), uvx' `name@1.2`, or `name @ git+https://…`; None for folders and archives."""
    if len(spec) > _MAX_CHARS or _local(spec):
        return None
    match = _PYPI.fullmatch(spec.strip())
    if not match:
        return git(spec)
    name, sign, version, rest = match.groups()
    if "://" in version or version.startswith("git"):
        return git(version) or _package("pypi", "", name, None, "tag")
    exact = sign in ("==", "===", "@") and not rest.startswith(",") and bool(_PYPI_EXACT.fullmatch(version))
    return _package("pypi", "", name, version if exact else None, _pin(version, exact))


def git(spec: str) -> Package | None:
    """A git URL (`git+https://github.com/owner/repo@ref#subdirectory=x`); npm writes the ref after `#`."""
    match = _GIT_URL.fullmatch(spec) or _SCP.fullmatch(spec)
    if not match or not (spec.startswith("git") or ".git" in match[2]):
        return None
    path, _, fragment = match[2].partition("#")
    path, _, ref = path.partition("@")
    ref = ref or ("" if "=" in fragment else fragment.removeprefix("semver:"))
    owner, _, name = path.partition("?")[0].removesuffix("/").removesuffix(".git").rpartition("/")
    exact = bool(_COMMIT.fullmatch(ref) or _RELEASE.fullmatch(ref))
    kind = _GIT_HOSTS.get(match[1].lower().removeprefix("www."))
    if kind and owner:
        return _package(kind, owner, name, ref if exact else None, _pin(ref, exact))
    where = {"vcs_url": f"git+https://{match[1].lower()}/{path}"}
    return _package("generic", "", name, ref if exact else None, _pin(ref, exact), where)


def _shorthand(spec: str) -> Package | None:
    match = _SHORTHAND.fullmatch(spec)
    if not match:
        return None
    ref = (match[4] or "").removeprefix("semver:")
    exact = bool(_COMMIT.fullmatch(ref) or _RELEASE.fullmatch(ref))
    return _package(match[1] or "github", match[2], match[3], ref if exact else None, _pin(ref, exact))


def image(reference: str) -> Package | None:
    """A container image `registry/path:tag@digest`; a digest, a full version, a date or a commit does not move."""
    if len(reference) > _MAX_CHARS or not re.fullmatch(r"[A-Za-z0-9][\w./:@-]*", reference):
        return None
    rest, _, digest = reference.partition("@")
    path, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        path, tag = rest, ""
    first, slash, remainder = path.partition("/")
    if not slash:
        path = f"docker.io/library/{path}"
    elif "." not in first and ":" not in first and first != "localhost":
        path = f"docker.io/{path}"
    elif first == "index.docker.io":
        path = f"docker.io/{remainder}"
    exact = bool(_DIGEST.fullmatch(digest) or _IMAGE_EXACT.fullmatch(tag))
    version = digest if _DIGEST.fullmatch(digest) else None
    where = {"repository_url": path.lower()} | ({"tag": tag} if tag else {})
    return _package("oci", "", path.rpartition("/")[2], version, _pin(digest or tag, exact), where)


def deno(spec: str) -> Package | None:
    """`npm:name@1.2.3/path` or `jsr:@scope/name@1.2.3`."""
    kind, _, rest = spec.partition(":")
    match = re.fullmatch(r"/?((?:@[\w.-]+/)?[\w.-]+(?:@[^/]+)?)(?:/.*)?", rest)
    if not match or kind not in ("npm", "jsr") or len(spec) > _MAX_CHARS:
        return None
    package = npm(match[1])
    return Package(package.purl.replace("pkg:npm/", f"pkg:{kind}/", 1), package.pin) if package else None


def nuget(spec: str) -> Package | None:
    """A .NET tool, `Name` or `Name@1.2.3`."""
    match = re.fullmatch(r"([A-Za-z][\w.-]*)(?:@(.*))?", spec[:_MAX_CHARS])
    exact = bool(match and re.fullmatch(r"\d[\w.+-]*", match[2] or ""))
    return _package("nuget", "", match[1], match[2] if exact else None, _pin(match[2] or "", exact)) if match else None


def golang(spec: str) -> Package | None:
    """A Go module path with a version, as `go run` takes it."""
    match = re.fullmatch(r"([\w-]+(?:\.[\w-]+)+/[\w./~-]+?)(?:@(.*))?", spec[:_MAX_CHARS])
    if not match:
        return None
    namespace, _, name = match[1].rpartition("/")
    exact = bool(re.fullmatch(rf"v{_SEMVER}|[0-9a-f]{{7,40}}", match[2] or ""))
    return _package("golang", namespace, name, match[2] if exact else None, _pin(match[2] or "", exact))


def installed(path: str) -> Package | None:
    """The package that a file lies in: below `node_modules`, `site-packages`, a pipx or a uv tool environment.

    What is installed is what runs, so no version is named and it is not pinned.
    """
    path = path.replace("\\", "/")[-4_000:]
    _, found, below = path.rpartition("/node_modules/")
    parts = (below if found else path.removeprefix("node_modules/") if path.startswith("node_modules/") else "").split(
        "/"
    )
    if len(parts) > 1 and not parts[0].startswith("."):
        scoped = parts[0].startswith("@") and len(parts) > 2
        return npm("/".join(parts[:2]) if scoped else parts[0])
    match = re.search(r"/(?:uv/tools|pipx/venvs)/([\w.-]+)/", path)
    match = match or re.search(r"/(?:site|dist)-packages/(\w+)(?:/|\.py$)", path)
    return pypi(match[1]) if match else None


def _local(spec: str) -> bool:
    """A folder or an archive."""
    folder = spec.startswith((".", "/", "~", "file:", "link:", "-")) or "\\" in spec or re.match(r"[A-Za-z]:/", spec)
    archive = spec.endswith((".tgz", ".tar.gz", ".whl", ".zip")) or (spec.startswith("http") and ".git" not in spec)
    return bool(folder) or archive


def _pin(version: str, exact: bool) -> Pin:
    return "exact" if exact else "tag" if version else "none"


def _package(
    kind: str, namespace: str, name: str, version: str | None, pin: Pin, qualifiers: dict[str, str] | None = None
) -> Package | None:
    try:
        return Package(PackageURL(kind, namespace or None, name, version, qualifiers or None).to_string(), pin)
    except ValueError:
        return None


def comparable(name: str) -> str:
    """A name, as `package_name` gives it, as its registry compares it: PyPI takes names that differ in case and
    separators for the same (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower() if name.startswith("pypi:") else name


def package_name(purl: str) -> str:
    """`npm:@scope/name` from a package URL: the identity without the version; an image by its repository."""
    kind, _, rest = purl.removeprefix("pkg:").partition("/")
    rest, _, qualifiers = rest.partition("#")[0].partition("?")
    if kind == "oci":
        image = parse_qs(qualifiers).get("repository_url")
        return f"oci:{image[0] if image else rest.partition('@')[0]}"
    name = rest[: rest.rindex("@")] if "@" in rest else rest
    return f"{kind}:{name.replace('%40', '@')}"
