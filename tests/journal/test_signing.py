from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent.journal.errors import JournalError
from agent.journal.keys import existing_key, load_keys, published_key
from agent.journal.signing import KEY_FILE, PublicKey, SigningKey, SigningKeyError, is_exposed, make_key, read_key


def test_a_key_is_made_once_kept_private_and_published(tmp_path: Path) -> None:
    first = load_keys(tmp_path)
    assert first.problems == ()
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
    assert load_keys(tmp_path).current.public == first.current.public == published_key(tmp_path)
    ours = existing_key(tmp_path)
    assert ours and ours.public == first.current.public


def test_openssl_reads_both_files_and_agrees(tmp_path: Path) -> None:
    key = load_keys(tmp_path).current
    text = subprocess.run(
        ["openssl", "pkey", "-in", str(tmp_path / KEY_FILE), "-pubout"], capture_output=True, check=True, text=True
    ).stdout
    assert PublicKey.parse(text) == key.public
    assert PublicKey.parse(key.public.text) == key.public
    assert len(key.public.id) == 16


def test_only_the_right_key_message_and_signature_fit() -> None:
    key = SigningKey(bytes(range(32)))
    signature = key.sign(b"said")
    assert key.public.verifies(b"said", signature)
    assert not key.public.verifies(b"sad", signature)
    assert not SigningKey(b"\x01" * 32).public.verifies(b"said", signature)
    for bad in ("", "====", "A" * 88, signature[:-4], signature.lower()):
        assert not key.public.verifies(b"said", bad)


@pytest.mark.parametrize("text", ["", "hello", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not an Ed25519 public key$"):
        PublicKey.parse(text)


def test_an_unusable_key_is_set_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("nonsense")
    keys = load_keys(tmp_path)
    assert [problem.code for problem in keys.problems] == ["journal.key_unusable"]
    (aside,) = tmp_path.glob(f"{KEY_FILE}.unusable-*")
    assert aside.read_text() == "nonsense"


def test_a_key_that_others_may_read_is_said_and_goes_on(tmp_path: Path) -> None:
    load_keys(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    assert is_exposed(tmp_path / KEY_FILE)
    assert [problem.code for problem in load_keys(tmp_path).problems] == ["journal.key_exposed"]


def test_a_link_or_a_pipe_in_place_of_the_key_is_not_followed(tmp_path: Path) -> None:
    make_key(tmp_path / "elsewhere")
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SigningKeyError):
        read_key(tmp_path / KEY_FILE)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SigningKeyError):
        read_key(tmp_path / "pipe")


def test_a_systemd_credential_takes_the_place_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    key = make_key(credentials / "rollcall.journal-key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert load_keys(tmp_path).current.public == key.public
    assert not (tmp_path / KEY_FILE).exists()
    (credentials / "rollcall.journal-key").write_text("nonsense")
    with pytest.raises(JournalError):
        load_keys(tmp_path)


def test_signing_loads_no_openssl() -> None:
    code = """
import sys
from agent.journal.signing import SigningKey
SigningKey(bytes(32)).sign(b"x")
loaded = open("/proc/self/maps").read() if sys.platform == "linux" else ""
print("_ssl" in sys.modules, "libssl" in loaded, "cryptography" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]
