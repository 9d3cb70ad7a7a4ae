"""The fields of records by path: what they may hold, and what they hold."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

NUMBER: frozenset[type] = frozenset({int, float})


class FieldType(NamedTuple):
    """What can stand at the end of a path."""

    types: frozenset[type]
    """Empty for what is no text, number or truth value, such as a time or a group of fields."""
    choices: frozenset[str] = frozenset()
    """The only texts, where only some are possible."""


def field_type(model: type[BaseModel], path: str) -> FieldType | str:
    """Type of the field at a dotted path, or, as text, why there is none."""
    found: list[Any] = [model]
    for name in path.split("."):
        models = [each for each in found if isinstance(each, type) and issubclass(each, BaseModel)]
        names = {field.alias or key: field.annotation for each in models for key, field in each.model_fields.items()}
        if name not in names:
            return f"no such field; there are {', '.join(sorted(names))}" if names else "nothing is below this field"
        found = list(_alternatives(names[name]))
    choices = frozenset(str(value) for each in found if get_origin(each) is Literal for value in get_args(each))
    plain = frozenset(each for each in found if each in (str, int, float, bool))
    return FieldType(plain | ({str} if choices else frozenset()), frozenset() if str in plain else choices)


def values(record: BaseModel, path: str) -> Iterator[Any]:
    """What a record holds at a path: nothing for null, each element of a list."""
    found: list[Any] = [record]
    for name in path.split("."):
        name = "schema_" if name == "schema" else name
        found = [value for each in found for value in _elements(getattr(each, name, None))]
    return iter(found)


def _elements(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, tuple | list) else (value,)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The types in a union, of the elements of a list, without null."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for each in get_args(annotation):
            yield from _alternatives(each)
    elif origin is Annotated:
        yield from _alternatives(get_args(annotation)[0])
    elif origin is tuple:
        for each in get_args(annotation):
            if each is not Ellipsis:
                yield from _alternatives(each)
    elif annotation is not type(None):
        yield annotation
