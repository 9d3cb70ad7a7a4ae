"""Environment variables by which other code is loaded, or traffic goes elsewhere: names only, never values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_ALWAYS = re.compile(
    r"LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|DYLD_(?:INSERT_LIBRARIES|LIBRARY_PATH|FRAMEWORK_PATH)|BASH_ENV|ENV|ZDOTDIR|"
    r"PROMPT_COMMAND|PYTHONSTARTUP|PYTHONHOME|PYTHONBREAKPOINT|PERL5DB|GIT_SSH|GIT_SSH_COMMAND|GIT_EXTERNAL_DIFF|"
    r"NODE_REPL_EXTERNAL_MODULE|ELECTRON_RUN_AS_NODE"
)
_BY_VALUE = {
    "NODE_OPTIONS": re.compile(
        r"(?:^|\s)(?:-r|--require|--import|--(?:experimental-)?loader|--inspect\S*|--env-file)\b"
    ),
    "BUN_OPTIONS": re.compile(r"--(?:preload|require|import)\b|(?:^|\s)-r\b"),
    "RUBYOPT": re.compile(r"(?:^|\s)-r"),
    "PERL5OPT": re.compile(r"(?:^|\s)-[mM]"),
    "PERL5LIB": re.compile(r"."),
    "JAVA_TOOL_OPTIONS": re.compile(r"-(?:javaagent|agentlib|agentpath|Xbootclasspath)"),
    "_JAVA_OPTIONS": re.compile(r"-(?:javaagent|agentlib|agentpath|Xbootclasspath)"),
    "DOTNET_STARTUP_HOOKS": re.compile(r"."),
    "NODE_TLS_REJECT_UNAUTHORIZED": re.compile(r"0"),
    "PYTHONHTTPSVERIFY": re.compile(r"0"),
    "GIT_SSL_NO_VERIFY": re.compile(r"(?i)1|true"),
}
"""Variables that most people set to something harmless: it is their value that says it."""


def injecting(variables: Mapping[str, object]) -> Iterator[str]:
    """Names of the variables that load code or take the checks off connections, as far as their values tell."""
    for name, value in variables.items():
        pattern = _BY_VALUE.get(name)
        if _ALWAYS.fullmatch(name) or (pattern and isinstance(value, str) and pattern.search(value)):
            yield name
