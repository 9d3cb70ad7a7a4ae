"""Structured logs on stderr. An exception is logged by type and place: its text may quote what was read."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from functools import cache
from importlib import import_module
from types import ModuleType, TracebackType
from typing import Any, Literal, TextIO, cast

from agent.runtime.imports import hollow, without
from agent.runtime.log_repeats import Repeats
from agent.runtime.settings import Section


class LogSettings(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


_settings = LogSettings.model_construct()


def configure(settings: LogSettings) -> None:
    """How logs look from now on; an uncaught exception, in any thread, leaves no value behind in them."""
    global _settings
    _settings = settings
    logger.cache_clear()
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _uncaught(args.exc_type, args.exc_value, args.exc_traceback)


class _Stderr:
    """Standard error that never fails: its reader may go away or its disk be full, and neither may end a daemon.

    Without a buffer, for Python would try once more at exit to write what nobody takes.
    """

    def write(self, text: str) -> None:
        if sys.stderr:
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), text.encode(errors="backslashreplace"))

    def flush(self) -> None:
        """Nothing is kept back."""


@cache
def logger() -> Any:
    """The logger. structlog is imported by whoever logs first: a one-shot run seldom has anything to say."""
    import logging

    structlog = _structlog()
    json = _settings.format == "json"
    structlog.configure(
        processors=[
            Repeats(),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[_settings.level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
    )
    return structlog.get_logger()


def _structlog() -> ModuleType:
    """structlog without asyncio and, through that, TLS: it has them for loggers that are not used here, and they would
    be 5 MB resident."""
    with suppress(AttributeError), without("_ssl"), hollow("asyncio"):
        return import_module("structlog")
    return import_module("structlog")


def place(traceback: TracebackType | None) -> str:
    """File and line where an error came up, without any value."""
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    if traceback is None:
        return "unknown"
    return f"{traceback.tb_frame.f_code.co_filename.rpartition('/')[2]}:{traceback.tb_lineno}"


def _uncaught(kind: type[BaseException], error: BaseException | None, traceback: TracebackType | None) -> None:
    # Were this to fail, Python would print the error with its text.
    with suppress(Exception):
        if not issubclass(kind, KeyboardInterrupt):
            logger().critical("rollcall.failed", error=kind.__name__, at=place(traceback))
