"""Rollcall, the endpoint agent: which AI agents and MCP servers run here, for whom, reaching what."""

import os

__version__ = "0.1.0"

# Pydantic would look through every installed distribution for plug-ins: time and memory for what nobody uses here.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")
