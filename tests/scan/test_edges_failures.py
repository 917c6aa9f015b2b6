"""Audits that cannot begin or cannot end: one line says why, and earlier results stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from order_audit.errors import RunError
from order_audit.expectations import SuiteError
from order_audit.progress import ProgressCallback
from tests.scan.edges import PHONE, audit, fetch, joined, rule, suite

KILL = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
    " where application_name = 'order-audit' and datname = current_database()"
)


def at_the_start(dsn: str) -> ProgressCallback:
    """Ends the audit's connections once rules are about to be judged."""

    def tell(done: int, _of: int, _what: str) -> None:
        if done == 0:
            assert fetch(dsn, KILL)[0] > 0

    return tell


def midway(dsn: str) -> ProgressCallback:
    """Ends the audit's connections once the first rule is judged."""

    def tell(done: int, _of: int, _what: str) -> None:
        if done == 1:
            assert fetch(dsn, KILL)[0] > 0

    return tell


@pytest.mark.parametrize("when", [at_the_start, midway])
def test_lost_connections_end_the_audit_in_one_line(
    data: str, tmp_path: Path, when: Callable[[str], ProgressCallback]
) -> None:
    """No file is partial, and the files of an earlier audit are unchanged."""
    mine = suite(
        tmp_path / "mine",
        {
            "first": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "later": rule("select o.order_id from orders as o cross join (select pg_sleep(0.2)) as s"),
            "last": rule(
                "select c.customer_id from customers as c cross join (select pg_sleep(0.2)) as s", "customer_id"
            ),
        },
    )
    out = tmp_path / "out"
    audit(data, out, mine)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(before) == 4
    with pytest.raises(RunError) as raised:
        audit(data, out, mine, on_progress=when(data), jobs=1)
    assert "\n" not in str(raised.value)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_connection_lost_during_a_scan(data: str, tmp_path: Path, jobs: int) -> None:
    """The rule that was being judged is not to blame; one that had to wait for the connection says the same."""
    queries = {"another": "select o.order_id from orders as o where pg_sleep(0) is null"}
    queries["killer"] = f"select o.order_id from orders as o where ({KILL}) is null"
    mine = suite(tmp_path / "mine", {name: rule(query) for name, query in queries.items()})
    with pytest.raises(
        RunError, match=r"^the connection was lost: .*; the database is unchanged: run the command again$"
    ):
        audit(data, tmp_path / "out", mine, jobs=jobs, trusted=True)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_what_fails_leaves_earlier_results_alone(data: str, tmp_path: Path) -> None:
    """Whatever ends an audit early."""
    mine = suite(tmp_path / "mine", {"orders": rule("select o.order_id from orders as o")})
    out = tmp_path / "out"
    audit(data, out, mine)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def tell(_done: int, _of: int, _what: str) -> None:
        raise RuntimeError("broken pipe")

    failing: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (RunError, data, {"schema": "nowhere"}),
        (RunError, joined(data, dbname="nowhere"), {}),
        (SuiteError, data, {"rules": ("nothing",)}),
        (RuntimeError, data, {"on_progress": tell}),
    ]
    for kind, dsn, options in failing:
        with pytest.raises(kind):
            audit(dsn, out, mine, **options)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_no_connection_says_where_and_hides_the_password(tmp_path: Path) -> None:
    """One line, with what the server or libpq said."""
    dsn = f"host={tmp_path} user=ann password=hunter2 sslpassword=hunter2 dbname=shop"
    with pytest.raises(RunError, match="cannot connect") as raised:
        audit(dsn, tmp_path / "out", rules=(PHONE,))
    assert "\n" not in str(raised.value)
    assert "shop" in str(raised.value)
    assert "hunter2" not in str(raised.value)
