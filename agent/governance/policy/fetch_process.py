"""The daemon's side of checking a policy: a process that is asked, and answers when it can."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from dataclasses import asdict

from agent.governance.policy.fetch_messages import MAX_POLICY, Answer, Question
from agent.runtime.child import start

_PATIENCE = 90.0
"""Seconds after which an answer is not waited for any more."""
_ANSWER_BYTES = 8 * MAX_POLICY


class PolicyCheck:
    """One question on its way. Files take question and answer, so that neither side ever waits for the other."""

    def __init__(self, question: Question) -> None:
        """Raises `OSError` where no process can be started."""
        self._deadline = time.monotonic() + _PATIENCE
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open until the answer is read
        with tempfile.TemporaryFile() as asked:
            asked.write(json.dumps(asdict(question)).encode())
            asked.seek(0)
            self._process = start("agent.governance.policy.fetch", asked, self._said, subprocess.DEVNULL)

    def answer(self, wait: float = 0.0) -> Answer | None:
        """The answer, after at most `wait` seconds; None where there is none yet."""
        try:
            status = self._process.wait(wait) if wait else self._process.poll()
        except subprocess.TimeoutExpired:
            status = None
        if status is None and time.monotonic() < self._deadline:
            return None
        self._process.kill()
        self._process.wait()
        return self._read(status)

    def close(self) -> None:
        """Give up."""
        self._process.kill()
        self._process.wait()
        self._said.close()

    def _read(self, status: int | None) -> Answer:
        with self._said as file:
            file.seek(0)
            text = file.read(_ANSWER_BYTES)
        try:
            return Answer(**json.loads(text))
        except (ValueError, TypeError):
            fate = "did not end" if status is None else f"ended with status {status}"
            return Answer("unreachable", f"the process that checks it {fate}")
