"""The assignment file: which person each account of this device is assigned to, as an MDM put it there."""

from __future__ import annotations

import json
import tomllib
from pathlib import PurePath

from pydantic import Field, ValidationError

from agent.governance.policy.model import OwnerRule
from agent.runtime.settings import Section
from collectors.sources.filesystem.file_tree import FileTree
from collectors.sources.limits import Limits

_MOST_BYTES = 1024 * 1024


class _Assignment(Section):
    assignment: tuple[OwnerRule, ...] = Field(max_length=10_000)


def read_assignment(path: str) -> tuple[OwnerRule, ...]:
    """The entries of a TOML or, by its name, JSON file, in their order.

    Raises `OSError`, `UnreadableError` and `ValueError`; the texts of the latter name the key and no content.
    """
    data = FileTree(limits=Limits(file_bytes=_MOST_BYTES)).read(path)
    try:
        text = data.decode("utf-8-sig")
        document = json.loads(text) if PurePath(path).suffix == ".json" else tomllib.loads(text)
        return _Assignment.model_validate(document).assignment
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None
