"""Read what a scan says of one rule: its violating keys, its first examples, its sums."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, BinaryIO, Final

from order_audit.audit import digest_key, mask
from order_audit.audit.scans.evidence_sql import evidence_names
from order_audit.audit.scans.impact import parse_impact
from order_audit.audit.scans.measured_values import Values
from order_audit.audit.scans.outcome import Failure, Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.rows_file import RowsFile
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.domain import Impact
from order_audit.reports import violations
from order_audit.reports.document import JsonObject

_DIGITS: Final = 300


def unquoted(csv_field: bytes) -> str:
    """Return the text of a CSV field."""
    text = csv_field.decode("utf-8", "replace").removesuffix("\n")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


class _Float(float):
    """A float with the text that the server wrote."""

    text: str


def _with_text(number: str) -> float | str:
    exact = _exact(number)
    if isinstance(exact, str):
        return exact
    value = _Float(exact)
    value.text = number
    return value


def _of_one_type(rows: list[JsonObject], name: str) -> None:
    """Make a column's numbers texts if any of them is one: a number that no float holds, NaN or infinity."""
    numbers = [row[name] for row in rows if row[name] is not None]
    as_text = any(isinstance(number, str) for number in numbers)
    for row in rows:
        number = row[name]
        if isinstance(number, _Float):
            row[name] = number.text if as_text else float(number)
        elif as_text and isinstance(number, int):
            row[name] = str(number)


def _exact(number: str) -> float | str:
    """A number with a fraction, as text where a float would not say the same."""
    value = float(number)
    return value if Decimal(repr(value)) == Decimal(number) else number


def _whole(number: str) -> int | str:
    """Return an integer; as text if it is very long."""
    return int(number) if len(number) <= _DIGITS else number


def loads(text: str) -> Any:
    """A row that the server wrote as JSON, with numbers that no float holds as text."""
    return json.loads(text, strict=False, parse_float=_exact, parse_int=_whole)


def _has_null(key: bytes, *, composite: bool) -> bool:
    """Return whether a key, as CSV, is NULL or has a NULL."""
    if not composite:
        return key == b"\n"
    return b"null" in key and None in loads(unquoted(key))


class RuleReader:
    """Takes in what a scan says of one rule, keeping no more than the examples."""

    def __init__(
        self, prepared: PreparedRule, store: ViolationStore, impact: Impact | None, *, examples: int, unmask: bool
    ) -> None:
        self.task = prepared
        self._spool = store
        self._unmask = unmask
        self._id = violations.prefix(prepared.rule.id)
        self._file: BinaryIO | None = None
        self._last: bytes | None = None
        self._violations = self._hits = self._nulls = 0
        self._is_personal = prepared.key_is_personal
        self._composite = len(prepared.key) > 1 and not self._is_personal
        self._most = examples
        self._examples: list[JsonObject] = []
        self._defined = impact
        self._impact: dict[str, int | float] | None = None
        self.values = Values(store.digest_key)
        self._names = evidence_names(prepared)
        self._made_of = {
            name: (prepared.columns[place].type, prepared.names(place)) for place, name in enumerate(self._names)
        }
        plain = {name for name, (kind, _) in self._made_of.items() if kind in mask.PLAIN_TYPES}
        self._rows = RowsFile(store.rows, prepared.rule.id, self._names, plain) if store.rows else None

    def __enter__(self) -> RuleReader:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        if self._rows is not None:
            self._rows.close()

    def add(self, key: bytes) -> None:
        """Count a row and its key, which follows any equal one, and write a new key down. NULL equals no other."""
        self._hits += 1
        if key == self._last and not _has_null(key, composite=self._composite):
            return
        self._last = key
        self._violations += 1
        if self._file is None:
            self._file = self._spool.open(self.task.rule.id)
        if self._is_personal:
            key = self._digested(key)
        self._file.write(self._id + key)

    def _digested(self, key: bytes) -> bytes:
        """Return the line's end with the digest of a key, which the server has sent as SHA-256; NULL is none."""
        if key == b"\n":
            self._nulls += 1
            return key
        return self._spool.digest_key.digest(key[:-1].decode()).encode() + b"\n"

    def show(self, row: str) -> None:
        """Keep an example, and write it down if rows are asked for."""
        example: JsonObject = json.loads(row, strict=False, parse_float=_with_text, parse_int=_whole)
        if not self._unmask:
            example = {name: mask.value(value, *self._made_of[name]) for name, value in example.items()}
        if len(self._examples) < self._most:
            self._examples.append(example)
        if self._rows is not None:
            self._rows.write(example)

    def measure(self, value: str) -> None:
        """Keep the measured value of a group."""
        self.values.add(value, self.task, unmask=self._unmask)

    def keep_rows(self) -> None:
        """Let the file of rows stay, once the scan has ended well."""
        if self._rows is not None:
            self._rows.keep()

    def weigh(self, sums: str) -> None:
        """Keep the impact."""
        assert self._defined is not None  # noqa: S101 - compose() asks for no other sums
        self._impact = parse_impact(sums, self._defined)

    def outcome(self, milliseconds: float) -> Outcome:
        """The verdict, once the scan has ended well."""
        for place, name in enumerate(self._names):
            if self.task.columns[place].is_number:
                _of_one_type(self._examples, name)
        if self._file is not None:
            self._file.close()
            self._file = None
            if self._is_personal:
                # the server has sent them in another order, NULL first
                start = self._nulls * (len(self._id) + 1)
                self._spool.sort(self.task.rule.id, start, len(self._id) + digest_key.LENGTH + 1)
            self._spool.close(self.task.rule.id, self._violations)
        is_measured = self.task.rule.measure is not None
        if is_measured and (fault := self.values.fault(self.task)):
            return Outcome("errored", failure=Failure(fault), milliseconds=round(milliseconds, 3))
        return Outcome(
            "failed" if self._violations else "passed",
            checked=self.values.groups if is_measured else None,
            severity=self.values.severity,
            values=self.values.worst,
            violations=self._violations,
            rows=self._hits,
            examples=self._examples,
            impact=self._impact if self._violations else None,
            milliseconds=round(milliseconds, 3),
            ordered_by="number" if self.task.ordered_as_number and not self._is_personal else "bytes",
            has_digests=self._is_personal,
        )
