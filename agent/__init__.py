"""Rollcall, the endpoint agent: which AI agents and MCP servers run here, for whom, reaching what."""

__version__ = "0.1.0"
