"""What a shell line does that is worth knowing: fetch and run a program, fetch at all, or open a shell to the network.

Read as text only, without a shell: a line that hides what it does by encoding is not seen through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from agent.redaction.patterns import word_set
from collectors.launch.program_name import base_name

_MOST = 8_192
_MOST_PARTS = 64
_FETCHERS = word_set(
    "curl wget wget2 aria2c lwp-request fetch http https xh iwr irm invoke-webrequest invoke-restmethod "
    "start-bitstransfer certutil bitsadmin"
)
_TALKERS = _FETCHERS | word_set("nc ncat netcat socat ssh scp rsync ftp tftp telnet")
_SHELLS = word_set("sh bash zsh dash ash ksh fish csh tcsh pwsh powershell cmd iex invoke-expression source . eval")
_INTERPRETERS = re.compile(r"python[\d.]*|node|nodejs|deno|bun|perl|ruby|php")
_BEFORE = word_set("sudo doas env nohup exec command time nice xargs then do & && ! {")
"""Words that run the command after them."""
_SEPARATOR = re.compile(r"(\|\||&&|\|&?|;|\n|(?<![<>&])&(?![>&]))")
_WORD = re.compile(r"[\s\"'`(){}]+|\$\(|<\(")
_SUBSTITUTED = re.compile(
    r"(?:\b(?:ba|z|da|a|k|fi)?sh|\bsource|(?:^|[\s;&|\"'])\.|\beval|\bpython[\d.]*|\bnode|\bperl|\bruby|\biex|"
    r"\binvoke-expression|\bpowershell|\bpwsh|scriptblock\]::create)"
    r"[^|;\n]{0,80}?(?:<\(|\$\(|`|\(+|=\(|<<<\s*\"?\$\()\s*(?:command\s+|sudo\s+|new-object\s+[\w.]*webclient|/\S*/)?"
    r"(?:curl|wget|iwr|irm|fetch|invoke-webrequest|invoke-restmethod|\)\s*\.\s*downloadstring)",
    re.IGNORECASE,
)
_DOWNLOADED = re.compile(
    r"(?:downloadstring|downloadfile|invoke-webrequest|invoke-restmethod|\biwr\b|\birm\b)", re.IGNORECASE
)
_EVALUATED = re.compile(r"(?:\biex\b|invoke-expression|scriptblock\]::create|start-process)", re.IGNORECASE)
_RUN_FROM_URL = re.compile(
    r"\b(?:deno\s+(?:run|serve|x)|bun\s+run|mshta|regsvr32|rundll32|msiexec)\b[^|;&\n]{0,200}?https?://", re.IGNORECASE
)
_PACKAGE_FROM_URL = re.compile(
    r"\b(?:npx|bunx|pnpx|uvx|pipx\s+run|uv\s+tool\s+run|(?:npm|pnpm|yarn)\s+(?:exec|x|dlx))"
    r"(?:\s+(?:-y|--yes|-q|--quiet|-p|--package|--from|--spec|--isolated|--prefer-(?:on|off)line))*[\s=]+https?://",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?|ftp|wss?)://", re.IGNORECASE)
_IN_CODE = re.compile(
    r"urllib|urlopen|requests\.(?:get|post|put)|httpx|fetch\(|http\.client|net/http|socket\.", re.IGNORECASE
)
_EVALUATED_CODE = re.compile(
    r"\b(?:eval|exec|execfile|compile|function|runinthiscontext)\s*\(|\bthen\(\s*eval\b|\bimport\(\s*['\"`]https?:",
    re.IGNORECASE,
)
_REVERSE = re.compile(
    r"/dev/(?:tcp|udp)/|\b(?:nc|ncat|netcat)\b[^|;\n]{0,120}?\s(?:-[a-z]*[ec]\b|--exec\b|--sh-exec\b)|"
    r"\bsocat\b[^;\n]{0,200}?\b(?:exec|system):|\bmkfifo\b[^\n]{0,200}?\b(?:nc|ncat|netcat)\b|"
    r"socket[^\n]{0,400}?(?:dup2|pty\.spawn|subprocess)|net\.connect\([^\n]{0,200}?child_process|tcpclient\(",
    re.IGNORECASE,
)


class _Part(NamedTuple):
    before: str
    """What joins it to the part before: `|`, `&&`, `;` …"""
    words: tuple[str, ...]


def fetches_and_runs(line: str) -> bool:
    """Whether it runs what it has just downloaded."""
    line = line[:_MOST]
    if any(sign.search(line) for sign in (_SUBSTITUTED, _RUN_FROM_URL, _PACKAGE_FROM_URL)):
        return True
    if _ADDRESS.search(line) and _EVALUATED_CODE.search(line) and (_IN_CODE.search(line) or "import(" in line):
        return True
    if _DOWNLOADED.search(line) and _EVALUATED.search(line):
        return True
    parts = list(islice(_parts(line), _MOST_PARTS))
    return any(_is(part.words, _FETCHERS) and _runs_later(part, parts[at + 1 :]) for at, part in enumerate(parts))


def fetches(line: str) -> bool:
    """Whether it talks to the network by itself."""
    line = line[:_MOST]
    if opens_shell(line) or fetches_and_runs(line) or _DOWNLOADED.search(line):
        return True
    if any(_is(part.words, _TALKERS) for part in _parts(line)):
        return True
    return bool((_ADDRESS.search(line) or "socket" in line) and _IN_CODE.search(line))


def opens_shell(line: str) -> bool:
    """Whether it hands a shell to somebody on the network."""
    return _REVERSE.search(line[:_MOST]) is not None


def shell_option(argv: Sequence[str]) -> str | None:
    """The option with which a package runner hands a line to a shell: `npx -c`, `npm exec --call`."""
    if not argv:
        return None
    name, rest = base_name(argv[0]), list(argv[1:17])
    if name in ("npm", "pnpm", "yarn") and rest[:1] and rest[0] in ("exec", "x", "dlx"):
        rest = rest[1:]
    elif name == "pnpm" and rest[:1] and rest[0].startswith("-"):
        pass
    elif name not in ("npx", "bunx", "pnpx"):
        return None
    for word in rest:
        if word in ("-c", "--call", "--shell-mode") or word.startswith("--call="):
            return word.partition("=")[0]
        if not word.startswith("-") or word == "--":
            return None
    return None


def _parts(line: str) -> Iterator[_Part]:
    pieces = _SEPARATOR.split(line)
    for joint, text in zip(["", *pieces[1::2]], pieces[::2], strict=False):
        words = tuple(word for word in _WORD.split(text) if word)
        if words:
            yield _Part(joint, words)


def _is(words: Sequence[str], programs: frozenset[str]) -> bool:
    """Whether one of these programs is run here: first, or after what runs the command after it."""
    for at, word in enumerate(words):
        if base_name(word) in programs:
            before = words[at - 1] if at else ""
            # `npx http` names a package, `echo curl` prints.
            if not at or _leads(before):
                return True
    return False


def _leads(word: str) -> bool:
    name = base_name(word)
    option = word.startswith("-") and word.endswith("c")
    return (
        name in _BEFORE or name in _SHELLS or option or "=" in word or word.lower() in ("-command", "/c", "if", "while")
    )


def _runs_later(fetch: _Part, later: Sequence[_Part]) -> bool:
    saved = set(_saved(fetch.words))
    piped = True
    for part in later:
        piped = piped and part.before in ("|", "|&")
        words = [word for word in part.words if base_name(word) not in _BEFORE and not re.match(r"-\w$|\w+=", word)]
        if not words:
            continue
        program, rest = base_name(words[0]), words[1:]
        if part.before in ("|", "|&") and program == "tee":
            saved |= {base_name(word) for word in rest if not word.startswith("-")}
        if piped and _reads_program(program, part.words):
            return True
        named = {base_name(word) for word in part.words}
        if saved & named and (program == "chmod" or program in saved or _runs_files(program)):
            return True
    return False


def _reads_program(program: str, words: Sequence[str]) -> bool:
    """Whether it runs what comes in: `python3 -m json.tool` reads data, `python3 -` a program."""
    if program in _SHELLS:
        return True
    at = next((i for i, word in enumerate(words) if base_name(word) == program), 0)
    return _INTERPRETERS.fullmatch(program) is not None and all(word == "-" for word in words[at + 1 :])


def _runs_files(program: str) -> bool:
    return program in _SHELLS or _INTERPRETERS.fullmatch(program) is not None or program in ("open", "start", "msiexec")


def _saved(words: Sequence[str]) -> Iterator[str]:
    """Base names of the files that a download is written to."""
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        name, sign, value = word.partition("=")
        if name.lower() in ("-o", "--output", "--output-document", "-outfile", ">", ">>"):
            yield base_name(value if sign else following)
        elif word.startswith((">", "-o")) and len(word) > 2:
            yield base_name(word.lstrip(">-o"))
        elif word.startswith("-O") and len(word) > 2:
            yield base_name(word[2:])
        if name == "-O":
            yield base_name(following)
        if _ADDRESS.match(word):
            yield base_name(word.partition("?")[0])
