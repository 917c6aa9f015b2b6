"""What the oracle knows of values: lists, patterns, texts, numbers and JSON.

The functions lean on Python where it agrees with PostgreSQL: `str.lower` (equal for ASCII and for plain
one-to-one letters), `unicodedata` for normalisation, and `json` once bad escapes are mended. `json` nests as
deep as the interpreter's recursion limit; PostgreSQL's type goes deeper.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import cache

Number = float | Decimal


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


LIVE = {"pending", "active", "paused"}
STATUSES = LIVE | {"recreated", "cancelled", "expired"}
WHITE_SPACE = " \t\n\r\f\v"
FLOAT8, NUMERIC, INTEGERS = 701, 1700, {20, 21, 23}

STATES = words(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND"
    " OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR VI AA AE AP"
)
PLACEHOLDERS = words("n/a na none null nil test testing unknown tbd todo placeholder xxx - . ?")

LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_{{|}}~\x60-]+@{LABEL}(?:\.{LABEL})+")
PHONE = re.compile(r"\+[0-9]{8,15}|[0-9]{10}|1[0-9]{10}")
SCRIPT_NAME = re.compile(r"[a-z][a-z0-9_]*")
UNCLEAN = re.compile("[\x01-\x1f\x7f-\x9f\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]")
SECRET_NAMES = words(
    "api-key api_key apikey secret token password passwd pwd credential private-key private_key privatekey"
    " authorization"
)
SECRET_REFERENCE = re.compile(r"secret-ref:[A-Za-z0-9_./-]+")


def is_blank(text: str) -> bool:
    """Whether a text is empty once white space is trimmed."""
    return not text.strip(WHITE_SPACE)


def fold(text: str) -> str:
    """A text in lower case, trimmed, its runs of white space made one space."""
    return re.sub(f"[{WHITE_SPACE}]+", " ", text.lower()).strip(" ")


def rank(number: Number) -> tuple[bool, Number]:
    """A key that sorts as PostgreSQL does: NaN equals itself and stands above every number."""
    return (True, 0.0) if number != number else (False, number)


EXACT = Context(prec=150_000, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)


def cents(number: Decimal) -> Decimal:
    """PostgreSQL's `round(number, 2)`: halves go away from zero."""
    return number.quantize(Decimal("0.01"), context=EXACT)


ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a surrogate pair
    r"|\\u(?P<code>[0-9a-fA-F]{4})"
    r"|\\."  # any other escape, an escaped backslash among them
)


def is_bad(escape: re.Match[str]) -> bool:
    """Whether an escape stands for no character: NUL, or half a surrogate pair."""
    code = escape["code"]
    return code is not None and (int(code, 16) == 0 or 0xD800 <= int(code, 16) <= 0xDFFF)


def has_bad_escape(document: str) -> bool:
    """Whether a JSON text holds an escape that `jsonb` refuses."""
    return any(is_bad(escape) for escape in ESCAPE.finditer(document))


def is_beyond_numeric(number: str) -> bool:
    """Whether a number has more than the 131,072 digits before the point or 16,383 after it that `numeric` has."""
    try:
        exact = Decimal(number)
    except InvalidOperation:  # an exponent beyond Python, too
        return True
    exponent = exact.as_tuple().exponent
    assert isinstance(exponent, int)
    return -exponent > 16_383 or (exact != 0 and exact.adjusted() >= 131_072) or exponent > 2**30 - 1


def is_rejected_by_jsonb(document: str) -> bool:
    """Whether a JSON text holds an escape or a number that `jsonb` refuses."""
    numbers: list[str] = []
    json.loads(mend(document), parse_int=numbers.append, parse_float=numbers.append)
    return has_bad_escape(document) or any(map(is_beyond_numeric, numbers))


def mend(document: str) -> str:
    """A JSON text with U+FFFD for each bad escape."""
    return ESCAPE.sub(lambda escape: "\ufffd" if is_bad(escape) else escape[0], document)


class Pairs(tuple[tuple[str, object], ...]):
    """A JSON object, all its pairs kept in their order."""

    def get(self, name: str) -> object:
        """The operative value of a key: its last one."""
        return dict(self).get(name)


class Figure:
    """A JSON number; no rule asks which."""


@cache
def parse(document: str | None) -> object:
    """A JSON text's value, judged as if each bad escape were U+FFFD; None for SQL NULL as for JSON null."""
    if document is None:
        return None

    def figure(_: str) -> Figure:
        return Figure()

    return json.loads(mend(document), object_pairs_hook=Pairs, parse_int=figure, parse_float=figure)


def pairs_within(value: object) -> Iterator[tuple[str, object]]:
    """All key-value pairs at any depth, every occurrence of a repeated key included."""
    pending = [value]
    while pending:
        value = pending.pop()
        if isinstance(value, Pairs):
            yield from value
            pending.extend(inner for _, inner in value)
        elif isinstance(value, list):
            pending.extend(value)


def is_email(value: object) -> bool:
    """Whether a value is an HTML5 e-mail address with a dot in its domain."""
    return isinstance(value, str) and EMAIL.fullmatch(value) is not None
