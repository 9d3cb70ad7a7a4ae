"""Rollcall, the endpoint agent: which AI agents and MCP servers run here, for whom, reaching what."""

import os

from agent.runtime.imports import without

__version__ = "0.1.0"
VERSION = f"rollcall {__version__}"

# Pydantic would look through every installed distribution for plug-ins: time and memory for what nobody uses here.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")

# OpenSSL is 3.5 MB resident and hashes what Python hashes as well; whoever speaks TLS imports `ssl`, which still works.
with without("_hashlib"):
    import hashlib as hashlib
    import hmac as hmac
