"""Names and values from a database in a line of text."""

from __future__ import annotations

import unicodedata


def escape(text: str) -> str:
    """Return text on one line, with unprintable characters escaped."""
    return "".join(
        letter if letter == " " or unicodedata.category(letter)[0] not in "CZ" else ascii(letter)[1:-1]
        for letter in text
    )
