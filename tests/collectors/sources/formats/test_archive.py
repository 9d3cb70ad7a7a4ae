"""A member of an archive is read within bounds, and what is no archive is told so."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from collectors.sources.formats.archive import member
from collectors.sources.formats.unparseable import UnparseableError
from tests.collectors.sources.formats.opened import opened


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def test_one_member_is_read_and_the_descriptor_stays_open(tmp_path: Path) -> None:
    with opened(archive(tmp_path / "a.mcpb", manifest=b"{}", other=b"x" * 10_000)) as file:
        assert member(file, "manifest", 100) == b"{}"
        assert member(file, "manifest", 100) == b"{}"


def test_a_member_that_unpacks_to_too_much_is_not_read_whole(tmp_path: Path) -> None:
    path = archive(tmp_path / "bomb.mcpb", manifest=b"0" * 50_000_000)
    with opened(path) as file, pytest.raises(UnparseableError) as error:
        member(file, "manifest", 1_000)
    assert error.value.code == "parse.too_large"


def test_an_archive_of_very_many_members_is_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "many.mcpb"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(20_000):
            made.writestr(f"{number:0100}", b"")
    with opened(path) as file, pytest.raises(UnparseableError) as error:
        member(file, "manifest", 1_000)
    assert error.value.code == "parse.too_large"


@pytest.mark.parametrize("comment", [b"", b"x" * 65_535])
def test_a_list_of_members_whose_size_zip64_tells_is_measured_too(tmp_path: Path, comment: bytes) -> None:
    path = tmp_path / "large.mcpb"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("manifest", b"{}")
        for number in range(20_000):
            made.writestr(f"{number:0100}", b"")
    whole = path.read_bytes()
    *_, entries, size, begin, _ = struct.unpack("<4s4H2LH", whole[-22:])
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, begin)
    place = struct.pack("<4sLQL", b"PK\6\7", 0, len(whole) - 22, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 100, begin, len(comment))
    path.write_bytes(whole[:-22] + large + place + end + comment)
    assert len(zipfile.ZipFile(path).namelist()) == entries  # as the library reads it
    with opened(path) as file, pytest.raises(UnparseableError) as error:
        member(file, "manifest", 1_000)
    assert error.value.code == "parse.too_large"


@pytest.mark.parametrize("damage", [b"", b"no archive", b"PK\x05\x06", b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_archive_is_told_so(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "x.mcpb"
    path.write_bytes(damage)
    with opened(path) as file, pytest.raises(UnparseableError):
        member(file, "manifest", 1_000)


def test_damage_within_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.mcpb", manifest=b'{"name": "x"}' * 50).read_bytes()
    for at in range(0, len(whole), 7):
        path = tmp_path / "b.mcpb"
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with opened(path) as file:
            try:
                member(file, "manifest", 10_000)
            except UnparseableError:
                continue
