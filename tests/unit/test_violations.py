"""violations.csv: written keys are read back in their order."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_audit.reports import violations

KEYS = st.one_of(st.none(), st.binary().filter(lambda it: b"\x00" not in it), st.text().map(str.encode))


def written(rule: str, key: bytes | None) -> bytes:
    """A line as COPY writes it."""
    quoted = (
        key == b"" or any(letter in key or b"" for letter in (b'"', b",", b"\n", b"\r")) if key is not None else False
    )
    shown = b'"' + (key or b"").replace(b'"', b'""') + b'"' if quoted else key or b""
    return violations.prefix(rule) + shown + b"\n"


@given(st.lists(st.tuples(st.text(min_size=1).filter(lambda it: "\x00" not in it), KEYS)))
def test_lines_are_read_as_they_were_written(lines: list[tuple[str, bytes | None]]) -> None:
    """Quotes, commas and ends of lines in keys and in rules, bytes that are no text, NULL beside an empty text."""
    lines = [(rule, key) for rule, key in lines if rule.isprintable()]
    data = b"".join(written(rule, key) for rule, key in lines)
    assert list(violations.rows(io.BytesIO(data))) == lines
    assert violations.count(io.BytesIO(data)) == len(lines)


@given(st.text("a,\"\r\n ='"))
def test_a_field_is_as_copy_writes_it(text: str) -> None:
    """An end of a line in it as well, whatever line it stands in."""
    assert b"rule," + violations.field(text) + b"\n" == written("rule", text.encode())


def test_keys_are_sorted_as_the_server_does() -> None:
    """NULL before all, numbers as numbers, NaN after all; texts by their bytes, the empty one after NULL."""
    numbers = [None, b"-Infinity", b"-3", b"2", b"10", b"Infinity", b"NaN"]
    texts = [None, b"", b"10", b"2", b"B", b"a", "é".encode(), b"\xff"]
    for keys, as_number in ((numbers, True), (texts, False)):
        places = [violations.position(key, as_number=as_number) for key in keys]
        assert sorted(places) == places
        assert len(set(places)) == len(places)
    assert violations.position(b"2.0", as_number=True) == violations.position(b"2", as_number=True)


def test_integers_are_read_in_blocks() -> None:
    """The same keys as line by line; an invalid line raises an error."""
    rule, keys = 'a, "rule"', [-5, 0, 7, 2**62]
    lines = io.BytesIO(b"".join(written(rule, str(key).encode()) for key in keys))
    assert [violations.integers(lines, rule, 3), violations.integers(lines, rule, 3)] == [keys[:3], keys[3:]]
    for key in (b"1.5", b"", b"NaN", str(math.inf).encode()):
        with pytest.raises(ValueError, match="invalid literal"):
            violations.integers(io.BytesIO(violations.prefix(rule) + key + b"\n"), rule, 9)


@pytest.mark.parametrize("line", [b"rule\n", b'"rule,1\n', b'a"b,1\n', b'a,b,c"\n', b'"a"b,1\n'])
def test_what_is_no_line_is_named(line: bytes) -> None:
    """By its beginning."""
    with pytest.raises(violations.FormatError, match=r"rule|a"):
        list(violations.rows(io.BytesIO(line)))
