"""Helpers for the tests of edges: suites, rows and roles made for one test, and what an audit says of them."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from typing import Any

import psycopg

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.run import Options
from tests.support.results import run

RULES = {rule.id: rule for rule in expectations.load("current").rules}
READS = {id: {name.relation for name in parsed_query.parse(rule).relations} for id, rule in RULES.items()}
#: The known violations of the sample data.
SAMPLE = {
    "customers.phone_is_dialable": 5,
    "lineage.one_live_order": 2,
    "orders.delivery_args_hold_no_secret": 2,
    "orders.schedule_repeats_by_day": 3,
}
PHONE = "customers.phone_is_dialable"
SECRET = "orders.delivery_args_hold_no_secret"
serial = itertools.count(1)


def audit(dsn: str, out: Path, *suites: Path | str, **options: Any) -> dict[str, Any]:
    """Audit with these suites, or the shipped one, without lint and profile, and write everything but the HTML."""
    options.setdefault("formats", ("json", "junit", "markdown", "violations"))
    options = {"lint": False, "profile": False} | options
    return run(dsn, out, Options(suites=tuple(map(str, suites)) or ("current",), **options))


def rule(body: str, key: str = "order_id", *, severity: str = "warning", title: str = "A rule", more: str = "") -> str:
    """A rule file of four lines of header and then the statement; `more` are further header lines."""
    return f"-- title: {title}\n-- severity: {severity}\n-- key: {key}\n-- why: It matters.\n{more}{body}\n"


def suite(folder: Path, rules: dict[str, str]) -> Path:
    """A folder of rules by id."""
    for id, text in rules.items():
        path = folder.joinpath(*id.split(".")).with_suffix(".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def results(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The results by rule."""
    return {found["rule"]: found for found in document["results"]}


def statuses(document: dict[str, Any]) -> dict[str, str]:
    """The statuses by rule."""
    return {found["rule"]: found["status"] for found in document["results"]}


def counts(document: dict[str, Any]) -> dict[str, int]:
    """The numbers of violations of the failed rules."""
    return {found["rule"]: found["violations"] for found in document["results"] if found["status"] == "failed"}


def errors(document: dict[str, Any]) -> dict[str, str]:
    """The messages of the errored rules."""
    return {found["rule"]: found["error"] for found in document["results"] if found["status"] == "errored"}


def keys(out: Path, id: str) -> list[str]:
    """A rule's keys in the violations file, in its order."""
    with (out / "violations.csv").open(encoding="utf-8", newline="") as lines:
        return [key for found, key in csv.reader(lines) if found == id]


def written(out: Path) -> str:
    """All that an audit has written."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(out.iterdir()))


def execute(dsn: str, *statements: str) -> None:
    """Run statements and commit them."""
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def fetch(dsn: str, query: str) -> list[Any]:
    """The first column of a query."""
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute(query.encode())]


def customer(customer_id: int, **columns: str) -> str:
    """An insert of a customer in order, but for what is said of it."""
    row = {
        "customer_id": str(customer_id),
        "customer_name": f"'Customer {customer_id}'",
        "customer_email": f"'c{customer_id}@example.com'",
        "customer_contact_name": "'Con Tact'",
        "customer_phone": "'+12125550100'",
        "address": f"'{customer_id} Street'",
        "address_state": "'CA'",
        "customer_balance": "1000",
        **columns,
    }
    return f"insert into customers ({', '.join(row)}) values ({', '.join(row.values())})"


def order(order_id: int, **columns: str) -> str:
    """An insert of a cancelled order of customer 1, but for what is said of it."""
    row = {
        "order_id": str(order_id),
        "order_ref": str(order_id),
        "customer_id": "1",
        "order_amount": str(order_id),
        "order_status": "'cancelled'",
        **columns,
    }
    return f"insert into orders ({', '.join(row)}) values ({', '.join(row.values())})"


def joined(dsn: str, **words: str) -> str:
    """The DSN with other words."""
    return psycopg.conninfo.make_conninfo(dsn, **words)
