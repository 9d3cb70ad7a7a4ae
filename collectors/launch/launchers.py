"""Which package each launcher was told to run: npx, uvx, docker and their kin, one function per family.

Each takes the arguments after the launcher's name and says the package and the position of the first argument that
belongs to the server.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from agent.redaction.patterns import word_set
from collectors.launch import packages
from collectors.launch.packages import Package


class Launched(NamedTuple):
    """What a launcher starts."""

    package: Package | None
    rest: tuple[str, ...] = ()
    """Arguments after the package: the server's own."""
    env_names: tuple[str, ...] = ()
    script: str | None = None
    """A command line that the launcher runs instead of a package (`npx -c`)."""


class _Parsed(NamedTuple):
    options: tuple[tuple[str, str], ...]
    rest: tuple[str, ...]

    def all(self, *names: str) -> list[str]:
        return [value for name, value in self.options if name in names]


def _options(args: Sequence[str], valued: frozenset[str]) -> _Parsed:
    """Options up to the first operand or `--`; an unknown option is taken to have no value."""
    options: list[tuple[str, str]] = []
    index = 0
    while index < len(args) and args[index].startswith("-") and args[index] != "-":
        name, sign, value = args[index].partition("=")
        index += 1
        if name == "--":
            break
        if not sign and name in valued and index < len(args):
            value = args[index]
            index += 1
        options.append((name, value))
    return _Parsed(tuple(options), tuple(args[index:]))


_NPX = word_set("-p --package -c --call --registry --cache --prefix -w --workspace --userconfig --node-options --shell")
_UVX = word_set(
    "--from --with -w --with-editable --with-requirements -p --python --index --default-index -i --index-url "
    "--extra-index-url -f --find-links --directory --project --config-file --cache-dir --env-file -P --upgrade-package "
    "--refresh-package --reinstall-package -C --config-setting --link-mode --resolution --prerelease --exclude-newer "
    "--keyring-provider --python-preference -b --build-constraints -c --constraints --overrides --allow-insecure-host "
    "--color --torch-backend --index-strategy --no-build-package --no-binary-package --extra --group --only-group "
    "--no-group --package -m --module"
)
_UV_GLOBAL = _UVX - {"-p", "-m", "--module", "--with", "-w"}
_BETWEEN_SPECS = re.compile(r",\s*(?=[A-Za-z])(?![^\[\]]{0,100}\])")
_PIPX = word_set("--spec --python --pip-args -i --index-url --suffix")
_CONTAINER_GLOBAL = word_set(
    "-c --context --config -H --host -l --log-level --tlscacert --tlscert --tlskey --namespace -n"
)
_CONTAINER_SWITCHES = word_set(
    "--rm --init --privileged --read-only --no-healthcheck --oom-kill-disable --publish-all --sig-proxy --quiet --help "
    "--interactive --tty --detach --disable-content-trust --replace --rmi --tls-verify --no-hosts --no-hostname "
    "--env-host --http-proxy --rootfs --use-api-socket"
)
_DENO = word_set(
    "-c --config --import-map --lock --cert --location --seed -L --log-level --env-file --node-modules-dir"
)
_SCRIPT_OPTIONS = word_set(
    "-r --require --import --loader --experimental-loader -C --conditions -W -X --env-file --tsconfig"
)


def _npx(args: Sequence[str]) -> Launched:
    parsed = _options(args, _NPX)
    named, scripts = parsed.all("-p", "--package"), parsed.all("-c", "--call")
    if named:
        return Launched(packages.npm(named[0]), parsed.rest[1:])
    if scripts or not parsed.rest:
        return Launched(None, script=scripts[0] if scripts else None)
    return Launched(packages.npm(parsed.rest[0]), parsed.rest[1:])


def _subcommands(**runs: Callable[[Sequence[str]], Launched]) -> Callable[[Sequence[str]], Launched]:
    """A package manager, some of whose subcommands run a package."""

    def launch(args: Sequence[str]) -> Launched:
        parsed = _options(args, frozenset({"-C", "--dir", "--cwd", "--prefix", "--filter"}))
        run = runs.get(parsed.rest[0]) if parsed.rest else None
        # pnpm takes the package before the subcommand: `pnpm --package=a dlx b`.
        named = [f"--package={value}" for value in parsed.all("--package")]
        return run([*named, *parsed.rest[1:]]) if run else Launched(None)

    return launch


def _uvx(args: Sequence[str]) -> Launched:
    parsed = _options(args, _UVX)
    named = parsed.all("--from")
    spec = named[0] if named else parsed.rest[0] if parsed.rest else ""
    return Launched(packages.pypi(spec), parsed.rest[1:])


def _uv(args: Sequence[str]) -> Launched:
    parsed = _options(args, _UV_GLOBAL)
    match parsed.rest:
        case ["tool", *rest]:
            inner = _options(rest, _UV_GLOBAL).rest
            return _uvx(inner[1:]) if inner[:1] == ("run",) else Launched(None)
        case ["x", *rest]:
            return _uvx(rest)
        case ["run", *rest]:
            return _uv_run(rest)
    return Launched(None)


