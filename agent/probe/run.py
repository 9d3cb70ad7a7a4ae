"""One server being asked: a process that answers when it can, and ends in any case."""

from __future__ import annotations

import subprocess
import tempfile
import time

from agent.probe.messages import Answer, Question, answer_json, question_json
from agent.runtime.capabilities import sandboxing_lent
from agent.runtime.child import start

_LONGER = 30.0
"""Seconds beyond those of the conversation after which an answer is not waited for any more."""
_ANSWER_BYTES = 64 << 20


class ProbeRun:
    """A file takes the answer, so that neither side ever waits for the other."""

    def __init__(self, question: Question) -> None:
        """Raises `OSError` where no process can be started."""
        self._deadline = time.monotonic() + question.seconds + _LONGER
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open until the answer is read
        with sandboxing_lent():
            self._process = start("agent.probe.ask", subprocess.PIPE, self._said, subprocess.DEVNULL)
        assert self._process.stdin is not None
        # Not by a file: it may hold what must not lie on a disk.
        with self._process.stdin as asked:
            asked.write(question_json().dump_json(question))

    def answer(self, wait: float = 0.0) -> Answer | None:
        """The answer, after at most `wait` seconds; None where there is none yet."""
        try:
            status = self._process.wait(wait) if wait else self._process.poll()
        except subprocess.TimeoutExpired:
            status = None
        if status is None and time.monotonic() < self._deadline:
            return None
        self.close()
        return self._answer(status)

    def close(self) -> None:
        """Give up. What is in the sandbox ends with the process that asks."""
        self._process.kill()
        self._process.wait()

    def _answer(self, status: int | None) -> Answer:
        with self._said as file:
            file.seek(0)
            text = file.read(_ANSWER_BYTES)
        try:
            return answer_json().validate_json(text)
        except ValueError:
            fate = "did not end" if status is None else f"ended with status {status}"
            return Answer("failed", f"the process that asks {fate}")
