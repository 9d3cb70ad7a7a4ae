"""The few values of DER, the encoding of certificates, that are read and written here."""

from __future__ import annotations

SEQUENCE, SET, INTEGER, BIT_STRING, UTF8_STRING = 0x30, 0x31, 0x02, 0x03, 0x0C


def value(tag: int, *content: bytes) -> bytes:
    """One value of this content."""
    whole = b"".join(content)
    size = len(whole)
    if size < 0x80:
        return bytes((tag, size)) + whole
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + whole


def content(data: bytes, at: int) -> bytes:
    """What the value at `at` holds. Raises `IndexError` where there is none."""
    start, length = _head(data, at)
    return data[start : start + length]


def end(data: bytes, at: int) -> int:
    """Where the value at `at` ends. Raises `IndexError` where there is none."""
    start, length = _head(data, at)
    return start + length


def parts_of_certificate(certificate: bytes) -> list[bytes]:
    """Serial number, signature algorithm, issuer, validity, subject and public key, each as a whole value.

    Raises `IndexError` for what is no certificate.
    """
    body = content(content(certificate, 0), 0)
    at, found = end(body, 0) if body[0] == 0xA0 else 0, []
    for _ in range(6):
        found.append(body[at : end(body, at)])
        at = end(body, at)
    return found


def _head(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at `at` begins, and how long it is."""
    length = data[at + 1]
    if length < 0x80:
        return at + 2, length
    size = length & 0x7F
    return at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size], "big")
