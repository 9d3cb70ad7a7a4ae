"""Short options that hold a password: some only of one program (`redis-cli -a`), some with it glued on (`-pX`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.redaction.patterns import PATH, literal, word_set

PORTS = re.compile(r"[\d.:/-]++(?:tcp|udp)?+")
_PROGRAM = re.compile(r"(?:.*[/\\])?([\w.-]{1,40}?)(?:\.exe)?")
_OPTIONS = {
    **dict.fromkeys(word_set("redis-cli keydb-cli valkey-cli"), "-a"),
    **dict.fromkeys(word_set("sqlcmd bcp osql isql zip unzip"), "-P"),
    **dict.fromkeys(word_set("ldapsearch ldapmodify ldapadd ldapdelete ldappasswd ldapwhoami"), "-w"),
    **dict.fromkeys(word_set("mysql mysqldump mysqladmin mysqlsh mariadb mariadb-dump mycli sshpass 7z 7za 7zz"), "-p"),
    "openssl": "-k",
    "curl": "-b",
    "login": "-p",
}
_SEPARATE = word_set("sshpass mongo mongosh mongodump mongorestore mongoexport mongoimport")
"""Programs whose `-p` takes the password as the next word; with most others that is a port, a package or a folder."""
_WITHOUT = word_set("mkdir cp mv tsc pytest mypy cargo compose")
"""Programs and subcommands whose `-p` has nothing to do with passwords."""
_USER = re.compile(r"-u[^-=]?.*|--user(?:name)?(?:=.*)?", re.DOTALL)
_GLUED_USER = re.compile(r"(-u)([\w.@\\-]{1,100}+:(?!//)\S++)")
_GLUED = re.compile(r"-p(?!=)(.+)", re.DOTALL)
_LONG_OPTION = re.compile(r"[a-z_-]++(?:=.*)?", re.DOTALL)
_WORDS = word_set(
    "ackage ackages age arallel arams arent arse ass assive ath aths attern ersist id ipe ix_fmt lain latform lay "
    "lugin lugins olicy ool ort orts refix reload reset retty review rint rivate rod rofile rogress roject rojects "
    "rompt rotocol rovider roxy thread ub ublic ull ush"
)
"""What follows the first letter of options that are words: `-port`, `-profile`."""


@dataclass(slots=True)
class Switches:
    """What the words so far tell about the short options to come."""

    option: str = ""
    """The one that holds the password in the program that runs."""
    separate: bool = False
    """The program takes a password after `-p`."""
    without: int = 0
    """For so many more words a `-p` is one that takes no password: `cargo build -p name`."""
    user: bool = False
    """A user name was given, so a `-p` that follows is likely to be the password."""

    def met(self, word: str) -> None:
        """Take note of a word of the command line."""
        if word == "--":
            self.without = 0
        elif word.startswith("-"):
            self.user = self.user or (len(word) < 200 and _USER.fullmatch(word) is not None)
        elif len(word) < 200 and (program := _PROGRAM.fullmatch(word)):
            name = program[1].lower()
            self.option = _OPTIONS.get(name, self.option)
            self.separate = self.separate or name in _SEPARATE
            self.without = 2 if name in _WITHOUT else self.without - 1

    def takes_password(self, word: str) -> bool:
        """Whether the word after this one is a password. A bare `-p` may also be a port or a package."""
        return self.separate if word == "-p" else word == self.option

    def takes_none(self, word: str) -> bool:
        """Whether the word after this `-p` is certainly none."""
        return word == "-p" and self.without > 0 and not self.separate and not self.user

    def glued(self, word: str) -> tuple[str, str, str]:
        """Option, kind and value where a short option and its secret are one word: `-psecret`, `-ubob:secret`."""
        if match := _GLUED_USER.fullmatch(word):
            return match[1], "user", match[2]
        match = _GLUED.fullmatch(word)
        if not match or PATH.match(match[1]) or (PORTS.fullmatch(literal(match[1])) and self.option != "-p"):
            return "", "", ""
        if self.option == "-p" or (self.user and match[1].partition("=")[0] not in _WORDS):
            return "-p", "secret:password", match[1]
        return ("-p", "p", match[1]) if not _LONG_OPTION.fullmatch(match[1]) else ("", "", "")
