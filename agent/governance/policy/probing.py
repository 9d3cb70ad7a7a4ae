"""Which servers each machine asks for their tools by itself."""

from __future__ import annotations

from pydantic import Field

from agent.runtime.settings import Section


class Probing(Section):
    """Servers to start or call in a sandbox, of those that the policy sanctions; only where it is signed."""

    servers: tuple[str, ...] = Field(default=(), max_length=1_000)
    """Identities, or patterns with `*`: packages such as `npm:@scope/name`, hosts, programs."""
    every_hours: float = Field(default=24, ge=1)
    """How old an answer may be before the server is asked again."""
    secrets: bool = False
    """Whether servers get the values that their definitions name: of variables, headers and arguments."""
    network: bool = False
    """Whether programs may reach the network."""
