"""Where Rollcall itself may send something in clear text."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """A loopback address or `localhost`: no other name, whoever may have set it up to lead here."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
