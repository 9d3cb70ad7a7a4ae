"""Settings of JetBrains IDEs: components with options, as plain values."""

from __future__ import annotations

from typing import Any

from collectors.sources.formats.unparseable import Notes, UnparseableError, too_deep

_LISTS = ("commands", "urls")
_PAIRS = ("env", "envs", "environment", "headers")


class _Element:
    """One element while its children are read."""

    __slots__ = ("attributes", "children", "tag")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[_Element] = []


def parse_idea_xml(text: str, depth: int, notes: Notes) -> dict[str, Any]:
    """By component the lists in it, an element as a map of its options: `{"Name": {"commands": [{"name": …}]}}`.

    A document type or entity declaration is refused, so nothing can be expanded or fetched. Raises `UnparseableError`.
    """
    root = _read(text, depth)
    components: dict[str, Any] = {}
    for component in root.children:
        if component.tag == "component" and (name := component.attributes.get("name")):
            components[name] = _lists(component)
    return components


def _lists(component: _Element) -> dict[str, list[dict[str, Any]]]:
    lists: dict[str, list[dict[str, Any]]] = {"entries": []}
    for child in component.children:
        if child.tag in _LISTS:
            lists.setdefault(child.tag, []).extend(_options(entry) for entry in child.children)
        else:
            lists["entries"].append(_options(child))
    return lists


def _options(element: _Element) -> dict[str, Any]:
    """The options of an element at whatever depth; environment and headers are maps of their own."""
    options: dict[str, Any] = {}
    for child in element.children:
        name = child.attributes.get("name", "") if child.tag == "option" else child.tag
        if name in _PAIRS:
            options[name] = dict(_pairs(child))
        elif child.tag == "option" and "value" in child.attributes:
            options.setdefault(name, child.attributes["value"])
        else:
            options = {**_options(child), **options}
    return options


def _pairs(element: _Element) -> list[tuple[str, str]]:
    pairs = []
    for child in element.children:
        name = child.attributes.get("name") or child.attributes.get("key")
        if name and "value" in child.attributes:
            pairs.append((name, child.attributes["value"]))
        pairs += _pairs(child)
    return pairs


def _read(text: str, depth: int) -> _Element:
    from xml.parsers import expat  # only JetBrains' products keep servers in XML

    stack = [_Element("", {})]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(stack) > depth:
            raise too_deep()
        element = _Element(tag, attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def refuse(*_: object) -> None:
        raise UnparseableError("parse.xml", "it declares a document type", parser.CurrentLineNumber)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise UnparseableError("parse.xml", "not valid XML", error.lineno, error.offset + 1) from None
    except (ValueError, LookupError):
        raise UnparseableError("parse.encoding", "an unknown character encoding") from None
    return stack[0].children[0]
