"""How clients spell a permission rule: one function a syntax, named in the catalog.

Each takes the keys that `*` captured on the way and the value that stands there, and tells what the rule is about;
of what it does not understand it tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from agent.records.posture import Effect, Subject

_CALL = re.compile(r"([\w*.-]+)(?:\((.*)\))?", re.DOTALL)
_COMMAND_TOOLS = {"bash", "shell", "powershell", "run_shell_command", "terminal", "execute_command", "commands"}
_COMMAND_TOOLS |= {"command", "shell_command", "eca__shell_command"}
_PATH_TOOLS = {"read", "edit", "write", "multiedit", "notebookedit", "glob", "grep", "ls", "delete", "list"}
_PATH_TOOLS |= {"write_file", "read_file", "replace", "external_directory"}
_DOMAIN_TOOLS = {"webfetch", "web_fetch", "fetch", "url"}
_DEFINED = re.compile(r"^(?:mcp\.config\.[^.]+|workspace-dot-mcp\.\d+)\.(?=.)")
_ACTIONS: dict[str, Effect] = {
    "allow": "allow",
    "ask": "ask",
    "ask_user": "ask",
    "confirm": "ask",
    "delegate": "ask",
    "ask-user": "ask",
    "prompt": "ask",
    "forbidden": "deny",
    "deny": "deny",
    "reject": "deny",
}


class ParsedRule(NamedTuple):
    """What one rule is about, and its effect where the rule itself says that."""

    subject: Subject
    pattern: str
    tool: str | None = None
    effect: Effect | None = None
    priority: int | None = None


Syntax = Callable[[tuple[str, ...], object], Iterator[ParsedRule]]


def call(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`Tool`, `Tool(what)`, `mcp__server`, `mcp__server__tool`, `Mcp(server, tool)`."""
    match = _CALL.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        return
    tool, what = match.groups()
    if tool.startswith("mcp__"):
        yield _of_server(*tool.removeprefix("mcp__").partition("__")[::2])
    elif what is None or what.strip() in ("", "*", "**", ":*"):
        yield ParsedRule("tool", tool)
    elif tool.lower() == "mcp":
        server, separator, name = what.partition("," if "," in what else ":")
        yield _of_server(server.strip(), name.strip() if separator else "")
    else:
        yield _about(tool, what)


