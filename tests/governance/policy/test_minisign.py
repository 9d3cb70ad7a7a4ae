"""Signatures of the real minisign: taken for what they are, and for nothing else."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from agent.governance.policy.minisign import PublicKey, Signature, SignatureError, verify
from tests.governance.policy.minisign_keys import Signer

TEXT = 'version = "1"\norganisation = "Ünïcode"\n'


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return Signer(tmp_path_factory.mktemp("signer"))


def test_a_signature_is_verified_and_names_its_key_and_its_time(signer: Signer) -> None:
    key = PublicKey.parse(signer.public_key)
    signature = Signature.parse(signer.sign(TEXT))
    assert verify(TEXT.encode(), signature, [key]) is key
    assert abs(signature.signed_at - time.time()) < 60


def test_the_older_kind_over_the_whole_text_is_verified_too(signer: Signer) -> None:
    signature = Signature.parse(signer.sign(TEXT, None, "-l"))
    assert not signature.hashed
    assert verify(TEXT.encode(), signature, [PublicKey.parse(signer.public_key)])


def test_the_name_of_a_key_is_the_one_minisign_prints(signer: Signer, tmp_path: Path) -> None:
    printed = signer._folder.joinpath("key.pub").read_text().splitlines()[0]
    key = PublicKey.parse(signer.public_key)
    assert printed.endswith(" " + key.name)
    assert replace(key, id=b"\x34\x12\0\0\0\0\0\x0a").name == "A00000000001234", "as minisign: without leading zeros"


def test_any_changed_byte_of_text_or_comment_is_refused(signer: Signer) -> None:
    keys = [PublicKey.parse(signer.public_key)]
    made = signer.sign(TEXT, 1_700_000_000)
    with pytest.raises(SignatureError, match="not of this text"):
        verify(TEXT.replace("1", "2").encode(), Signature.parse(made), keys)
    later = made.replace("timestamp:1700000000", "timestamp:1800000000")
    assert later != made
    with pytest.raises(SignatureError, match="comment"):
        verify(TEXT.encode(), Signature.parse(later), keys)


def test_another_key_is_refused_even_under_the_id_of_the_right_one(signer: Signer, tmp_path: Path) -> None:
    right, other = PublicKey.parse(signer.public_key), Signer(tmp_path / "other")
    signature = Signature.parse(other.sign(TEXT))
    with pytest.raises(SignatureError, match="another key"):
        verify(TEXT.encode(), signature, [right])
    disguised = Signature(True, right.id, signature.signature, signature.comment, signature.comment_signature)
    with pytest.raises(SignatureError, match="not of this text"):
        verify(TEXT.encode(), disguised, [right])


@pytest.mark.parametrize("text", ["", "\n\n\n", "a\nb\nc\nd", "x" * 4000, "u\nRWQ=\ntrusted comment: \nAAAA"])
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(SignatureError):
        Signature.parse(text)


def test_a_trusted_comment_without_a_time_says_so(signer: Signer) -> None:
    signature = Signature.parse(signer.sign(TEXT, None, "-t", "not-a-timestamp:5"))
    with pytest.raises(SignatureError, match="no timestamp"):
        _ = signature.signed_at
