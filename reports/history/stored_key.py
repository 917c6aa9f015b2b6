"""Violating keys as the history has them: short, and the same for the same key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import IO, Final, TypeAlias

from order_audit.reports import violations

StoredKey: TypeAlias = int | str | bytes

_DIGEST: Final = "hmac-sha256:"
#: The digits of an integer that SQLite keeps as one.
_DIGITS: Final = 18
_BEGIN_NUMBER: Final = frozenset(b"-0123456789")
_MINUS, _ZERO = b"-0"
_NULL: Final = b""


def stored(key: bytes | None) -> StoredKey:
    """Return a key of violations.csv, None for NULL, as the history has it."""
    if not key:
        return _NULL if key is None else ""
    if key[0] in _BEGIN_NUMBER and len(key) <= _DIGITS:
        digits = key[1:] if key[0] == _MINUS else key
        if digits.isdigit() and (digits[0] != _ZERO or key == b"0"):
            return int(key)
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return b"r" + key
    return _digest(text) or text if text.startswith(_DIGEST) else text


def _digest(text: str) -> bytes | None:
    """Return the bytes of a digest, if the text is just that."""
    try:
        made = bytes.fromhex(text[len(_DIGEST) :])
    except ValueError:
        return None
    return b"d" + made if len(made) == 32 and made.hex() == text[len(_DIGEST) :] else None


def shown(key: StoredKey) -> str | None:
    """Return a key as violations.csv has it; None for NULL."""
    if isinstance(key, bytes):
        if not key:
            return None
        return _DIGEST + key[1:].hex() if key[:1] == b"d" else key[1:].decode(errors="backslashreplace")
    return str(key)


def keys(file: IO[bytes], numbers: Mapping[str, int]) -> Iterator[tuple[int, StoredKey]]:
    """Read violations.csv; yield each key with the number of its rule, where that has one.

    Raises FormatError.
    """
    next(file, b"")
    prefix, number = b"\n", None
    for line in file:
        text = line[len(prefix) :].rstrip(b"\n") if line.startswith(prefix) else b'"'
        if text.isdigit() and text[0] != _ZERO and len(text) <= _DIGITS:  # as most are; a call would take as long
            if number is not None:
                yield number, int(text)
            continue
        if (key := _plain(text)) is None:
            rule, found = next(violations.rows(chain([line], file)))
            prefix, number = violations.prefix(rule), numbers.get(rule)
        else:
            found = key or None
        if number is not None:
            yield number, stored(found)


def _plain(text: bytes) -> bytes | None:
    """Return a key that is not empty, or no key at all; None for an empty one, and one of several lines."""
    if b'"' not in text:
        return text
    inner = text[1:-1].replace(b'""', b"\0")
    if len(text) > 2 and text[:1] == text[-1:] == b'"' and b'"' not in inner:
        return inner.replace(b"\0", b'"')
    return None
