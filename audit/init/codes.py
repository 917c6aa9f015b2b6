"""The form of codes: which class of characters stands at each place, drawn from samples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

#: Classes of characters, from the narrowest on: a name, the class in a pattern, and its sign in a form.
_CLASSES: Final = (("digits", "[0-9]", "9"), ("capital letters", "[A-Z]", "A"), ("small letters", "[a-z]", "a"))
_MIXED: Final = ("capital letters and digits", "[A-Z0-9]")
_SEPARATORS: Final = "-/._:"
_SHORTEST: Final = 2
_LONGEST: Final = 20
#: Longer texts without a separator are no codes.
_PLAIN: Final = 12
#: Samples of one length that a form of several classes needs: fewer may have a letter at a place by chance.
_SAMPLES: Final = 20
#: The share of samples that have a form: the others may be faults, and all rows are counted.
MOSTLY: Final = 0.9


@dataclass(frozen=True)
class Form:
    """A form of codes in words, and its pattern, which holds in Python and in PostgreSQL."""

    name: str
    pattern: str


def forms(samples: Sequence[str]) -> Iterator[Form]:
    """Yield the forms that nearly all samples have, the narrowest first."""
    lengths = Counter(map(len, samples)).most_common(1)
    length, count = lengths[0] if lengths else (0, 0)
    if not _SHORTEST <= length <= _LONGEST or count < MOSTLY * len(samples):
        return
    usual = [it for it in samples if len(it) == length]
    places = [_class([it[place] for it in usual]) for place in range(length)]
    has_separator = any(it in _SEPARATORS for it, _ in places)
    if all(sign for sign, _ in places) and (has_separator or length <= _PLAIN):
        if len({sign for sign, _ in places}) == 1:
            name = next(name for name, _, sign in _CLASSES if sign == places[0][0])
            yield Form(f"{length} {name}", _pattern(places))
        elif len(usual) >= _SAMPLES and any(sign in "9Aa" for sign, _ in places):
            yield Form(f"a code of the form {''.join(sign for sign, _ in places)}", _pattern(places))
    name, letters = _MIXED
    if length <= _PLAIN and all(re.fullmatch(f"{letters}+", it) for it in usual):
        yield Form(f"{length} {name}", f"^{letters}{{{length}}}$")


def _class(characters: Sequence[str]) -> tuple[str, str]:
    """The sign and the pattern of the class that nearly all characters are in; empty without one."""
    for _, pattern, sign in _CLASSES:
        if sum(bool(re.fullmatch(pattern, it)) for it in characters) >= MOSTLY * len(characters):
            return sign, pattern
    common, count = Counter(characters).most_common(1)[0]
    if common in _SEPARATORS and count >= MOSTLY * len(characters):
        return common, re.escape(common) if common == "." else common
    return "", ""


def _pattern(places: Sequence[tuple[str, str]]) -> str:
    parts = ((part, sum(1 for _ in run)) for part, run in groupby(pattern for _, pattern in places))
    return "^" + "".join(part if count == 1 else f"{part}{{{count}}}" for part, count in parts) + "$"
