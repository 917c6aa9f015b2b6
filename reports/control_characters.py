"""Control characters in what is printed, spelled out: a terminal runs them, or shows the text around them otherwise."""

from __future__ import annotations

import unicodedata
from typing import Final

#: Control and format characters (the marks of text direction among them), half surrogates, ends of lines.
_UNSAFE: Final = {"Cc", "Cf", "Cs", "Zl", "Zp"}
#: White space that only moves the cursor on, in a text of several lines.
_LAYOUT: Final = "\n\t"
_SHORT: Final = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}


def escape(text: str) -> str:
    """Return a name or value of a database on one line, with all that is not printed spelled out."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter == " " or unicodedata.category(letter)[0] not in "CZ" else _spelled(letter) for letter in text
    )


def clean(text: str) -> str:
    """Return a text of several lines with its control characters spelled out, as JSON does: JSON stays the same."""
    if text.translate({10: None, 9: None}).isprintable():
        return text
    return "".join(
        _spelled(letter) if letter not in _LAYOUT and unicodedata.category(letter) in _UNSAFE else letter
        for letter in text
    )


def _spelled(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    if ord(letter) < 0x10000:
        return f"\\u{ord(letter):04x}"
    high, low = divmod(ord(letter) - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
