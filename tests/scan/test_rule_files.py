"""Rule files can read and nothing else: they neither write, nor change what other rules read."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.run import Options
from order_audit.expectations import SuiteError, rule
from order_audit.fixes.fix import FixError, fixes
from tests.support.results import run

HEAD = "-- title: A rule\n-- severity: critical\n-- key: id\n"


@pytest.fixture
def parcels(dsn: str) -> str:
    """A table of two rows, of which one weighs less than nothing."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table parcels (id int primary key, weight int, note text)")
        connection.execute("insert into parcels values (1, -1, 'a'), (2, 5, 'b')")
    return dsn


def _results(dsn: str, folder: Path, rules: dict[str, str], jobs: int = 2) -> dict[str, dict[str, object]]:
    suite = folder / "suite"
    suite.mkdir()
    for name, text in rules.items():
        (suite / f"{name}.sql").write_text(HEAD + text, encoding="utf-8")
    options = Options(suites=(str(suite),), jobs=jobs, lint=False, profile=False)
    return {it["rule"]: it for it in run(dsn, folder / "out", options)["results"]}


@pytest.mark.parametrize(
    ("old", "new"),
    [("needs", "requires"), ("unchecked", "without"), ("offends", "highlight"), ("weakness", "allowed_by"),
     ("hides", "hidden_by"), ("unproven", "limitations"), ("picture", "diagram"), ("spare", "prefilter"),
     ("unique", "prefilter_key")],
)  # fmt: skip
def test_an_old_name_in_a_header_is_answered_by_the_new_one(old: str, new: str) -> None:
    """With the file and the line."""
    with pytest.raises(SuiteError, match=f"a.sql:4: header '{old}' is called '{new}' now"):
        rule.parse(f"{HEAD}-- {old}: t.a\nselect 1 as id", id="a", suite="s", path="a.sql")


def test_a_remark_ends_a_header_field() -> None:
    """What stands below it, further to the right, is a remark too."""
    remarks = "--\n--   a note of the author\n--A remark\n--   of two lines\n"
    text = f"{HEAD}-- why: it costs\n--   money\n{remarks}select 1 as id"
    assert rule.parse(text, id="a", suite="s", path="a.sql").why == "it costs money"


VIOLATION = "select p.id, p.weight, p.note from parcels as p where p.weight < 0"


@pytest.mark.parametrize(
    "test",
    [
        "value = '-1'; create table made_by_a_rule (id int)",
        "value = '-1' order by v.place)) from parcels as t; commit; create table made_by_a_rule (id int); select (((1",
        "true) or (true",
        "value = '-1' then 1 end, case when true",
        "value = '-1', value is null",
        "select true",
        "",
    ],
)
def test_the_condition_in_a_header_is_one_condition(parcels: str, tmp_path: Path, test: str) -> None:
    """Anything else costs the rule its result, is said, and never runs."""
    text = f"-- highlight: weight, note where {test or ' -- nothing'}\n{VIOLATION}"
    found = _results(parcels, tmp_path, {"header": text, "other": VIOLATION})
    assert found["header"]["status"] == "errored"
    assert "highlight … where …' is not one condition" in str(found["header"]["error"])
    assert found["other"]["status"] == "failed"
    with psycopg.connect(parcels) as connection:
        assert connection.execute("select to_regclass('made_by_a_rule')").fetchone() == (None,)


@pytest.mark.parametrize("test", ["value = '-1'", "value in ('x)', '-1', ';') -- a remark", "value ~ '^-' and true"])
def test_a_condition_may_be_any(parcels: str, tmp_path: Path, test: str) -> None:
    """With brackets, semicolons and comments."""
    found = _results(parcels, tmp_path, {"header": f"-- highlight: weight, note where {test}\n{VIOLATION}"})
    assert found["header"]["status"] == "failed"
    assert found["header"]["highlight_in"] == [["weight"]]


def test_a_cheap_test_in_a_header_is_one_query(parcels: str, tmp_path: Path) -> None:
    """Text that closes one of our brackets is no query."""
    text = f"-- prefilter: parcels as p; select 1 from parcels as q where q.id = p.id) or (true\n{VIOLATION}"
    found = _results(parcels, tmp_path, {"header": text})
    assert found["header"]["status"] == "errored"
    assert "'prefilter' is not one query" in str(found["header"]["error"])


