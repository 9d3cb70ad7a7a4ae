"""What options and words before it make of a word: a header, a variable, a user with a password, a password."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.redaction.patterns import PATH, is_secret_name, literal, word_set
from agent.redaction.programs import ASSIGNING, FLAGS, GLUED, SECRET_OPTIONS, SECRET_WORDS, SLASHED

PORTS = re.compile(r"[\d.:/-]++(?:tcp|udp)?+")
SIGNS = frozenset({"=", ":", ":=", "=>", "=="})
KINDS = {
    **dict.fromkeys(("header", "headers", "H"), "header"),
    **dict.fromkeys(("e", "env", "setenv", "build-arg", "from-literal", "set-env-vars"), "env"),
    **dict.fromkeys(("u", "U", "user", "login", "basic", "userpwd", "proxy-user"), "user"),
    **dict.fromkeys(("c", "lc", "ic", "Command"), "script"),
    "p": "p",
}
"""What the value of an option is, whatever the program."""
_OPTION = re.compile(r"--?([^\W\d][\w.-]*+)")
_TOGETHER = re.compile(r"-[A-Za-z]{1,5}([uH])")
"""Short options in one word, of which the last takes the value: `curl -su user:password`."""
_PROGRAM = re.compile(r"(?:.*[/\\])?([\w.-]{1,40}?)(?:\.exe)?")
_STORES = word_set("set config add put create store write login")
"""Subcommands that take a name and then its value."""
_CONFIGURES = word_set("config configure set")
_STATED = word_set("password passwd passphrase psk")
"""Words that stand before the password itself: `nmcli … password NAME`."""
_OF_SECRETS = re.compile(r"-b|--(?:value|string-value|body|data|literal|content|plaintext)")
"""Options that hold the value in what puts secrets away: `gh secret set NAME --body VALUE`."""
_OF_SECRETS_GLUED = re.compile(rf"((?:{_OF_SECRETS.pattern})=)(.*)", re.DOTALL)
_LOWER = re.compile("[a-z]++")
_SLASH_NAME = re.compile("/([A-Za-z]{1,20})")
_SLASH_OPTION = re.compile("/[A-Za-z]{1,20}:")
_OPENERS = "(`{[\"'"
_SEPARATE = word_set("sshpass useradd usermod mongo mongosh mongodump mongorestore mongoexport mongoimport")
"""Programs whose `-p` takes the password as the next word; with most others that is a port, a package or a folder."""
_WITHOUT = word_set("mkdir cp mv tsc pytest mypy cargo compose")
"""Programs and subcommands whose `-p` has nothing to do with passwords."""
_USER = re.compile(r"-u[^-=]?.*|--user(?:name)?(?:=.*)?", re.DOTALL)
_GLUED_USER = re.compile(r"(-u)([\w.@\\-]{1,100}+:(?!//)\S++)")
_GLUED = re.compile(r"-p(?!=)(.+)", re.DOTALL)
_LONG_OPTION = re.compile(r"[a-z_-]++(?:=.*)?", re.DOTALL)
_WORDS = word_set(
    "ackage ackages age arallel arams arent arse ass assive assphrase asswd assword ath aths attern ersist id ipe "
    "ix_fmt lain latform lay lugin lugins olicy ool ort orts refix reload reset retty review rint rivate rod rofile "
    "rogress roject rojects rompt rotocol rovider roxy thread ub ublic ull ush"
)
"""What follows the first letter of options that are words: `-port`, `-profile`."""


@dataclass(slots=True)
class Switches:
    """What the words so far tell about the short options to come."""

    program: str = ""
    """The last program that is known to take a password."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Those of it that hold one, and of what kind they are."""
    separate: bool = False
    """The program takes a password after `-p`."""
    without: int = 0
    """For so many more words a `-p` is one that takes no password: `cargo build -p name`."""
    user: bool = False
    """A user name was given, so a `-p` that follows is likely to be the password."""
    recent: tuple[str, ...] = ()
    """The last words that are no options."""
    position: int = 0
    """How many words stand behind those that `secret` counts from."""
    secret: tuple[int, ...] = ()
    """Which of them are passwords."""
    stores: bool = False
    """A subcommand was met that is about secrets."""
    assigns: bool = False
    """What stands behind a `=` from here on is secret, whatever its name."""
    slashed: bool = False
    """The program takes `user/password`."""
    configures: bool = False
    """Names of settings stand before their values."""

    def met(self, word: str) -> None:
        """Take note of a word of the command line."""
        if word == "--":
            self.without = 0
        elif word.startswith("-"):
            if word in SECRET_WORDS:
                self.position, self.secret = 0, SECRET_WORDS[word]
            self.user = self.user or (len(word) < 200 and _USER.fullmatch(word) is not None)
        elif len(word) < 200 and not _SLASH_OPTION.match(word):
            word = word[max(map(word.rfind, _OPENERS)) + 1 :]
            if program := _PROGRAM.fullmatch(word):
                name = program[1].lower()
                self.separate = self.separate or name in _SEPARATE
                self.without = 2 if name in _WITHOUT else self.without - 1
            self._follow(program[1] if program and "/" in word and ":" not in word else word)

    def _follow(self, word: str) -> None:
        self.position += 1
        self.recent = (*self.recent[-2:], word)
        self.stores = self.stores or word in ("secret", "secrets")
        for name in self._names(word):
            if name in SECRET_OPTIONS:
                self.program, self.options = name, SECRET_OPTIONS[name]
            if name in SECRET_WORDS:
                self.position, self.secret = 0, SECRET_WORDS[name]
            self.assigns = self.assigns or name in ASSIGNING
            self.slashed = self.slashed or name in SLASHED
            self.configures = self.configures or name in _CONFIGURES

    def _names(self, word: str) -> Iterator[str]:
        """What this word may stand for in the tables, with those before it."""
        yield word.partition(".")[0].lower()
        yield f"{self.program}-{word}".lower()
        for count in (1, 2, 3):
            yield "-".join(self.recent[-count:]).lower()

    def kind_of(self, word: str) -> str:
        """What this word itself is by those before it: `secret:password`, or nothing known."""
        if self.assigns and "=" in word:
            return "env"
        if self.slashed and "/" in word and not PATH.match(word):
            return "slash"
        if not self.recent or word.startswith("-") or PATH.match(word) or not any(map(str.isalnum, word)):
            return ""
        *_, before, name = ("", *self.recent)
        plain = _LOWER.fullmatch(word) is not None
        if self.position + 1 in self.secret or (name in _STATED and not plain):
            return "secret:password"
        if not is_secret_name(name) or (plain and name.isalpha() and name.islower()):
            return ""
        stored = before in _STORES or (self.configures and not name.isupper() and not name.isalpha())
        return "secret:password" if stored else ""

    def expects(self, word: str) -> str:
        """What the word after this one is, where it is a password. A bare `-p` may also be a port or a package."""
        if word == "-p":
            return "secret:password" if self.separate else ""
        if kind := self.options.get(word) or self.options.get(word + GLUED):
            return kind
        return "secret:password" if self.stores and _OF_SECRETS.fullmatch(word) else ""

    def takes_none(self, word: str) -> bool:
        """Whether the word after this option is certainly none."""
        flag = word in FLAGS.get(self.program, ())
        return flag or (word == "-p" and self.without > 0 and not self.separate and not self.user)

    def glued(self, word: str) -> tuple[str, str, str]:
        """Option, kind and value where a short option and its secret are one word: `-psecret`, `-ubob:secret`."""
        if match := _GLUED_USER.fullmatch(word):
            return match[1], "user", match[2]
        for option, kind in self.options.items():
            short = option.removesuffix(GLUED)
            if short != option and word.startswith(short) and word != short:
                return short, kind, word[len(short) :]
        if self.stores and (match := _OF_SECRETS_GLUED.fullmatch(word)):
            return match[1], "secret:password", match[2]
        match = _GLUED.fullmatch(word)
        if not match or PATH.match(match[1]) or (PORTS.fullmatch(literal(match[1])) and "-p" not in self.options):
            return "", "", ""
        if "-p" in self.options or (self.user and match[1].partition("=")[0] not in _WORDS):
            return "-p", "secret:password", match[1]
        return ("-p", "p", match[1]) if not _LONG_OPTION.fullmatch(match[1]) else ("", "", "")


def expects(word: str, before: Sequence[str]) -> str:
    """What the word after this one is: `secret:<name>`, header, env, user, p, script or nothing known."""
    match = _OPTION.fullmatch(word)
    if word in SIGNS:
        name = before[0].rstrip("\"'`]") if before else ""
        return f"secret:{name}" if is_secret_name(name) or name.lower().startswith("$env:") else ""
    name = match[1] if match else word.rstrip(":= ") if word.endswith((":", "=")) else ""
    if match and name in KINDS:
        return KINDS[name]
    if together := _TOGETHER.fullmatch(word):
        return KINDS[together[1]]
    if slash := _SLASH_NAME.fullmatch(word):
        name = slash[1]
    if name and is_secret_name(name):
        return f"secret:{name}"
    return "secret:authorization" if word.lower() == "bearer" else "script" if word.lower() in ("/c", "/k") else ""
