"""Audits by DuckDB, from Parquet files and from a database, beside those of PostgreSQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pytest
from pyarrow import parquet

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.lake import lake_scans
from order_audit.audit.lake.export import Wanted, export
from order_audit.audit.run import Options, run
from order_audit.errors import RunError, UsageError
from order_audit.reports.document import Document
from tests.cli.support import order_audit

#: What an audit of files does not look up.
_OTHER: Final = {
    "duration_ms", "highlight", "highlight_in", "diagram", "no_diagram_reason", "impact", "impact_sql", "follows_from",
    "schema_causes",
}  # fmt: skip


def _export(dsn: str, out: Path) -> Path:
    with Snapshot(dsn) as snapshot:
        export(snapshot, out, Wanted())
    return out


def _rule(folder: Path, name: str, sql: str, *header: str, key: str = "id") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"-- title: {name}", "-- severity: critical", f"-- key: {key}", *(f"-- {it}" for it in header), sql, ""]
    (folder / f"{name}.sql").write_text("\n".join(lines))


def _results(out: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return {it["rule"]: {name: value for name, value in it.items() if name not in _OTHER} for it in document["results"]}


def _duckdb(out: Path, *lake: str | Path, **options: Any) -> Document:
    return run("", out, Options(engine="duckdb", lake=tuple(map(str, lake)), fail_on="never", **options))


@pytest.mark.both_versions
def test_the_labelled_issues_are_found_as_by_postgresql(issues: str, tmp_path: Path) -> None:
    run(issues, tmp_path / "postgresql", Options(lint=False, profile=False, fail_on="never", rows=5))
    lake = _export(issues, tmp_path / "lake")
    files = _duckdb(tmp_path / "files", lake, rows=5)
    live = run(issues, tmp_path / "live", Options(engine="duckdb", fail_on="never", rows=5))
    expected = (tmp_path / "postgresql" / "violations.csv").read_bytes()
    rows = {it.name: it.read_bytes() for it in (tmp_path / "postgresql" / "violations").iterdir()}
    for name in ("files", "live"):
        assert (tmp_path / name / "violations.csv").read_bytes() == expected
        assert _results(tmp_path / name) == _results(tmp_path / "postgresql")
        assert {it.name: it.read_bytes() for it in (tmp_path / name / "violations").iterdir()} == rows
        assert not (tmp_path / name / "tables").exists()
    assert files.summary.passed + files.summary.failed == 42
    assert files.run.judged_by.endswith(", on files")
    assert [(it.table, it.files, it.rows) for it in files.run.lake] == [("customers", 1, 58), ("orders", 1, 133)]
    assert files.run.database.name == live.run.database.name
    assert live.run.lake == ()
    assert "PostgreSQL" in live.run.judged_by


def test_files_of_other_programs_are_judged_with_their_nan(tmp_path: Path) -> None:
    """Their statistics leave NaN out, which is above every number."""
    parquet.write_table(pa.table({"id": [1, 2], "x": [float("nan"), 1.0]}), tmp_path / "t.parquet")
    _rule(tmp_path / "mine", "far", "select t.id, t.x from t where t.x > 100")
    document = _duckdb(tmp_path / "out", f"t={tmp_path / 't.parquet'}", suites=(str(tmp_path / "mine"),))
    assert [(it.status, it.violations) for it in document.results] == [("failed", 1)]
    assert document.results[0].examples == ({"id": 1, "x": "NaN"},)


def test_a_copy_of_a_database_whatever_the_folder_and_the_table_are_called(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('create table "b.t" (id int); insert into "b.t" values (1)')
    _rule(tmp_path / "mine", "dots", 'select t.id from "b.t" as t where t.id > 0')
    options = Options(engine="duckdb", suites=(str(tmp_path / "mine"),), fail_on="never")
    document = run(dsn, Path("a=b"), options)
    assert [(it.status, it.violations) for it in document.results] == [("failed", 1)]


def test_tables_are_those_that_postgresql_means(dsn: str, tmp_path: Path) -> None:
    """Equal but for case, called as the translation calls its own, in several schemas, with dots in their names."""
    dsn = psycopg.conninfo.make_conninfo(dsn, options="-c search_path=public,b")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute('create schema b; create table b.t (id int); create table "public.u" (id int)')
        connection.execute('create table "Orders" (id int); create table orders (id int); create table w1 (id int)')
        for number, table in enumerate(("b.t", '"public.u"', '"Orders"', "orders", "w1")):
            connection.execute(f"insert into {table} select generate_series(1, {number + 1})".encode())
    mine = tmp_path / "mine"
    for name, table in {"bare": "t", "schema": "b.t", "dot": '"public.u"', "upper": '"Orders"', "lower": "orders",
                        "home": "public.orders", "home_upper": 'public."Orders"'}.items():  # fmt: skip
        _rule(mine, name, f"select x.id from {table} as x where x.id > 0")
    _rule(
        mine,
        "given",
        "with c as (select x.id from orders as x where x.id > 1) select w1.id from w1, c where w1.id = c.id",
    )
    options: dict[str, Any] = {"suites": (str(mine),), "fail_on": "never"}
    run(dsn, tmp_path / "postgresql", Options(lint=False, profile=False, **options))
    run(dsn, tmp_path / "live", Options(engine="duckdb", **options))
    with Snapshot(dsn, "public,b") as snapshot:
        export(snapshot, tmp_path / "lake", Wanted())
    _duckdb(tmp_path / "files", tmp_path / "lake", suites=(str(mine),))
    found = [
        {rule: it["violations"] for rule, it in _results(tmp_path / name).items()}
        for name in ("postgresql", "live", "files")
    ]
    assert found[0] == {
        "bare": 1,
        "schema": 1,
        "dot": 2,
        "upper": 3,
        "lower": 4,
        "home": 4,
        "home_upper": 3,
        "given": 3,
    }
    assert found[1] == found[0]
    assert found[2] == found[0] | {"bare": 0}  # files have no search path
    assert _results(tmp_path / "files")["bare"]["status"] == "skipped"


def test_what_duckdb_has_no_equal_of_is_not_checkable(tmp_path: Path) -> None:
    parquet.write_table(
        pa.table({"id": [1], "x": ["a"], "at": pa.array([0], pa.timestamp("ns"))}), tmp_path / "t.parquet"
    )
    mine = tmp_path / "mine"
    _rule(mine, "sounds", "select t.id from t where soundex(t.x) = 'A000'")
    _rule(mine, "nanoseconds", "select t.id from t where t.at is not null and t.at::text <> ''")
    _rule(mine, "measured", "select t.id, count(*) as rows from t group by t.id", "measure: rows", "between: 1 and 1")
    _rule(mine, "no_table", "select u.id from u")
    _rule(mine, "no_column", "select t.id from t where t.y > 0")
    _rule(mine, "no_key", "select t.x from t")
    document = _duckdb(tmp_path / "out", f"t={tmp_path / 't.parquet'}", suites=(str(mine),))
    [reason] = [it for it in document.summary.gate.failures if it.kind == "engine"]
    assert len(reason.rules) == 3
    assert any("3 expectations are not checkable on this engine" in it for it in document.summary.gate.reasons)
    allowed = _duckdb(tmp_path / "again", f"t={tmp_path / 't.parquet'}", suites=(str(mine),), allow_skipped=True)
    assert not [it for it in allowed.summary.gate.failures if it.kind == "engine"]
    found = {it.rule.partition(".")[2] or it.rule: (it.status, it.reason or it.error) for it in document.results}
    assert found["sounds"][0] == "not_checkable"
    assert found["sounds"][1].startswith("not checkable on duckdb: no equal of the function soundex")
    assert found["nanoseconds"][1] == (
        "not checkable on duckdb: column at of t has the type timestamp[ns], which PostgreSQL does not have"
    )
    assert found["measured"] == ("not_checkable", "not checkable on duckdb: no measured rules")
    assert found["no_table"] == ("skipped", "no table u")
    assert found["no_column"] == ("errored", "column t.y does not exist")
    assert found["no_key"][0] == "errored"


def test_an_error_of_a_rule_shows_no_value(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"id": [1, 2], "x": ["12", "secret-value"]}), tmp_path / "t.parquet")
    _rule(tmp_path / "mine", "casts", "select t.id from t where t.x::integer > 100")
    words = (f"t={tmp_path / 't.parquet'}",)
    [hidden] = _duckdb(tmp_path / "out", *words, suites=(str(tmp_path / "mine"),)).results
    assert hidden.status == "errored"
    assert "secret-value" not in (tmp_path / "out" / "results.json").read_text()
    [shown] = _duckdb(tmp_path / "again", *words, suites=(str(tmp_path / "mine"),), unmask=True).results
    assert "secret-value" in shown.error


def test_keys_of_every_kind_are_sorted_as_postgresql_sorts_them(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t (i int, n numeric, f float8, s text, email text, d date)")
        connection.execute("""insert into t values
            (10, 1.50, 'NaN', 'b,"', 'a@b.example', '2020-01-02'),
            (9, 1.5, '-0', E'a\\nb', 'a@b.example', '2020-01-01'),
            (null, 'NaN', 1e300, '', null, null), (9, 10, 'Infinity', 'é', 'c@d.example', '0001-01-01'),
            (null, -2, null, null, '', '2020-01-02')""")
    mine = tmp_path / "mine"
    for column in ("i", "n", "f", "s", "email", "d"):
        _rule(mine, f"by_{column}", f"select t.{column} from t", key=column)
    _rule(mine, "by_two", "select t.s, t.i from t", key="s, i")
    _rule(mine, "by_numeric_and_float", "select t.n, t.f from t", key="n, f")
    suites = (str(mine),)
    key_file = tmp_path / "key"
    run(
        dsn,
        tmp_path / "postgresql",
        Options(suites=suites, lint=False, profile=False, fail_on="never", key_file=key_file),
    )
    _duckdb(tmp_path / "files", _export(dsn, tmp_path / "lake"), suites=suites, key_file=key_file)
    expected = (tmp_path / "postgresql" / "violations.csv").read_text()
    assert expected.count("\n") > 35
    assert (tmp_path / "files" / "violations.csv").read_text() == expected
    counts = [{it["rule"]: (it["violations"], it["rows"]) for it in _results(tmp_path / name).values()}
              for name in ("postgresql", "files")]  # fmt: skip
    assert counts[0] == counts[1]


def test_a_masked_column_cannot_be_judged(dsn: str, tmp_path: Path) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table t as select 1 as id, 'x@y.example' as email")
    with Snapshot(dsn) as snapshot:
        export(snapshot, tmp_path / "lake", Wanted(mask_personal=True))
    _rule(tmp_path / "mine", "reads", "select t.id from t where t.email like '%x%'")
    _rule(tmp_path / "mine", "reads_as_text", "select t.id from t where t.email::text <> ''")
    _rule(tmp_path / "mine", "reads_not", "select t.id from t")
    _rule(tmp_path / "mine", "shows", "select * from t")
    document = _duckdb(tmp_path / "out", tmp_path / "lake", suites=(str(tmp_path / "mine"),))
    assert [it.status for it in document.results] == ["not_checkable", "not_checkable", "failed", "not_checkable"]
    assert document.results[0].reason.endswith(": column email of t is masked")


def test_files_that_change_meanwhile_fail_the_gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    parquet.write_table(pa.table({"id": [1]}), folder / "a.parquet")
    _rule(tmp_path / "mine", "none", "select t.id from t where t.id > 5")
    judged = lake_scans.LakeScans._judged

    def slow(self: lake_scans.LakeScans, rule: lake_scans.LakeRule) -> Any:
        parquet.write_table(pa.table({"id": [9]}), folder / "b.parquet")
        return judged(self, rule)

    monkeypatch.setattr(lake_scans.LakeScans, "_judged", slow)
    document = run(
        "", tmp_path / "out", Options(engine="duckdb", lake=(f"t={folder}",), suites=(str(tmp_path / "mine"),))
    )
    assert [(it.table, it.change) for it in document.run.changed_tables] == [("t", "file b.parquet was added")]
    assert not document.summary.gate.passed


def test_an_interrupted_audit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write_table(pa.table({"id": [1]}), tmp_path / "t.parquet")
    for number in range(3):
        _rule(tmp_path / "mine", f"r{number}", "select t.id from t")
    judged = lake_scans.LakeScans._judged

    def interrupting(self: lake_scans.LakeScans, rule: lake_scans.LakeRule) -> Any:
        if rule.prepared.rule.id.endswith("r1"):
            self.interrupt()
        return judged(self, rule)

    monkeypatch.setattr(lake_scans.LakeScans, "_judged", interrupting)
    document = _duckdb(tmp_path / "out", f"t={tmp_path / 't.parquet'}", suites=(str(tmp_path / "mine"),))
    assert [it.status for it in document.results] == ["failed", "skipped", "skipped"]
    assert not document.run.complete


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "postgresql", "lake": ("x",)}, "--lake needs --engine duckdb"),
        ({"engine": "postgresql", "memory": "1GB"}, "--memory belongs to --engine duckdb"),
        ({"engine": "duckdb", "lake": ("x",), "schema": "s"}, "--schema is for PostgreSQL"),
        ({"engine": "duckdb", "lake": ("x",), "state": True}, "--state is for PostgreSQL"),
        ({"engine": "duckdb", "lake": ("x",), "plan_fixes": True}, "--plan-fixes is for PostgreSQL"),
        ({"engine": "duckdb", "lake": ("x",), "fail_on_schema": "info"}, "--fail-on-schema"),
        ({"engine": "duckdb", "lake": ("nope",)}, "nope: no manifest.json"),
        ({"engine": "duckdb", "lake": ("nope",), "memory": "much"}, "--memory much: write a size"),
    ],
)
def test_wrong_use_is_one_line(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        run("", tmp_path / "out", Options(**options))
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_the_command(issues: str, tmp_path: Path) -> None:
    lake = _export(issues, tmp_path / "lake")
    words = ["run", "--engine", "duckdb", "--lake", str(lake), "--out", str(tmp_path / "out"), "--memory", "200MB"]
    done = order_audit(*words)
    assert done.returncode == 1, done.stderr
    assert "note: the schema lint, the profile, impact and diagrams are PostgreSQL's" in done.stderr
    assert "next:" not in done.stdout
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "DuckDB" in page
    assert "--engine duckdb" in page


def test_a_file_that_is_cut_is_no_table(issues: str, tmp_path: Path) -> None:
    lake = _export(issues, tmp_path / "lake")
    file = lake / "orders" / "part-00000.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(RunError, match="is not as it was exported"):
        _duckdb(tmp_path / "out", lake)
    with pytest.raises(UsageError, match="is no Parquet file"):
        _duckdb(tmp_path / "out", f"orders={lake / 'orders'}", f"customers={lake / 'customers'}")