@pytest.mark.parametrize("text", ["select 1; select 2", "select 1; commit", "copy (select 1) to stdout; select 2"])
def test_connections_to_the_snapshot_take_one_statement(parcels: str, text: str) -> None:
    """Without parameters, and for COPY, too."""
    with Snapshot(parcels) as snapshot, snapshot.join() as connection:
        for each in (snapshot.connection, connection):
            with pytest.raises(psycopg.errors.SyntaxError, match="multiple commands"):
                _send(each, text.encode())
            each.rollback()


def _send(connection: psycopg.Connection, text: bytes) -> None:
    with connection.cursor() as cursor:
        if text.startswith(b"copy"):
            with cursor.copy(text) as copy:
                list(copy)
        else:
            cursor.execute(text)


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("setting", ["'search_path', 'empty'", "'lc_messages', 'C'", "'statement_timeout', '1ms'"])
def test_what_a_rule_sets_reaches_no_other_rule(parcels: str, tmp_path: Path, jobs: int, setting: str) -> None:
    """Neither in the same statement nor in a later one, nor the profile or the counts."""
    with psycopg.connect(parcels, autocommit=True) as connection:
        connection.execute("create schema empty; create table empty.parcels (like public.parcels)")
    rules = {f"a{number}": f"select p.id from parcels as p where set_config({setting}, {local}) is null"
             for number, local in enumerate(("true", "false"))}  # fmt: skip
    rules |= {f"b{number}": f"select p.id from parcels as p where p.weight < {number}" for number in range(3)}
    rules["c"] = "select max(p.id) as id from parcels as p having max(p.id) > 1"
    found = _results(parcels, tmp_path, rules, jobs)
    said = {id: (it["status"], it["violations"], it["checked"]) for id, it in found.items() if id[0] in "bc"}
    assert said == {
        "b0": ("failed", 1, 2),
        "b1": ("failed", 1, 2),
        "b2": ("failed", 1, 2),
        "c": ("failed", 1, None),
    }


def test_a_constraint_whose_function_was_replaced_hides_nothing(dsn: str, tmp_path: Path) -> None:
    """The planner may leave out a partition whose CHECK contradicts a rule; what the CHECK says need not hold."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create function least_weight() returns int language sql immutable return -10")
        connection.execute("create table parcels (id int, weight int) partition by range (id)")
        connection.execute("create table parcels_1 partition of parcels for values from (0) to (100)")
        connection.execute("alter table parcels_1 add check (weight >= least_weight())")
        connection.execute("insert into parcels values (1, -1), (2, 5)")
        connection.execute("create or replace function least_weight() returns int language sql immutable return 0")
        connection.execute("create table boxes (id int, weight int)")
        connection.execute("create table small_boxes (check (weight >= least_weight() - 1)) inherits (boxes)")
        connection.execute("insert into small_boxes values (1, -1)")
        connection.execute("create or replace function least_weight() returns int language sql immutable return 1")
    rules = {
        name: f"select t.id from {name} as t where t.weight < 0 and t.id > 0 order by t.id"
        for name in ("parcels", "boxes")
    }
    found = _results(dsn, tmp_path, rules)
    assert {it["violations"] for it in found.values()} == {1}


def test_why_there_is_no_fix_and_no_guard_stands_in_the_header(parcels: str, tmp_path: Path) -> None:
    """For any rule, like a fix file that only leaves its rows; such a file in addition is rejected."""
    text = f"-- unfixed: only the sender knows\n-- unguarded: heavy ones come later\n{VIOLATION}"
    found = _results(parcels, tmp_path, {"light": text, "bare": VIOLATION})
    assert (found["light"]["unguarded"], found["light"]["guard"]) == ("heavy ones come later", None)
    assert found["light"]["fix"] == {
        "automatic": None, "options": [], "leave": "only the sender knows", "assumes": "", "after": {},
    }  # fmt: skip
    assert (found["bare"]["fix"], "unguarded" in found["bare"]) == (None, False)
    rules = expectations.load(str(tmp_path / "suite")).rules
    (tmp_path / "light.sql").write_text("-- leave: nobody knows")
    with pytest.raises(
        FixError, match=r"light\.sql: the header 'unfixed' of .*suite/light\.sql says that this rule has"
    ):
        fixes(rules, tmp_path)
