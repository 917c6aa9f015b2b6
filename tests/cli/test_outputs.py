"""The output of a run: SQL that can be pasted, unambiguous table names, and only this run's files."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.run import Options
from order_audit.errors import UsageError
from tests.support.results import run

_FORMATS: tuple[str, ...] = ("json", "junit", "markdown", "violations")


def test_sql_reads_the_schema_that_was_audited(sample: str, tmp_path: Path) -> None:
    """Pasted into a session that knows nothing of --schema, each query gives as many keys as were counted."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute('create schema "We ird"')
        scenario.load(connection, issues=True, schema="We ird")
    document = run(sample, tmp_path / "out", Options(schema="We ird", formats=_FORMATS))
    with psycopg.connect(sample, autocommit=True) as connection:
        for found in document["results"]:
            if found["status"] == "failed":
                query = f"select count(distinct {found['key']}) from (\n{found['sql']}\n) as v".encode()
                assert connection.execute(query).fetchone() == (found["violations"],), found["rule"]


def test_tables_of_one_name_are_told_apart(sample: str, tmp_path: Path) -> None:
    """Those outside of the audited schema are named with theirs."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "create schema old; create table old.orders (order_id int); insert into old.orders values (7)"
        )
    mine = tmp_path / "mine"
    mine.mkdir()
    for name, table in (("here", "orders"), ("there", "old.orders")):
        header = "-- title: Any order\n-- severity: info\n-- key: order_id\n"
        (mine / f"{name}.sql").write_text(f"{header}select o.order_id from {table} as o\n")
    document = run(sample, tmp_path / "out", Options(suites=(str(mine),), formats=_FORMATS))
    assert document["run"]["tables"] == {"old.orders": {"rows": 1}, "orders": {"rows": 10}}
    assert [found["table"] for found in document["results"]] == ["orders", "old.orders"]


def test_files_of_an_earlier_run_do_not_stay(sample: str, tmp_path: Path) -> None:
    """A file that this run was not asked for would pass for its own; files of others are left alone."""
    out = tmp_path / "out"
    run(sample, out, Options(formats=_FORMATS))
    (out / "notes.txt").write_text("mine")
    run(sample, out, Options(formats=("json",), rules=("lineage.*",)))
    assert sorted(path.name for path in out.iterdir()) == ["notes.txt", "results.json"]


def test_leaving_no_rule_is_wrong_use(sample: str, tmp_path: Path) -> None:
    """A gate that judged nothing must not pass."""
    with pytest.raises(UsageError, match="leave no rule"):
        run(sample, tmp_path / "out", Options(exclude=("*",)))
    assert not (tmp_path / "out").exists()
