"""Audits written by hand as files, and their comparison."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from order_audit.reports import compare, results_file
from order_audit.reports.document import JsonObject, encode
from tests.reports.documents import document, found

Key = int | float | str | list[Any] | None
Order = Literal["number", "bytes"]
KINDS = ("resolved", "remaining", "new")


@dataclass
class Found:
    """One rule's result. `keys` are its violations; `count` says how many where no keys are written."""

    keys: Iterable[Key] = ()
    order: Order = "number"
    status: str = ""
    severity: str = "critical"
    count: int | None = None
    listed: list[Key] = field(init=False)

    def __post_init__(self) -> None:
        self.listed = list(self.keys)
        if self.count is None:
            self.count = len(self.listed)
        self.status = self.status or ("failed" if self.count else "passed")


def _place(key: Key, order: Order) -> tuple[int, float | bytes]:
    """Where a violations file has a key: NULL first, NaN after all other numbers."""
    if key is None:
        return 0, 0.0
    if order == "number":
        assert isinstance(key, int | float)
        return (2, 0.0) if math.isnan(key) else (1, key)
    return 1, text_of(key).encode()


def text_of(key: Key) -> str:
    """A key as a violations file has it."""
    if isinstance(key, list):
        return json.dumps(key, ensure_ascii=False)
    if isinstance(key, float):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(key, "NaN" if math.isnan(key) else repr(key))
    return "" if key is None else str(key)


def _line(rule: str, key: Key) -> str:
    """A line as COPY writes it: NULL is nothing, empty text a pair of quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([rule])
    if key is None:
        return f"{line.getvalue()},\n"
    text = text_of(key)
    quoted = text == "" or any(letter in text for letter in '",\r\n')
    shown = '"' + text.replace('"', '""') + '"' if quoted else text
    return f"{line.getvalue()},{shown}\n"


def audit_of(folder: Path, results: Mapping[str, Found], *, violations: bool = True) -> results_file.Audit:
    """Write an audit's two files and read them back as `compare` does."""
    folder.mkdir(exist_ok=True)
    lines = ["rule,key\n"]
    for rule in sorted(results, key=str.encode):
        it = results[rule]
        lines += [_line(rule, key) for key in sorted(it.listed, key=partial(_place, order=it.order))]
    data = "".join(lines).encode()
    if violations:
        (folder / "violations.csv").write_bytes(data)
    made = document(
        *(
            found(rule, it.status, severity=it.severity, violations=it.count, key_order=it.order)
            for rule, it in results.items()
        )
    )
    made["violations"] = (
        {"file": "violations.csv", "sha256": hashlib.sha256(data).hexdigest(), "rows": len(lines) - 1}
        if violations
        else None
    )
    (folder / "results.json").write_text(json.dumps(made), encoding="utf-8")
    return results_file.read(folder / "results.json")


def compare_audits(before: results_file.Audit, after: results_file.Audit) -> JsonObject:
    """The comparison of two audits, as JSON."""
    document: JsonObject = encode(compare.compare(before, after))
    return document


def compare_results(tmp_path: Path, before: Mapping[str, Found], after: Mapping[str, Found]) -> JsonObject:
    """The comparison of two audits of which these are the results, as JSON."""
    return compare_audits(audit_of(tmp_path / "before", before), audit_of(tmp_path / "after", after))


def counts(document: dict[str, Any], rule: str) -> tuple[int | None, ...]:
    """How many violations of a rule are resolved, remain and are new."""
    (found,) = (found for found in document["rules"] if found["rule"] == rule)
    return tuple(found[kind] for kind in KINDS)


def rule_of(document: dict[str, Any], rule: str) -> dict[str, Any]:
    """A rule's part of a comparison."""
    found: dict[str, Any] = next(found for found in document["rules"] if found["rule"] == rule)
    return found
