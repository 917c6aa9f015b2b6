"""SQL of personal keys, of which the server sends the SHA-256. The client makes digests of them (`digest_key`)."""

from __future__ import annotations

from typing import Final

#: The bytes before a hash that determine its order.
_ORDER: Final = 8


def hash_sql(text: str, salt: str) -> str:
    """Return the SHA-256 of a text as bytes, behind bytes that determine its order.

    In the order of the hashes, which need no secret, the place of a row among many would identify the row of a guessed
    key. Without a salt, the hash alone is returned.
    """
    hashed = f"pg_catalog.sha256(pg_catalog.convert_to({text}, 'UTF8'))"
    if not salt:
        return hashed
    return f"pg_catalog.substr(pg_catalog.sha256('{salt}'::bytea || {hashed}), 1, {_ORDER}) || {hashed}"


def digits_sql(place: str, salt: str) -> str:
    """Return the hexadecimal digits of the SHA-256 in such bytes."""
    return f"pg_catalog.encode({f'pg_catalog.substr({place}, {_ORDER + 1})' if salt else place}, 'hex')"
