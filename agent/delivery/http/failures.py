"""Why a request failed, in words that cannot carry a secret."""

from __future__ import annotations

import os


def reason_of(error: BaseException) -> str:
    """The class of the error, and the system's own words for it where there are any; never the error's text."""
    # Costs over a megabyte, which only those who send should pay.
    import socket
    import ssl

    name, cause = type(error).__name__, _root(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"{name}: certificate not accepted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return f"{name}: TLS failed ({cause.reason or type(cause).__name__})"
    if isinstance(cause, socket.gaierror):
        return f"{name}: the name of the host cannot be resolved"
    if isinstance(cause, OSError) and cause.errno and cause.errno > 0:
        return f"{name}: {os.strerror(cause.errno)}"
    return name


def _root(error: BaseException) -> BaseException:
    for _ in range(10):
        below = error.__cause__ or error.__context__
        if below is None:
            break
        error = below
    return error
