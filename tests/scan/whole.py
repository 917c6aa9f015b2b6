"""Helpers for the tests of whole audits: audits of the scenario, and its known results."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from order_audit import expectations
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from tests.rules import CHECKABLE
from tests.support import servers
from tests.support.results import run

SAMPLE_FINDINGS = {
    "customers.phone_is_dialable": [1, 2, 3, 4, 5],
    "lineage.one_live_order": [1004, 1005],
    "orders.delivery_args_hold_no_secret": [1002, 1008],
    "orders.schedule_repeats_by_day": [1001, 1007, 1010],
}
#: Rules that are not checkable on the current schema, and the missing column.
LACKING = {
    "recreation.happens_daily": "orders.recreated_at",
    "recreation.was_covered_at_the_time": "orders.balance_at_recreation",
    "recreation.follows_latest_state": "orders.recreated_from",
}
RULES = {rule.id: rule for rule in expectations.load("current").rules}
#: The pass rate of the sample data, in per cent.
SAMPLE_RATE = Fraction(100 * (len(CHECKABLE) - len(SAMPLE_FINDINGS)), len(CHECKABLE))


@dataclass(frozen=True)
class Audited:
    """A database, and an audit of it."""

    dsn: str
    out: Path
    document: dict[str, Any]

    def results(self) -> dict[str, dict[str, Any]]:
        """The results by rule."""
        return {found["rule"]: found for found in self.document["results"]}

    def failed(self) -> dict[str, dict[str, Any]]:
        """The results of the rules that failed."""
        return {id: found for id, found in self.results().items() if found["status"] == "failed"}


def audit(dsn: str, out: Path, **options: Any) -> dict[str, Any]:
    """Run an audit without lint and profile that writes everything but the HTML."""
    options.setdefault("formats", ("json", "junit", "markdown", "violations"))
    return run(dsn, out, Options(**{"lint": False, "profile": False} | options))


def keys(path: Path) -> dict[str, list[str]]:
    """A violations file: keys by rule, in the order of the file."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        assert next(reader) == ["rule", "key"]
        for rule, key in reader:
            found[rule].append(key)
    return dict(found)


@contextmanager
def database(server: Server, *, issues: bool) -> Iterator[str]:
    """A database with the scenario in it."""
    with servers.database(server, "issues" if issues else "sample") as dsn:
        yield dsn


def statuses(document: dict[str, Any]) -> dict[str, str]:
    """The status of each rule."""
    return {found["rule"]: found["status"] for found in document["results"]}


def suite(folder: Path, **rules: str) -> str:
    """A suite of critical rules, each a select whose first column is its key."""
    folder.mkdir()
    for id, body in rules.items():
        key = body.split()[1].strip(",").rpartition(".")[2]
        (folder / f"{id}.sql").write_text(f"-- title: {id}\n-- severity: critical\n-- key: {key}\n{body}\n")
    return str(folder)
