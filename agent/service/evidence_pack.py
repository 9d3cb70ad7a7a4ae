"""The evidence pack as files: what follows from records, the journal with its proof, the policy, and the manifest."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from agent import __version__
from agent.config.error import ConfigError
from agent.journal.entry import wire_time
from agent.journal.signing import SigningKey
from agent.reports.evidence.index import Listed
from agent.reports.evidence.pack import contents
from agent.reports.evidence.subject import EvidenceSubject
from agent.runtime.new_folder import NewFolder, new_folder
from agent.service.evidence_material import Material

SCHEMA = "rollcall-evidence/1"
_MANIFEST = Listed("manifest.json", "Size and SHA-256 of every other file")
_SIGNATURE = Listed("manifest.sig", "The endpoint's signature (Ed25519) of the manifest")


def write(material: Material, place: Path) -> None:
    """Into a new folder, or a new ZIP file where the name ends so: whole, or not at all. Raises `OSError`, and
    `ConfigError` where there is something already."""
    place = place.absolute()
    if place.exists() and not (place.is_dir() and not any(place.iterdir())):
        raise ConfigError(f"{place}: exists already; a pack is written once")
    partial = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with new_folder(partial) as folder:
            _fill(material, folder)
            if place.suffix.lower() == ".zip":
                _zip(folder, place)
            else:
                os.replace(partial, place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(material: Material, folder: NewFolder) -> None:
    subject = material.subject
    others = [*(Listed(part.name, part.about) for part in material.parts), _MANIFEST]
    others += [_SIGNATURE] if material.key else []
    held = [_put(folder, name, _encoded(make())) for name, make in contents(subject, others).items()]
    held += [_put(folder, part.name, part.content()) for part in material.parts]
    manifest = json.dumps(_manifest(subject, material, held), indent=1).encode() + b"\n"
    _put(folder, _MANIFEST.name, [manifest])
    if material.key:
        _put(folder, _SIGNATURE.name, [_raw_signature(material.key, manifest)])


def _manifest(subject: EvidenceSubject, material: Material, files: list[dict[str, object]]) -> dict[str, object]:
    def time(moment: datetime | None) -> str | None:
        return wire_time(moment) if moment else None

    return {
        "schema": SCHEMA,
        "endpoint_id": material.endpoint_id,
        "rollcall_version": __version__,
        "made_at": time(subject.machine.made_at),
        "since": time(subject.since),
        "until": time(subject.until),
        "inventory_from": subject.machine.known_from,
        "public_key": material.key.public.text if material.key else None,
        "files": files,
    }


def _encoded(lines: Iterable[str]) -> Iterator[bytes]:
    return (f"{line}\n".encode("utf-8", "replace") for line in lines)


def _put(folder: NewFolder, name: str, content: Iterable[bytes]) -> dict[str, object]:
    """Write a new file, mode 0600; what the manifest says of it."""
    digest, size = hashlib.sha256(), 0
    with os.fdopen(folder.create(name), "wb") as out:
        for piece in content:
            digest.update(piece)
            size += len(piece)
            out.write(piece)
    return {"name": name, "bytes": size, "sha256": digest.hexdigest()}


def _raw_signature(key: SigningKey, message: bytes) -> bytes:
    """The 64 bytes, as OpenSSL reads them."""
    return base64.b64decode(key.sign(message))


def _zip(folder: NewFolder, place: Path) -> None:
    """The folder's files below one folder of the archive's name."""
    partial = folder.path.with_suffix(".zip.tmp")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in folder.names():
                with os.fdopen(folder.read(name), "rb") as file, archive.open(f"{place.stem}/{name}", "w") as entry:
                    shutil.copyfileobj(file, entry)
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)
