"""What a command and its arguments really start."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.launch.identify import identify, split_command

NPM, PYPI = "pkg:npm/", "pkg:pypi/"


@pytest.mark.parametrize(
    ("command", "args", "package", "pinned"),
    [
        ("npx", ["-y", "@a/b@1.2.3", "--flag"], NPM + "%40a/b@1.2.3", True),
        ("npx", ["--yes", "a@latest"], NPM + "a", False),
        ("npx", ["-y", "-p", "@h/cli@8.3.0", "hs", "mcp"], NPM + "%40h/cli@8.3.0", True),
        ("npx", ["-y", "--package", "@v/sdk", "--", "mcp"], NPM + "%40v/sdk", False),
        ("npx", ["--package=a", "b"], NPM + "a", False),
        ("npx", ["-c", "npx -y a"], NPM + "a", False),
        ("npx", ["--registry", "https://r.example", "a"], NPM + "a", False),
        ("npx", ["github:o/r#v1.0.0"], "pkg:github/o/r@v1.0.0", True),
        ("npx -y a", [], NPM + "a", False),
        ("npm exec @s/n", [], NPM + "%40s/n", False),
        ("npm", ["x", "--", "a@1.0.0"], NPM + "a@1.0.0", True),
        ("bunx", ["-y", "a"], NPM + "a", False),
        ("bun", ["x", "a@1.0.0"], NPM + "a@1.0.0", True),
        ("pnpm", ["dlx", "a"], NPM + "a", False),
        ("pnpm", ["--package=a", "dlx", "b"], NPM + "a", False),
        ("pnpx", ["a"], NPM + "a", False),
        ("yarn", ["dlx", "-q", "a"], NPM + "a", False),
        ("/opt/homebrew/bin/npx", ["a"], NPM + "a", False),
        ("C:\\Program Files\\nodejs\\npx.cmd", ["-y", "a"], NPM + "a", False),
        ('"C:\\Program Files\\nodejs\\npx.cmd" -y a', [], NPM + "a", False),
        ("${cmd: mise which npx}", ["-y", "a"], NPM + "a", False),
        ("$(command -v uvx)", ["a==1.0"], PYPI + "a@1.0", True),
        ("cmd", ["/c", "npx", "-y", "a"], NPM + "a", False),
        ("cmd.exe", ["/d", "/s", "/c", "npx -y a@latest"], NPM + "a", False),
        ("bash", ["-c", "npx -y a@0.1.3"], NPM + "a@0.1.3", True),
        ("sh", ["-lc", "cd /x && . ./env; exec uvx a==1.0 | tee log"], PYPI + "a@1.0", True),
        ("bash", ["-c", 'npx -y "@a/b" $ARGS'], NPM + "%40a/b", False),
        ("powershell", ["-NoProfile", "-Command", "npx -y a"], NPM + "a", False),
        ("wsl.exe", ["-d", "Ubuntu", "--", "bash", "-c", "npx a"], NPM + "a", False),
        ("env", ["-u", "X", "A=b", "npx", "a"], NPM + "a", False),
        ("sudo", ["-u", "me", "npx", "a"], NPM + "a", False),
        ("timeout", ["5", "npx", "a"], NPM + "a", False),
        ("op", ["run", "--env-file=x", "--", "npx", "a"], NPM + "a", False),
        ("uvx", ["a"], PYPI + "a", False),
        ("uvx", ["--python", "3.12", "--with", "z", "a@1.2.3", "--opt"], PYPI + "a@1.2.3", True),
        ("uvx", ["--from", "a[b]==1.2", "c"], PYPI + "a@1.2", True),
        ("uvx", ["--from", "git+https://github.com/o/r@main", "c"], "pkg:github/o/r", False),
        ("uv", ["tool", "run", "a"], PYPI + "a", False),
        ("uv", ["run", "--with", "mcp[cli]", "mcp", "run", "s.py"], PYPI + "mcp", False),
        ("uv", ["run", "--with", "mcp[cli,rich], requests>=1,<2, z", "mcp", "run", "s.py"], PYPI + "mcp", False),
        ("uv", ["run", "--with", "z", "--with", "x-y==1.0", "x_y"], PYPI + "x-y@1.0", True),
        ("pipx", ["run", "a"], PYPI + "a", False),
        ("pipx", ["run", "--spec", "a==1.0", "b"], PYPI + "a@1.0", True),
        ("docker", ["run", "-i", "--rm", "mcp/x"], "pkg:oci/x?repository_url=docker.io/mcp/x", False),
        (
            "docker",
            [
                "run",
                "-itv",
                "a:b",
                "--network",
                "host",
                "--pull=always",
                "-p80:80",
                "--name",
                "n",
                "r.io/a/b:1.2.3",
                "-x",
            ],
            "pkg:oci/b?repository_url=r.io/a/b&tag=1.2.3",
            True,
        ),
        (
            "podman",
            ["--log-level", "debug", "run", "--replace", "x"],
            "pkg:oci/x?repository_url=docker.io/library/x",
            False,
        ),
        ("deno", ["run", "-A", "--allow-net=x", "npm:@a/b@1.0.0"], NPM + "%40a/b@1.0.0", True),
        ("node", ["--require", "x", "/a/node_modules/@b/c/i.js"], NPM + "%40b/c", False),
        ("python3.12", ["/v/site-packages/mcp_x/s.py"], PYPI + "mcp-x", False),
        ("/home/me/.local/share/uv/tools/a/bin/a", [], PYPI + "a", False),
        ("dnx", ["Foo@1.0.0", "--yes"], "pkg:nuget/Foo@1.0.0", True),
        ("go", ["run", "github.com/a/b@v1.2.3"], "pkg:golang/github.com/a/b@v1.2.3", True),
        ("node", ["dist/index.js"], None, None),
        ("python", ["-m", "nerfstudio.mcp_server"], None, None),
        ("uv", ["--directory", "/x", "run", "a"], None, None),
        ("uv", ["run", "--with", "requests", "server.py"], None, None),
        ("npm", ["run", "server"], None, None),
        ("docker", ["exec", "-i", "c", "x"], None, None),
        ("docker", ["mcp", "gateway", "run"], None, None),
        ("docker", ["run"], None, None),
        ("npx", [], None, None),
        ("bash", ["script.sh"], None, None),
        ("bash", ["-c"], None, None),
        ("/Applications/Foo Bar.app/x", [], None, None),
        ("", [], None, None),
    ],
)
def test_a_launch_names_its_package(command: str, args: list[str], package: str | None, pinned: bool | None) -> None:
    launch = identify(command, args)
    assert (launch.package, launch.pinned) == (package, pinned)


@pytest.mark.parametrize(
    ("command", "args", "names"),
    [
        ("docker", ["run", "-eA=1", "-e", "B", "--env=C", "--env", "D=1", "-ie", "E", "x"], ("A", "B", "C", "D", "E")),
        ("env", ["A=b", "-i", "x"], ("A",)),
        ("bash", ["-c", "A=1 B='x y' npx a"], ("A", "B")),
        ("bash", ["-c", "export A=1; npx a"], ("A",)),
        ("A=b npx c", [], ("A",)),
        ("npx", ["a", "-e", "B=c"], ()),
    ],
)
def test_variables_set_by_arguments_are_named(command: str, args: list[str], names: tuple[str, ...]) -> None:
    assert identify(command, args).arg_env_names == names


@pytest.mark.parametrize(
    ("command", "args", "url"),
    [
        ("npx", ["-y", "mcp-remote@latest", "https://u:p@h/sse?k=v", "--debug"], "https://h/sse"),
        ("bunx", ["supergateway", "--sse", "https://h/sse"], "https://h/sse"),
        ("uvx", ["mcp-proxy", "https://h/mcp"], "https://h/mcp"),
        ("npx", ["some-server", "https://h/mcp"], None),
        ("npx", ["mcp-remote"], None),
    ],
)
def test_a_bridge_says_where_it_connects_to(command: str, args: list[str], url: str | None) -> None:
    assert identify(command, args).remote_url == url


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("npx -y 'a b'", ["npx", "-y", "a b"]),
        ("/usr/bin/npx -y a", ["/usr/bin/npx", "-y", "a"]),
        ("/opt/my server --stdio", ["/opt/my", "server", "--stdio"]),
        ("./Codex Computer Use.app/x", ["./Codex Computer Use.app/x"]),
        ("C:\\Program Files\\x.exe", ["C:\\Program Files\\x.exe"]),
        ("unbalanced 'quote", ["unbalanced", "'quote"]),
        ("${cmd: mise which uvx}", ["${cmd: mise which uvx}"]),
        ("npx a --key ${input: the key}", ["npx", "a", "--key", "${input: the key}"]),
    ],
)
def test_a_command_line_in_the_command_is_split_and_a_path_is_not(command: str, words: list[str]) -> None:
    assert split_command(command) == words


def test_the_effective_command_is_what_is_under_the_wrappers() -> None:
    assert identify("sudo", ["env", "A=b", "sh", "-c", "npx -y a"]).argv == ("npx", "-y", "a")


WORDS = st.sampled_from(
    [
        "npx",
        "bash",
        "-c",
        "env",
        "A=b",
        "docker",
        "run",
        "-e",
        "uvx",
        "--from",
        "cmd",
        "/c",
        "-",
        "--",
        "'",
        '"',
        "&&",
        "",
    ]
) | st.text(max_size=8)


@settings(max_examples=300)
@given(st.lists(WORDS, max_size=8))
def test_any_launch_gives_an_answer(words: list[str]) -> None:
    launch = identify(" ".join(words[:2]), words[2:])
    assert (launch.package is None) == (launch.pinned is None)
