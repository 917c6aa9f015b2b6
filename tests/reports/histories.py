"""Histories of audits that were never run: of keys by rule."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from order_audit.reports import violations
from order_audit.reports.document import Document, decode
from order_audit.reports.history.audited import Audited
from order_audit.reports.history.kept import Kept
from order_audit.reports.history.past import Past
from order_audit.reports.history.stored_key import shown
from tests.reports.documents import document, found

Keys = Mapping[str, Sequence[str | None]]


@dataclass(frozen=True)
class Audit:
    """The document of an audit, and its keys by rule."""

    document: Document
    keys: Keys

    def parts(self, folder: Path) -> Audited:
        """The parts that a history goes by, with the file of keys in a folder."""
        path = folder / f"violations-{self.document.run.id}.csv"
        with path.open("wb") as file:
            file.write(violations.HEADER)
            for rule in sorted(self.keys):
                prefix = violations.prefix(rule)
                file.writelines(prefix + (b"" if it is None else _field(it)) + b"\n" for it in self.keys[rule])
        it = self.document
        return Audited(it.run, it.results, it.schema_findings, it.schema_rules, it.key_digests, path, it.profile)


def _field(key: str) -> bytes:
    return violations.field(key) if key else b'""'


def audit(day: str, keys: Keys | None = None, *results: dict[str, Any], **run: Any) -> Audit:
    """An audit that began at 02:00 of a day; rules without keys have passed."""
    keys = keys or {}
    made = [
        found(rule, "failed" if of else "passed", violations=len(of), severity="warning") for rule, of in keys.items()
    ]
    at = f"{day}T02:00:00.000Z" if len(day) == 10 else day
    return Audit(decode(Document, document(*made, *results, started_at=at, id=f"run {at}", **run)), keys)


def add(file: Path, *audits: Audit) -> list[Past]:
    """Add audits to a history; return what it knew of each."""
    warnings: list[str] = []
    found = []
    for it in audits:
        kept = Kept(file, warnings.append)
        found.append(kept.compare(it.parts(file.parent)))
        kept.add(replace(it.document, history=found[-1].use))
        kept.close()
    assert not warnings
    return found


def spans(file: Path) -> dict[tuple[str, str | None], list[tuple[int, int | None]]]:
    """The first and last run of each rule's key, by time; a key that stands has no last one."""
    found = defaultdict(list)
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(
            "select r.rule, k.key, k.since, k.until from rules as r join"
            " (select rule, key, since, until from past union all select rule, key, since, null from standing) as k"
            " on k.rule = r.id order by k.since"
        ).fetchall()
    for rule, key, since, until in rows:
        found[rule, shown(key)].append((since, until))
    return dict(found)