def claude(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """As `call`, but a pattern for tools is no rule, nor is one about nothing or with an empty prefix."""
    match = _CALL.fullmatch(value.strip()) if isinstance(value, str) else None
    if match and (match[1].startswith("mcp__") or not ("*" in match[1] or match[2] in ("", ":*"))):
        yield from call((), value)


def qualified(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`server:tool` or `server__tool`."""
    if isinstance(value, str) and value:
        server, separator, tool = value.partition(":" if ":" in value else "__")
        yield _of_server(server, tool) if separator else ParsedRule("tool", value)


def tool_of_server(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """The name of a tool, in the entry of its server."""
    if isinstance(value, str) and value and captures:
        yield _of_server(captures[0], value)


def tool_key(captures: tuple[str, ...], _: object) -> Iterator[ParsedRule]:
    """The tool is the key; `mcp:server:tool` is one of a server."""
    name = captures[-1]
    yield (
        _of_server(*name.removeprefix("mcp:").partition(":")[::2])
        if name.startswith("mcp:")
        else ParsedRule("tool", name)
    )


def server_key(captures: tuple[str, ...], _: object) -> Iterator[ParsedRule]:
    """The server is the first captured key; where two are, the second is one of its tools."""
    yield _of_server(captures[0], captures[1] if len(captures) > 1 else "")


def tool_name(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """The bare name of a tool."""
    if isinstance(value, str) and value:
        yield ParsedRule("tool", value)


def command(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A command line or the start of one."""
    if isinstance(value, str) and value:
        yield ParsedRule("command", value)


def approval(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`{kind: commands, commandIdentifiers}`, `{kind: mcp, serverName, toolName}`, or all that another kind does."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("kind"), str):
        return
    programs = _texts(value.get("commandIdentifiers")) if kind == "commands" else []
    yield from (ParsedRule("command", program, "shell") for program in programs)
    if kind == "mcp" and isinstance(server := value.get("serverName"), str):
        yield _of_server(server, "".join(_texts(value.get("toolName"))))
    elif not programs:
        yield ParsedRule("tool", kind)


def domain(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A host name or URL pattern."""
    if isinstance(value, str) and value:
        yield ParsedRule("domain", value)


def pattern_of_tool(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A pattern in the entry of the tool it is for."""
    if isinstance(value, str) and captures:
        yield _about(captures[0], value)


def command_switch(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A command as the key of what is done with it: a boolean, or a table with one.

    A star outside of a regular expression stands for itself, which commands hardly hold.
    """
    key = captures[-1]
    yield from _switch("command", (key if key.startswith("/") else key.replace("*", "[*]"),), value)


def path_switch(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A path as the key of what is done with it."""
    yield from _switch("path", captures, value)


def domain_switch(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A URL as the key of what is done with it."""
    yield from _switch("domain", captures, value)


def amp(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`{tool, action, matches: {cmd: …}}`."""
    if not isinstance(value, dict) or not isinstance(value.get("tool"), str):
        return
    effect, matches = _ACTIONS.get(str(value.get("action"))), value.get("matches")
    if effect is None:
        return
    texts = [text for text in matches.values() if isinstance(text, str)] if isinstance(matches, dict) else []
    for said in () if texts else call((), value["tool"]):
        yield said._replace(effect=effect)
    for text in texts:
        yield _about(value["tool"], text)._replace(effect=effect)


def gemini_tool(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """As `call`, but of other tools than the shell the client does not look at what stands in brackets."""
    tool, bracket, _what = value.strip().partition("(") if isinstance(value, str) else ("", "", "")
    yield from call((), tool if bracket and tool not in ("run_shell_command", "ShellTool") else value)


def gemini_policy(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A table of the policy engine: toolName, mcpName, commandPrefix or argsPattern, decision, priority."""
    if not isinstance(value, dict) or value.get("decision") not in _ACTIONS:
        return
    effect, server, priority = _ACTIONS[value["decision"]], value.get("mcpName"), value.get("priority")
    # Another priority makes the client ignore the file, and an empty list makes no rule.
    if not isinstance(priority, int | float) or isinstance(priority, bool) or priority not in range(1000):
        return
    if [] in (value.get("toolName"), value.get("commandPrefix")) or not _in_force(value, effect):
        return
    wanted = [text for key in ("commandPrefix", "commandRegex") for text in _texts(value.get(key)) if text]
    wanted += [_arguments(text) for text in _texts(value.get("argsPattern")) if text]
    wanted += ["annotated"] if value.get("toolAnnotations") else []
    for tool in [text or "*" for text in _texts(value.get("toolName"))] or ["*"]:
        if isinstance(server, str) and server:
            narrow = effect != "allow" and wanted
            said = [_about(f"{server}/{tool}", text) for text in wanted] if narrow else [_of_server(server, tool)]
        else:
            said = [_about(tool, text) for text in wanted] or [ParsedRule("tool", tool)]
        yield from (rule._replace(effect=effect, priority=int(priority)) for rule in said)


def _arguments(pattern: str) -> str:
    """A pattern for the arguments as JSON, without what names the command."""
    return pattern.removeprefix('"command":"').rstrip('"') or ".*"


def _in_force(policy: dict[str, object], effect: Effect) -> bool:
    """Whether a rule of the policy engine counts: what allows does in any mode that asks, what restricts in all."""
    modes = set(_texts(policy.get("modes")))
    if effect == "allow":
        return modes != {"yolo"}
    everywhere = not modes or {"default", "autoEdit"} <= modes
    return everywhere and not policy.keys() & {"interactive", "subagent", "toolAnnotations"}


def decided(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`Tool(what)`, or a table of tool, pattern, and action or decision, where the pattern may be all of that."""
    table = value if isinstance(value, dict) else {"pattern": value}
    effect = _ACTIONS.get(str(table.get("action", table.get("decision"))))
    tool, pattern = table.get("tool"), table.get("pattern")
    if not isinstance(tool, str):
        understood = call((), pattern)
    elif pattern is None:
        understood = call((), tool)
    else:
        understood = (_about(tool, text) for text in (pattern,) if isinstance(text, str))
    yield from (said._replace(effect=effect) for said in understood)


def matched(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A tool as the key of a table: all it does, or what its `argsMatchers` fit."""
    matchers = value.get("argsMatchers") if isinstance(value, dict) else None
    texts = [text for listed in matchers.values() for text in _texts(listed)] if isinstance(matchers, dict) else []
    yield from (_about(captures[-1], text) for text in texts)
    if not matchers:
        yield ParsedRule("tool", captures[-1])


def prefix_rule(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """A table of the words that a command begins with, and a decision: allow where it says none."""
    if not isinstance(value, dict) or not isinstance(value.get("pattern"), list):
        return
    effect = _ACTIONS.get(str(value.get("decision") or "allow"))
    firsts = _texts(value["pattern"][0]) if value["pattern"] else []
    rest = ["|".join(_texts(word)) for word in value["pattern"][1:]]
    for first in firsts if effect and all(rest) else ():
        yield ParsedRule("command", " ".join((first, *rest)), effect=effect)


def at_server(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`tool`, `@server`, `@server/tool`; `@builtin` stands for all built-in tools, a star alone for nothing."""
    if isinstance(value, str) and value.startswith("@"):
        server, _separator, tool = value[1:].partition("/")
        yield ParsedRule("tool", tool or "*") if server == "builtin" else _of_server(server, tool)
    elif isinstance(value, str) and value.strip("*"):
        yield ParsedRule("tool", value)


def augment(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`{toolName, permission: {type}, shellInputRegex}`."""
    if not isinstance(value, dict) or not isinstance(value.get("toolName"), str):
        return
    permission, pattern = value.get("permission"), value.get("shellInputRegex")
    effect = _ACTIONS.get(str(permission.get("type"))) if isinstance(permission, dict) else None
    if effect and isinstance(pattern, str):
        yield ParsedRule("command", pattern, value["toolName"], effect)
    elif effect:
        yield ParsedRule("tool", value["toolName"], effect=effect)


def confirmed_tools(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """The whole document is a list of tools, or a map of them to true."""
    yield from (ParsedRule("tool", name) for name in _confirmed(value))


def confirmed_servers(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """The same of servers, by the names that VS Code makes of where they are defined and what they are called."""
    yield from (_of_server(_DEFINED.sub("", name)) for name in _confirmed(value))


def listed(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """`{prefix | pattern, action}` in a list for one kind of action."""
    if not isinstance(value, dict) or (effect := _ACTIONS.get(str(value.get("action")))) is None:
        return
    what = value.get("pattern", value.get("prefix"))
    if not isinstance(what, str):
        return
    kind, what = captures[0] if captures else "", what or "*"
    if kind == "mcpTools":
        yield _of_server(*what.partition(":")[::2])._replace(effect=effect)
    elif kind in ("executables", "fileEditing"):
        yield ParsedRule("command" if kind == "executables" else "path", what, kind, effect)
    else:
        yield ParsedRule("tool", f"{kind}({what})", kind, effect)


def tool_switch(captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """Tools that are switched on or off: on is allowed, off is forbidden."""
    if isinstance(value, bool):
        name = captures[-1]
        tool = "edit" if name in ("write", "patch", "multiedit") else name
        yield ParsedRule("tool", tool, effect="allow" if value else "deny")


def opencode(_: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    """An action for everything, or for each tool one, or for each tool one a pattern."""
    for tool, action in value.items() if isinstance(value, dict) else [("*", value)]:
        if isinstance(action, dict):
            for pattern, inner in action.items():
                effect = _ACTIONS.get(inner) if isinstance(inner, str) else None
                yield (
                    _about(str(tool), str(pattern))._replace(effect=effect)
                    if effect
                    else ParsedRule("unknown", str(tool))
                )
        else:
            effect = _ACTIONS.get(action) if isinstance(action, str) else None
            yield ParsedRule("tool", str(tool), effect=effect) if effect else ParsedRule("unknown", str(tool))


def _switch(subject: Subject, captures: tuple[str, ...], value: object) -> Iterator[ParsedRule]:
    if isinstance(value, dict):
        told = [value[key] for key in ("approve", "approveRequest", "approveResponse") if key in value]
        value = any(told) if told and all(isinstance(item, bool) for item in told) else None
    if isinstance(value, bool):
        yield ParsedRule(subject, captures[-1], effect="allow" if value else "ask")


def _about(tool: str, what: str) -> ParsedRule:
    lower = tool.lower()
    if lower in _COMMAND_TOOLS:
        return ParsedRule("command", what, tool)
    if lower in _PATH_TOOLS:
        return ParsedRule("path", what, tool)
    if lower in _DOMAIN_TOOLS:
        return ParsedRule("domain", what.removeprefix("domain:"), tool)
    return ParsedRule("tool", f"{tool}({what})", tool)


def _of_server(server: str, tool: str = "") -> ParsedRule:
    return ParsedRule("server", server) if tool in ("", "*") else ParsedRule("tool", f"{server}/{tool}")


def _confirmed(value: object) -> list[str]:
    names = [name for name, state in value.items() if state is True] if isinstance(value, dict) else value
    return [name for name in names if isinstance(name, str) and name] if isinstance(names, list) else []


def _texts(value: object) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]


SYNTAXES: dict[str, Syntax] = {
    function.__name__: function
    for function in (
        *(call, claude, qualified, tool_of_server, tool_key, server_key, tool_name, command, domain, pattern_of_tool),
        *(command_switch, path_switch, domain_switch, amp, gemini_tool, gemini_policy, opencode),
        *(approval, decided, matched, prefix_rule, at_server, tool_switch, augment),
        *(confirmed_tools, confirmed_servers, listed),
    )
}
