"""Asks one server for its tools, as a process of its own that ends with its answer: what a stranger's program says is
read here, and nowhere else."""

from __future__ import annotations

import sys
import time

from agent.probe.conversation import ClosedError, Conversation, ProbeError, Transport
from agent.probe.messages import Answer, Question, answer_json, question_json
from collectors.tools.definition import ToolAsRead, digest


def answer(question: Question) -> Answer:
    """What the server offers, or why that is not known."""
    deadline = time.monotonic() + question.seconds
    try:
        return _answer(question, deadline, handshake_only=False)
    except _GoneError:
        # Some servers of older versions end at a question that they do not know.
        try:
            return _answer(question, deadline, handshake_only=True)
        except _GoneError as gone:
            return Answer("failed", str(gone), said=gone.said)


class _GoneError(ProbeError):
    """The server ended before it had agreed on a version."""

    def __init__(self, text: str, said: str) -> None:
        super().__init__(text)
        self.said = said


def _answer(question: Question, deadline: float, handshake_only: bool) -> Answer:
    try:
        transport = _transport(question)
    except ProbeError as error:
        return Answer("failed", str(error))
    conversation = Conversation(transport, deadline)
    try:
        try:
            conversation.open(handshake_only)
        except ClosedError as error:
            raise _GoneError(str(error), _last_words(transport)) from None
        tools = [tool for entry in conversation.tools() if (tool := ToolAsRead.of(entry))]
        return Answer(
            "tools",
            protocol=conversation.version,
            tools=tuple(map(digest, tools)),
            complete=conversation.complete,
            notes=tuple(conversation.notes),
        )
    except _GoneError:
        raise
    except ProbeError as error:
        return Answer("failed", str(error), conversation.version, notes=tuple(conversation.notes),
                      said=_last_words(transport))  # fmt: skip
    finally:
        transport.close()


def _transport(question: Question) -> Transport:
    if question.transport == "stdio":
        from agent.probe.stdio import Stdio

        return Stdio(question)
    from agent.probe.http import Http, Sse

    return Http(question) if question.transport == "http" else Sse(question)


def _last_words(transport: Transport) -> str:
    return str(getattr(transport, "last_words", ""))


def main() -> None:
    """A question on standard input, an answer on standard output."""
    try:
        said = answer(question_json().validate_json(sys.stdin.buffer.read()))
    except Exception as error:
        from agent.runtime.logs import place

        # Its text may quote what the server said.
        said = Answer("failed", f"{type(error).__name__} at {place(error.__traceback__)}")
    sys.stdout.buffer.write(answer_json().dump_json(said))


if __name__ == "__main__":
    main()
