"""violations.csv: `rule,key`, a line for each violating key, by the bytes of the rule's id and then by key.

Keys are as COPY writes them: quoted where they must be, NULL as nothing at all, an empty text as a pair of quotes; a
composite key is a JSON array. A single column of a number type is sorted as a number, everything else by its bytes,
NULL before all. Files are read as streams, so that their size does not matter.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import IO, Final, TypeAlias

HEADER: Final = b"rule,key\n"
#: A rule's id and a key, each plain or quoted.
_LINE: Final = re.compile(
    rb'(?:"(?P<rule_q>(?:[^"]|"")*)"|(?P<rule>[^,"]*)),(?:"(?P<key_q>(?:[^"]|"")*)"|(?P<key>[^"]*))'
)
#: The sort key of keys: NULL, all others, NaN; then the number; then the bytes.
Position: TypeAlias = tuple[int, Decimal, bytes]
_NULL: Final[Position] = (0, Decimal(0), b"")
_NAN: Final[Position] = (2, Decimal(0), b"")


class FormatError(ValueError):
    """A line is none of a violations file; the message holds its beginning."""


def field(text: str) -> bytes:
    """One field of a line, quoted where it must be: as COPY does it, where a line could end as well."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([text])
    return line.getvalue().removesuffix("\r\n").encode()


def prefix(rule: str) -> bytes:
    """Return the start of a rule's lines, which the key and the line's end follow."""
    return field(rule) + b","


def rows(lines: Iterable[bytes]) -> Iterator[tuple[str, bytes | None]]:
    """Each line's rule and key, the key None where it is NULL. Without the header, which the caller has taken.

    Raises FormatError.
    """
    more = iter(lines)
    for first in more:
        line = first
        while line.count(b'"') % 2 and (rest := next(more, b"")):
            line += rest  # a quoted key goes on over the line's end
        match = _LINE.fullmatch(line.removesuffix(b"\n"))
        if match is None:
            raise FormatError(repr(line[:80])[1:])
        quoted, plain, key_quoted, key = match.groups()
        rule = plain if plain is not None else quoted.replace(b'""', b'"')
        if key is None:
            key = key_quoted.replace(b'""', b'"')
        elif key == b"":
            key = None
        yield rule.decode(), key


def integers(lines: IO[bytes], rule: str, most: int) -> list[int]:
    """The next keys of a file without a header in which all lines are of one rule, and all keys integers: up to `most`.

    Several times faster than `rows`. Raises ValueError where a key is no integer.
    """
    start = len(prefix(rule))
    return [int(line[start:]) for line in islice(lines, most)]


def position(key: bytes | None, *, as_number: bool) -> Position:
    """Return the sort key of a key within its rule."""
    if key is None:
        return _NULL
    if not as_number:
        return 1, Decimal(0), key
    number = Decimal(key.decode())
    return _NAN if number.is_nan() else (1, number, b"")


def count(lines: Iterable[bytes]) -> int:
    """The number of lines, the header included; a line's end within quotes ends none."""
    ends = quotes = 0
    for line in lines:
        quotes += line.count(b'"')
        ends += quotes % 2 == 0
    return ends + quotes % 2
