"""Package identity and pin of every kind of specification."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collectors.launch import packages
from collectors.launch.packages import Package

DIGEST = "sha256:" + "ab" * 32


@pytest.mark.parametrize(
    ("read", "spec", "purl", "pin"),
    [
        (packages.npm, "@scope/name@1.2.3", "pkg:npm/%40scope/name@1.2.3", "exact"),
        (packages.npm, "name", "pkg:npm/name", "none"),
        (packages.npm, "name@latest", "pkg:npm/name", "tag"),
        (packages.npm, "name@^1.2.3", "pkg:npm/name", "tag"),
        (packages.npm, "name@1.2", "pkg:npm/name", "tag"),
        (packages.npm, "@scope/name@${VERSION}", "pkg:npm/%40scope/name", "tag"),
        (packages.npm, "alias@npm:real@1.0.0", "pkg:npm/real@1.0.0", "exact"),
        (packages.npm, "owner/repo", "pkg:github/owner/repo", "none"),
        (packages.npm, "github:owner/repo#v1.2.3", "pkg:github/owner/repo@v1.2.3", "exact"),
        (packages.npm, "git+https://github.com/owner/repo.git#main", "pkg:github/owner/repo", "tag"),
        (packages.npm, "git+ssh://git@github.com/owner/repo.git#0123456", "pkg:github/owner/repo@0123456", "exact"),
        (packages.pypi, "name", "pkg:pypi/name", "none"),
        (packages.pypi, "Name_x[cli,a]==1.2", "pkg:pypi/name-x@1.2", "exact"),
        (packages.pypi, "name@1.2.3", "pkg:pypi/name@1.2.3", "exact"),
        (packages.pypi, "name@latest", "pkg:pypi/name", "tag"),
        (packages.pypi, "name>=1,<2", "pkg:pypi/name", "tag"),
        (packages.pypi, "name==1.*", "pkg:pypi/name", "tag"),
        (packages.pypi, "awslabs.core-mcp-server@latest", "pkg:pypi/awslabs.core-mcp-server", "tag"),
        (packages.pypi, "git+https://github.com/o/r@v1.2#subdirectory=x", "pkg:github/o/r@v1.2", "exact"),
        (packages.pypi, "git+https://tok:en@github.com/o/r.git", "pkg:github/o/r", "none"),
        (packages.pypi, "name @ git+https://gitlab.com/g/s/r@main", "pkg:gitlab/g/s/r", "tag"),
        (packages.pypi, "git+https://h.example/o/r@main", "pkg:generic/r?vcs_url=git%2Bhttps://h.example/o/r", "tag"),
        (packages.image, "mcp/x", "pkg:oci/x?repository_url=docker.io/mcp/x", "none"),
        (packages.image, "x:latest", "pkg:oci/x?repository_url=docker.io/library/x&tag=latest", "tag"),
        (packages.image, "ghcr.io/a/b:v1.2.3", "pkg:oci/b?repository_url=ghcr.io/a/b&tag=v1.2.3", "exact"),
        (packages.image, "localhost:5000/x:1", "pkg:oci/x?repository_url=localhost:5000/x&tag=1", "tag"),
        (packages.image, f"a/b@{DIGEST}", f"pkg:oci/b@{DIGEST}?repository_url=docker.io/a/b", "exact"),
        (packages.deno, "npm:@a/b@1.2.3/sub", "pkg:npm/%40a/b@1.2.3", "exact"),
        (packages.deno, "jsr:@a/b", "pkg:jsr/%40a/b", "none"),
        (packages.golang, "github.com/a/b/cmd/x@latest", "pkg:golang/github.com/a/b/cmd/x", "tag"),
        (packages.nuget, "Foo.Bar@1.2.3", "pkg:nuget/Foo.Bar@1.2.3", "exact"),
        (packages.installed, "/x/node_modules/@a/b/dist/i.js", "pkg:npm/%40a/b", "none"),
        (packages.installed, "C:\\x\\node_modules\\foo\\i.js", "pkg:npm/foo", "none"),
        (packages.installed, "/a/node_modules/.pnpm/f@1/node_modules/f/x.js", "pkg:npm/f", "none"),
        (packages.installed, "/x/site-packages/mcp_foo/__main__.py", "pkg:pypi/mcp-foo", "none"),
        (packages.installed, "/r/.local/share/uv/tools/foo/bin/python", "pkg:pypi/foo", "none"),
    ],
)
def test_a_specification_names_a_package(read: Callable[[str], Package | None], spec: str, purl: str, pin: str) -> None:
    assert read(spec) == Package(purl, pin)  # type: ignore[arg-type]  # a plain text


@pytest.mark.parametrize(
    ("read", "spec"),
    [
        (packages.npm, "./folder"),
        (packages.npm, "https://h/x.tgz"),
        (packages.npm, "${PACKAGE}"),
        (packages.npm, ""),
        (packages.npm, "a" * 10_000),
        (packages.pypi, "."),
        (packages.pypi, "https://h/x.whl"),
        (packages.pypi, "C:\\x"),
        (packages.image, "${IMAGE}"),
        (packages.image, "-i"),
        (packages.deno, "https://deno.land/x/foo/mod.ts"),
        (packages.golang, "./cmd"),
        (packages.installed, "/x/server.js"),
        (packages.installed, "/x/node_modules/.bin/foo"),
    ],
)
def test_what_names_no_package_gives_none(read: Callable[[str], Package | None], spec: str) -> None:
    assert read(spec) is None
