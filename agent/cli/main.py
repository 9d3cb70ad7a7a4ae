"""The command line: arguments in, exit status out; the commands are declared and carried out in the files beside."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from agent import VERSION
from agent.runtime.error import RollcallError
from agent.runtime.terminal import show, tell

FAILURE, INTERRUPTED = RollcallError.status, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 complete, 1 failure, 2 usage or configuration error, 3 partial, 4 a finding that
    `--fail-on` names, 130 ended by the keyboard."""
    _hold_standard_descriptors()
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except RollcallError as error:
        tell(*error.text.split("\n"))
        return error.status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_output()
        return FAILURE
    except OSError as error:
        _give_up_output()
        tell(f"rollcall: {_name_of(error)}: {error.strerror or type(error).__name__}")
        return FAILURE
    except Exception as error:
        from agent.runtime.logs import place

        # Its text may quote what was read.
        tell(f"rollcall: a fault of its own, please report it: {type(error).__name__} at {place(error.__traceback__)}")
        return FAILURE


def _run(arguments: Sequence[str]) -> int:
    if list(arguments) == ["--version"]:
        # Asked of every machine of a fleet, again and again: to declare all commands takes several times as long.
        show([VERSION])
        return 0
    from agent.cli.common import shared
    from agent.cli.parser import parser

    line = parser()
    given = line.parse_args(arguments)
    options = shared(line, given)
    return int(given.work(options, given))


def _name_of(error: OSError) -> str:
    """What an operation failed on; output to a full disk has no name."""
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "standard output"


def _give_up_output() -> None:
    """Python would try once more at exit to write what nobody takes, and fail once more."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _hold_standard_descriptors() -> None:
    """Whoever started this may have closed them; what is opened next must not get their numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - it lasts as long as the process
