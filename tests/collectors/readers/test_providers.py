"""Which model providers a configuration names, and never with a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.records import ModelProvider
from collectors.readers.file import observe_file
from tests.collectors.world import World, client, reading

SECRET = "Zq7planted5x"


def providers(tmp_path: Path, document: object, **part: Any) -> list[ModelProvider]:
    world = World(tmp_path)
    path = world.write("~/.demo.json", document)
    demo = client(provider=[{"scope": "user", "paths": ["~/.demo.json"], **part}])
    seen = observe_file(world.context, world.home, path, [reading(demo)])
    return [record for record in seen.records if isinstance(record, ModelProvider)]


def told(found: list[ModelProvider]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(provider.provider, provider.base_url, provider.models) for provider in found]


MAP = {"at": "providers.*", "url_at": ["options.baseURL", "api"], "model_at": ["models"]}


def test_a_map_of_providers_names_each_by_its_key(tmp_path: Path) -> None:
    document = {
        "providers": {
            "own": {"options": {"baseURL": "https://llm.example/v1", "apiKey": SECRET}, "models": {"m1": {}, "m2": {}}},
            "other": {"api": "http://localhost:11434"},
            "bare": {},
        }
    }
    found = providers(tmp_path, document, **MAP)
    assert told(found) == [
        ("own", "https://llm.example/v1", ("m1", "m2")), ("other", "http://localhost:11434", ()), ("bare", None, ()),
    ]  # fmt: skip
    assert [provider.source.key for provider in found] == ["providers.own", "providers.other", "providers.bare"]
    assert SECRET not in "".join(provider.to_json() for provider in found)


def test_a_fixed_provider_is_told_only_where_something_is_said_of_it(tmp_path: Path) -> None:
    part = {"at": "", "id": "anthropic", "url_at": ["env.BASE_URL"], "model_at": ["model", "env.MODEL"]}
    assert told(providers(tmp_path, {"model": "opus", "env": {"BASE_URL": "https://gate.example"}}, **part)) == [
        ("anthropic", "https://gate.example", ("opus",))
    ]
    assert providers(tmp_path, {"theme": "dark", "env": {}}, **part) == []


@pytest.mark.parametrize(
    ("models", "expected"),
    [("a", ("a",)), (["a", "b", "a", 7], ("a", "b")), ({"a": {}, "b": 1}, ("a", "b")), (7, ()), (None, ()), ("", ())],
)
def test_models_stand_in_a_text_a_list_or_a_map(tmp_path: Path, models: object, expected: tuple[str, ...]) -> None:
    (found,) = providers(tmp_path, {"providers": {"p": {"models": models}}}, **MAP)
    assert found.models == expected


@pytest.mark.parametrize(
    "url",
    [f"https://user:{SECRET}@h.example/v1", f"https://h.example/v1?key={SECRET}", f"https://h.example/token/{SECRET}"],
)
def test_an_address_is_told_without_what_is_secret_in_it(tmp_path: Path, url: str) -> None:
    (found,) = providers(tmp_path, {"providers": {"p": {"api": url}}}, **MAP)
    assert found.base_url and "h.example" in found.base_url and SECRET not in found.to_json()


def test_a_secret_in_place_of_a_name_or_a_model_is_not_told(tmp_path: Path) -> None:
    key = "sk-ant-api03-" + "aB3xY7" * 8
    (found,) = providers(tmp_path, {"providers": {key: {"models": [key]}}}, **MAP)
    assert key not in found.to_json()


def test_providers_in_a_list_keep_identities_of_their_own(tmp_path: Path) -> None:
    document = {"models": [{"apiBase": "https://a.example"}, {"apiBase": "https://b.example"}, {"name": "x"}, 7]}
    found = providers(tmp_path, document, at="models[]", id="configured", url_at=["apiBase"])
    assert [provider.base_url for provider in found] == ["https://a.example", "https://b.example"]
    assert len({provider.id for provider in found}) == 2


def test_hostile_amounts_are_cut_off(tmp_path: Path) -> None:
    many = {f"p{number}": {"models": [f"m{n}" for n in range(300)]} for number in range(300)}
    found = providers(tmp_path, {"providers": many}, **MAP)
    assert len(found) == 100 and {len(provider.models) for provider in found} == {100}
    (long,) = providers(tmp_path, {"providers": {"word " * 1_000: {"models": ["word " * 1_000]}}}, **MAP)
    assert (len(long.provider), len(long.models[0])) == (128, 128)


@pytest.mark.parametrize("document", [[], {"providers": []}, {"providers": "x"}, "7", {"other": {}}])
def test_another_shape_names_no_provider(tmp_path: Path, document: object) -> None:
    assert providers(tmp_path, document, **MAP) == []
