"""Runs one of the parsers in a process of its own: what is large or strange costs that process its memory and time."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, cast

from collectors.sources.formats.parsers import Format, parse_here
from collectors.sources.formats.unparseable import Note, UnparseableError

_MOST_SECONDS: Final = 10
"""Of the processor."""
_PATIENCE: Final = 3
"""So many times as long a busy machine may take."""
_MOST_MEMORY: Final = 192 * 1024 * 1024
"""Addresses, of which a text that is worth reading needs a small part."""
_MOST_ANSWER: Final = 6 * 1024 * 1024
_MOST_WEIGHT: Final = 8 * 1024 * 1024
"""Bytes that the values of an answer may take of whoever asked, and its text while it is taken apart."""
_OURS: Final = str(Path(__file__).resolve().parents[3])
_OPTIONS: Final = ("-P", "-S", *["-OO"] * (sys.flags.optimize > 1))
"""What was compiled for this process serves that one too."""
_WINDOWS: Final = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
_OUT_OF_TIME: Final = getattr(signal, "SIGXCPU", signal.SIGTERM)
_COSTLY: Final = "reading it takes more memory or time than a file may"
_NO_TIME: Final = "there was no time to read it, beside what else the account has"


Refusal = tuple[str, str, int | None, int | None]

_refused: dict[bytes, Refusal] = {}
"""What was asked and refused lately: a client's file is read for its servers, for its permissions, for its projects."""
_MOST_REFUSED: Final = 64


def parse_apart(
    data: bytes, format: Format, depth: int, seconds: float = _MOST_SECONDS
) -> tuple[Any, tuple[Note, ...]]:
    """Value and notes as `documents.parse` gives them. Raises `UnparseableError`.

    The process gets no environment but where the modules lie, and its standard streams; it ends with its answer.
    """
    if seconds <= 0:
        raise UnparseableError("parse.too_large", _NO_TIME)
    asked = blake2b(data, key=f"{format} {depth}".encode()).digest()
    if asked in _refused:
        raise UnparseableError(*_refused[asked])
    try:
        return _answer(_ask(data, format, depth, seconds))
    except UnparseableError as error:
        if error.message != _NO_TIME:
            # Never the error itself: with its traceback it holds the text and the answer.
            _refused[asked] = error.code, error.message, error.line, error.column
            if len(_refused) > _MOST_REFUSED:
                del _refused[next(iter(_refused))]
        raise


def _ask(data: bytes, format: Format, depth: int, seconds: float) -> str:
    """What the process says; not as bytes, for beside the values there would be both."""
    most = math.ceil(min(_MOST_SECONDS, seconds))
    try:
        done = subprocess.run(  # noqa: S603 - this interpreter and a module of ours
            [sys.executable, *_OPTIONS, "-m", "collectors.sources.formats.apart", format, str(depth), str(most)],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": os.pathsep.join([_OURS, *filter(None, sys.path)]), **_WINDOWS},
            timeout=_PATIENCE * _MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnparseableError("parse.too_large", _NO_TIME) from None
    except OSError as error:
        raise UnparseableError("parse.too_large", f"no process to read it in: {type(error).__name__}") from None
    if most < _MOST_SECONDS and done.returncode == -_OUT_OF_TIME:
        raise UnparseableError("parse.too_large", _NO_TIME)
    if done.returncode or not done.stdout or len(done.stdout) > _MOST_ANSWER:
        raise UnparseableError("parse.too_large", _COSTLY)
    return done.stdout.decode("ascii")


def _answer(text: str) -> tuple[Any, tuple[Note, ...]]:
    kind, *said = json.loads(text)
    if kind == "refused":
        raise UnparseableError(*said)
    value, notes = said
    return value, tuple(Note(*note) for note in notes)


def _bound(seconds: int) -> None:
    """Limits that hold for this process to its end."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where memory is short this one goes, not the daemon; where that cannot be said, the rest holds all the same.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")


def _weigh(value: Any) -> None:
    """Raises `UnparseableError` for more than whoever asked could hold."""
    left, level = _MOST_WEIGHT, [value]
    keys: set[str] = set()
    while level:
        maps = [one for one in level if isinstance(one, dict)]
        new = set[str]().union(*maps) - keys  # who reads them makes each once
        keys |= new
        left -= sum(map(sys.getsizeof, level)) + sum(map(sys.getsizeof, new))
        if left < 0:
            raise UnparseableError("parse.too_large", "it holds more than is kept of one file")
        lists = [one for one in level if isinstance(one, list)]
        level = [child for one in (*(m.values() for m in maps), *lists) for child in one]


def main() -> None:
    """Format, depth and seconds as arguments, the bytes on standard input, the answer on standard output: one that dies
    leaves none."""
    _bound(int(sys.argv[3]))
    format, depth = cast(Format, sys.argv[1]), int(sys.argv[2])
    try:
        value, notes = parse_here(sys.stdin.buffer.read(), format, depth)
        answer = json.dumps(["read", value, [[note.code, note.message, note.line, note.key] for note in notes]])
        if len(answer) > _MOST_ANSWER:
            raise UnparseableError("parse.too_large", _COSTLY)
        _weigh(value)
    except UnparseableError as error:
        answer = json.dumps(["refused", error.code, error.message, error.line, error.column])
    sys.stdout.buffer.write(answer.encode())


if __name__ == "__main__":
    main()
