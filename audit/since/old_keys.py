"""The violating keys of the earlier audit, as numbers."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import psycopg

from order_audit.audit.analysis.dependence import ROW, Link
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since.numbers import Numbers
from order_audit.audit.since.values import NULL, Value
from order_audit.reports import violations

#: An integer that fits into eight bytes, as the server writes it.
_INTEGER: Final = re.compile(rb"-?(?:0|[1-9][0-9]{0,17})")
#: Bytes that are read at once.
_BLOCK: Final = 1 << 20
#: The name of a type without a length: "character" would be one letter.
_CASTS: Final = """
select case when t = 'bpchar'::regtype then 'pg_catalog.bpchar' else format_type(t, null) end from oid(%s) as t
"""


class Keys:
    """The keys of a violations file by rule; `header` says whether its first line is one."""

    def __init__(self, path: Path, *, header: bool = True) -> None:
        self._texts: dict[str, list[bytes | None]] = {}
        self._integers: dict[str, array[int]] = {}
        with path.open("rb") as lines:
            if header:
                next(lines, None)
            for rule, key in _rows(lines):
                if key is not None and _INTEGER.fullmatch(key):
                    self._integers.setdefault(rule, array("q")).append(int(key))
                else:
                    self._texts.setdefault(rule, []).append(key)

    def numbers(self, connection: psycopg.Connection, prepared: PreparedRule, root: Link, value: Value) -> Numbers:
        """Return the numbers of a rule's keys, of each the first column."""
        texts = self._texts.get(prepared.rule.id, [])
        integers = self._integers.get(prepared.rule.id, array("q"))
        if value.is_integer and len(prepared.key) == 1:
            others = [NULL if text is None else int(text) for text in texts]  # NULL, and numbers of 19 digits
            return np.concatenate((np.array(others, np.int64), np.array(integers, np.int64)))
        texts = [*texts, *(str(number).encode() for number in integers)]
        if value.is_integer:
            firsts = [json.loads(text or b"[null]")[0] for text in texts]
            return np.array([NULL if number is None else int(number) for number in firsts], np.int64)
        if not texts:
            return np.empty(0, np.int64)
        keys = [None if text is None else text.decode() for text in texts]
        # the server reads an array of JSON, too: it knows its numbers and documents as they were
        first = "(a.key::json -> 0) #>> '{}'" if len(prepared.key) > 1 else "a.key"
        kind = connection.execute(_CASTS, [prepared.columns[prepared.key[0]].type]).fetchone()
        column = f"{ROW}.{quoted(root.column)}"
        number = value.sql.replace(column, f"(k.key::{kind[0] if kind else 'text'})")
        rows = connection.execute(
            f"select {number} from (select {first} from unnest(%s::text[]) as a (key)) as k (key)".encode(), [keys]
        ).fetchall()
        return np.array([row[0] for row in rows], np.int64)


def _rows(lines: BinaryIO) -> Iterator[tuple[str, bytes | None]]:
    """Yield each line's rule and key; lines without quotes are read faster."""
    ids: dict[bytes, str] = {}
    while block := lines.readlines(_BLOCK):
        if any(b'"' in line for line in block):
            yield from violations.rows(chain(block, lines))
            return
        for line in block:
            rule, _, key = line[:-1].partition(b",")
            if rule not in ids:
                ids[rule] = rule.decode()
            yield ids[rule], key or None