def _uv_run(args: Sequence[str]) -> Launched:
    """`uv run --with X X`: the requirement that the command comes from; a plain `uv run` runs a local project."""
    parsed = _options(args, _UVX)
    specs = [spec for given in parsed.all("--with", "-w") for spec in _BETWEEN_SPECS.split(given)]
    found = [package for spec in specs if (package := packages.pypi(spec))]
    command = parsed.rest[0] if parsed.rest else ""
    if not found or command.endswith(".py") or "/" in command or "\\" in command:
        return Launched(None)
    words = " ".join(parsed.rest[:3]).replace("_", "-").lower().split()
    named = [package for package in found if package.purl.removeprefix("pkg:pypi/").partition("@")[0] in words]
    return Launched((named or found)[0], parsed.rest[1:])


def _pipx(args: Sequence[str]) -> Launched:
    if not args or args[0] != "run":
        return Launched(None)
    parsed = _options(args[1:], _PIPX)
    named = parsed.all("--spec")
    return Launched(packages.pypi(named[0] if named else parsed.rest[0] if parsed.rest else ""), parsed.rest[1:])


def _container(args: Sequence[str]) -> Launched:
    rest = _options(args, _CONTAINER_GLOBAL).rest
    if rest[:1] == ("container",):
        rest = rest[1:]
    if rest[:1] != ("run",):
        return Launched(None)
    index, names = 1, []
    while index < len(rest) and rest[index].startswith("-"):
        name, value, width = _container_option(rest, index)
        index += width
        if name in ("-e", "--env"):
            names.append(value.partition("=")[0])
        if name == "--":
            break
    package = packages.image(rest[index]) if index < len(rest) else None
    return Launched(package, rest[index + 1 :], tuple(name for name in names if name))


def _container_option(args: Sequence[str], index: int) -> tuple[str, str, int]:
    """Name, value and how many arguments it takes; short switches may be joined: `-ite NAME`."""
    arg = args[index]
    following = args[index + 1] if index + 1 < len(args) else ""
    if arg.startswith("--"):
        name, sign, value = arg.partition("=")
        return (name, value, 1) if sign or name in _CONTAINER_SWITCHES or name == "--" else (name, following, 2)
    for position, letter in enumerate(arg[1:], 2):
        if letter not in "itdPqD":
            value = arg[position:].removeprefix("=")
            return (f"-{letter}", value, 1) if value else (f"-{letter}", following, 2)
    return arg, "", 1


def _deno(args: Sequence[str]) -> Launched:
    if args and args[0] in ("run", "x", "serve"):
        args = args[1:]
    parsed = _options(args, _DENO)
    return _script(parsed.rest, packages.deno(parsed.rest[0]) if parsed.rest else None)


def _interpreter(args: Sequence[str]) -> Launched:
    return _script(_options(args, _SCRIPT_OPTIONS).rest)


def _bun(args: Sequence[str]) -> Launched:
    rest = _options(args, frozenset({"--cwd", "-r", "--preload"})).rest
    if rest[:1] == ("x",):
        return _npx(rest[1:])
    return _script(_options(rest[1:], _SCRIPT_OPTIONS).rest if rest[:1] == ("run",) else rest)


def _script(rest: Sequence[str], package: Package | None = None) -> Launched:
    return Launched(package or (packages.installed(rest[0]) if rest else None), tuple(rest[1:]))


def _dnx(args: Sequence[str]) -> Launched:
    parsed = _options(args, frozenset({"--version", "--source", "--add-source", "--configfile"}))
    return Launched(packages.nuget(parsed.rest[0]) if parsed.rest else None, parsed.rest[1:])


def _go(args: Sequence[str]) -> Launched:
    rest = _options(args[1:], frozenset({"-C", "-tags"})).rest if args[:1] and args[0] == "run" else ()
    return Launched(packages.golang(rest[0]) if rest else None, tuple(rest[1:]))


LAUNCHERS: dict[str, Callable[[Sequence[str]], Launched]] = {
    **dict.fromkeys(("npx", "bunx", "pnpx"), _npx),
    "npm": _subcommands(exec=_npx, x=_npx),
    "pnpm": _subcommands(dlx=_npx),
    "yarn": _subcommands(dlx=_npx),
    "uvx": _uvx,
    "uv": _uv,
    "pipx": _pipx,
    **dict.fromkeys(("docker", "podman", "nerdctl", "finch"), _container),
    "deno": _deno,
    "bun": _bun,
    **dict.fromkeys(("node", "nodejs", "tsx", "ts-node", "python", "python3", "py", "pypy", "pypy3"), _interpreter),
    "dnx": _dnx,
    "go": _go,
}
"""By base name of the launcher, in lower case and without `.exe` or `.cmd`."""
