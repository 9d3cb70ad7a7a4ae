"""The AI clients that are known: list them, show one, check an entry of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.common import COMPLETE, Shared, declare, group, write
from agent.reports.report import CLIENT, CLIENTS
from agent.runtime.terminal import show

if TYPE_CHECKING:
    from agent.cli.common import Commands


def add(commands: Commands) -> None:
    """Declare `catalog list`, `catalog show` and `catalog check`."""
    catalog = group(commands, "catalog", "the AI clients that are known")
    declare(catalog.add_parser("list", help="one line per client"), lambda shared, _: _list(shared))
    show = catalog.add_parser("show", help="everything known of one client, and from where")
    show.add_argument("id", metavar="ID")
    declare(show, lambda shared, given: _show(shared, given.id))
    check = catalog.add_parser("check", help="check an entry of your own")
    check.add_argument("file", type=Path, metavar="FILE")
    declare(check, lambda _, given: _check(given.file))


def _list(shared: Shared) -> int:
    from agent.service.setup import load_catalog

    write(CLIENTS, load_catalog(shared.settings()), shared)
    return COMPLETE


def _show(shared: Shared, client_id: str) -> int:
    from agent.config.error import ConfigError
    from agent.service.setup import load_catalog

    client = load_catalog(shared.settings()).clients.get(client_id)
    if client is None:
        raise ConfigError(f"no client {client_id!r} in the catalog")
    write(CLIENT, client, shared)
    return COMPLETE


def _check(file: Path) -> int:
    from agent.config.error import ConfigError
    from agent.runtime.given_file import read_given
    from collectors.catalog.catalog import client_of

    try:
        client = client_of(read_given(file), file)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or type(error).__name__}") from None
    except ValueError as error:
        raise ConfigError(str(error)) from None
    show([f"{file}: {client.id} is ok"])
    return COMPLETE
