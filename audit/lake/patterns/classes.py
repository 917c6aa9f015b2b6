"""Classes of characters as the server's locale has them."""

from __future__ import annotations

from typing import Final

from order_audit.audit.lake.patterns.parts import PatternError, Ranges, ranges_of

_SPACE: Final = ((9, 13), (32, 32))
#: White space beyond ASCII: of glibc (2.36), and of Unicode as PostgreSQL's own provider has it.
_MORE_SPACE: Final = {
    "ascii": (),
    "libc": ((0x1680, 0x1680), (0x2000, 0x2006), (0x2008, 0x200A), (0x2028, 0x2029), (0x205F, 0x205F),
             (0x3000, 0x3000)),
    "builtin": ((0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
                (0x205F, 0x205F), (0x3000, 0x3000)),
}  # fmt: skip
_ASCII: Final = {
    "alpha": ((65, 90), (97, 122)),
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "word": ((48, 57), (65, 90), (95, 95), (97, 122)),
    "upper": ((65, 90),),
    "lower": ((97, 122),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
}
#: Letters that have another case beyond ASCII begin here (U+00B5).
_LETTERS_FROM: Final = 0xB5


def class_named(name: str, letters: str) -> tuple[Ranges, bool]:
    """Return the characters of a class, and whether they are known for texts of ASCII only."""
    if letters == "unknown":
        raise PatternError(f"the class {name} of characters in this database's locale")
    if name == "digit":
        return ((48, 57),), False
    if name == "xdigit":
        return ((48, 57), (65, 70), (97, 102)), False
    if name == "space":
        return ranges_of((*_SPACE, *_MORE_SPACE[letters])), False
    if name in _ASCII:
        return _ASCII[name], letters != "ascii"
    raise PatternError(f"the class {name} of characters")


def with_other_case(ranges: Ranges, letters: str) -> Ranges:
    """Return characters with those that differ from them in case only."""
    if letters == "unknown":
        raise PatternError("letters in any case in this database's locale")
    made = list(ranges)
    for first, last in ranges:
        if (
            last >= _LETTERS_FROM
            and letters != "ascii"
            and any(
                chr(it).lower() != chr(it).upper() for it in range(max(first, _LETTERS_FROM), min(last, 0x1FFFF) + 1)
            )
        ):
            raise PatternError("letters beyond ASCII in any case")
        for begin, end, other in ((65, 90, 32), (97, 122, -32)):
            low, high = max(first, begin), min(last, end)
            if low <= high:
                made.append((low + other, high + other))
    return ranges_of(made)
