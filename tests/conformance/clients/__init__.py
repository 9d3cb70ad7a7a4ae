"""The clients that can be asked here."""

from tests.conformance.clients.claude_code import CLAUDE_CODE
from tests.conformance.clients.codex import CODEX
from tests.conformance.clients.copilot_cli import COPILOT_CLI
from tests.conformance.clients.gemini_cli import GEMINI_CLI
from tests.conformance.clients.opencode import OPENCODE
from tests.conformance.clients.qwen_code import QWEN_CODE

CLIENTS = (CLAUDE_CODE, CODEX, COPILOT_CLI, GEMINI_CLI, OPENCODE, QWEN_CODE)
