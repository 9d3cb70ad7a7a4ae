"""HTML out of text that anybody may have written: whatever is not marked as `Html` is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import TypeVar

from agent.runtime.terminal import plain

_EMPTY_ELEMENTS = frozenset({"meta", "input"})
_ENDS_A_LINE = frozenset({"tr", "li", "section", "article", "details", "p", "h2", "h3", "option", "head", "path"})
_LONGEST = 200

T = TypeVar("T")


class Html(str):
    """Markup that was made here; an ordinary `str` is text."""

    __slots__ = ()


Child = Html | str | int | None | Iterable["Html | str | None"]
Attribute = str | int | bool | None


def tag(element: str, /, *children: Child, **attributes: Attribute) -> Html:
    """An element. `class_` is the attribute class, `data_x` is data-x; one that is None or False is left out."""
    opened = f"<{element}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    end = "\n" if element in _ENDS_A_LINE else ""
    if element in _EMPTY_ELEMENTS:
        return Html(opened + end)
    return Html(f"{opened}{joined(*children)}</{element}>{end}")


def joined(*children: Child) -> Html:
    """Several pieces as one."""
    return Html("".join(map(_markup, children)))


def short(text: str | None, most: int = _LONGEST) -> str:
    """One line of text for a person; of a very long one the beginning, and how long it is."""
    if text is None:
        return ""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def name(text: str | None, most: int = _LONGEST) -> Html:
    """A name that somebody gave: its direction of writing does not reach what stands beside it."""
    return tag("bdi", short(text, most)) if text else Html("")


def code(text: str | None, most: int = _LONGEST) -> Html:
    """A path, a command, a key."""
    return tag("code", name(text, most)) if text else Html("")


def capped(items: Iterable[T], most: int) -> list[T]:
    """The first of them."""
    return list(islice(items, most))


def left_out(total: int, shown: int, what: str) -> Html:
    """What a page of bearable size does not show, and where it is; nothing where all is shown."""
    if total <= shown:
        return Html("")
    told = f"{total - shown:,} more {what} are not on this page; `rollcall --once --format ndjson` has all {total:,}."
    return tag("p", told, class_="left-out")


def table(caption: str, head: Sequence[str], rows: Iterable[Html]) -> Html:
    """A table; its rows are made with `row`. The caption is for those who hear the page."""
    heads = tag("tr", [tag("th", cell, scope="col") for cell in head])
    body = joined(rows)
    return (
        tag("table", tag("caption", caption, class_="heard"), tag("thead", heads), tag("tbody", body))
        if body
        else tag("p", "None.")
    )


def row(head: Sequence[str], cells: Sequence[Child], **attributes: Attribute) -> Html:
    """A row of a table; on a narrow screen each cell stands under its own head. The first cell names the row."""
    first, *others = zip(head, cells, strict=True)
    made = [tag("th", first[1], scope="row", data_label=first[0])]
    made += [tag("td", cell, data_label=label) for label, cell in others]
    return tag("tr", made, **attributes)


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """A list of what is known; what has no value is left out."""
    return tag("dl", [joined(tag("dt", what), tag("dd", value)) for what, value in pairs if value])


def badge(severity: str) -> Html:
    """A severity, in its colour and in words."""
    return tag("span", severity, class_=f"badge {severity}")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    spelled = key.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escape(plain(str(value)))}"'


def _markup(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, str | int):
        return escape(plain(str(child)))
    return "".join(map(_markup, child))
