"""Exchanges the secret of a fleet for a credential that only this endpoint has: docs/protocol.md, "Enrolment"."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from agent import __version__
from agent.delivery.client_certificate import certificate_file, is_of, signing_request
from agent.delivery.contract import ignore
from agent.delivery.http.client import Answer, HttpClient
from agent.delivery.http.settings import HttpSettings
from agent.journal.journal import Journal
from agent.journal.keys import existing_key
from agent.journal.signing import SigningKey
from agent.records.canonical_json import canonical_json
from agent.runtime.error import RollcallError
from agent.runtime.files import replace_file

SCHEMA = "rollcall-enroll/1"
_TOKEN = re.compile(r"[\x21-\x7e]{16,4096}")
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class EnrolmentError(RollcallError):
    """No credential was to be had; the text says why, and holds no secret."""


class Enrolment(NamedTuple):
    """Where the credential of a target is from; the credential itself lies in a file beside."""

    url: str
    secret_file: str
    device: str
    """What the receiver calls this endpoint."""


def credential_file(folder: Path, target: str) -> Path:
    """Where the credential for a target lies in the state folder."""
    return folder / f"credential-{target}"


def enrolment_of(folder: Path, target: str) -> Enrolment | None:
    """What an earlier enrolment left; None where there was none."""
    try:
        found = json.loads(_about(folder, target).read_text(encoding="utf-8"))
        return Enrolment(str(found["url"]), str(found["secret_file"]), str(found["device"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def enroll(settings: HttpSettings, target: str, journal: Journal, folder: Path, url: str, secret_file: Path) -> str:
    """Get a credential for a target and keep it; what the receiver calls this endpoint.

    `settings` say how the receiver is trusted; it is at `url`. Raises `EnrolmentError` and `JournalError`.
    """
    reached = settings.model_dump() | {"token_env": None, "token_credential": None, "url": url}
    try:
        asking = HttpSettings.model_validate(
            {name: reached[name] for name in HttpSettings.model_fields} | {"token_file": secret_file}
        )
    except ValueError:
        raise EnrolmentError("the address must be https://, or http:// to a loopback address") from None
    client, key = HttpClient(asking, ignore), SigningKey(os.urandom(32))
    try:
        answer = client.post(_request(journal, folder, key), {"Content-Type": "application/json"})
    finally:
        client.close()
    if not isinstance(answer, Answer):
        raise EnrolmentError(f"enrolment: {answer.reason}")
    device, token, certificate = _granted(answer, key)
    files = {
        credential_file(folder, target): f"{token}\n",
        _about(folder, target): json.dumps(Enrolment(url, str(secret_file), device)._asdict()),
        **({certificate_file(folder, target): f"{certificate.strip()}\n{key.pem}"} if certificate else {}),
    }
    _keep(folder, files)
    return device


def _request(journal: Journal, folder: Path, tls_key: SigningKey) -> bytes:
    """Who asks, signed with the key of the journal: nobody else can enroll in this endpoint's name."""
    key = existing_key(folder)
    if key is None:
        raise EnrolmentError("enrolment: the journal has no key yet; start the daemon once")
    head = journal.head()
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "endpoint_id": journal.endpoint_id,
        "public_key": key.public.text,
        "chain": journal.chain,
        "head_seq": head.seq,
        "head_hash": head.hash.hex(),
        "rollcall_version": __version__,
        "csr": signing_request(tls_key, journal.endpoint_id),
    }
    return canonical_json({**body, "signature": key.sign(canonical_json(body))})


def _granted(answer: Answer, tls_key: SigningKey) -> tuple[str, str, str]:
    """Name and token, and the certificate where one is given."""
    if not 200 <= answer.status < 300:
        raise EnrolmentError(f"enrolment: HTTP {answer.status}")
    told = answer.json()
    device, token = str(told.get("device")), str(told.get("token"))
    if not (_NAME.fullmatch(device) and _TOKEN.fullmatch(token)):
        raise EnrolmentError("enrolment: the answer holds no usable credential")
    certificate = str(told.get("certificate") or "")
    if certificate and not is_of(certificate, tls_key):
        raise EnrolmentError("enrolment: the certificate is not of the key that it was asked for")
    return device, token, certificate


def _keep(folder: Path, files: dict[Path, str]) -> None:
    try:
        # An administrator enrolls, and the service reads it under an account of its own.
        there, root = folder.stat(), hasattr(os, "geteuid") and os.geteuid() == 0
        for path, text in files.items():
            replace_file(path, [text], owner=(there.st_uid, there.st_gid) if root else None)
    except OSError as error:
        raise EnrolmentError(f"{folder}: {error.strerror}") from None


def _about(folder: Path, target: str) -> Path:
    return folder / f"enrolment-{target}.json"
