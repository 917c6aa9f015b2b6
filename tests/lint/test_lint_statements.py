"""The schema rules together: how few statements they take, and that one that fails costs no other its result."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest

from benchmarks import tables
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema.lint import _PLANNING, Verdict, lint, statement
from order_audit.expectations import Rule, schema_rules
from order_audit.expectations.rule import parse
from tests.lint.support import EXPECTED, found, judged
from tests.support import servers


def test_a_rule_that_fails_costs_no_other_its_result(dsn: str) -> None:
    """It is errored, with a reason."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table bare (id int)")
    bad = parse(
        "-- title: Bad\n-- severity: info\n-- key: object\nselect r.nothing as object from relation as r",
        id="schema.bad",
        suite="lint",
        path="bad.sql",
    )
    with Snapshot(dsn) as snapshot:
        verdicts = {verdict.rule.id: verdict for verdict in lint(snapshot.connection, [bad, *schema_rules()])}
    assert verdicts["schema.bad"].status == "errored"
    assert "nothing" in verdicts["schema.bad"].reason
    assert [finding.object for finding in verdicts["schema.table_has_primary_key"].findings] == ["bare"]


def asked(dsn: str) -> tuple[int, list[str], int, list[Verdict]]:
    """How many statements a lint sends to the catalogs, which to the data, and how many locks it leaves held."""
    seen: list[str] = []
    execute = psycopg.Connection.execute

    def noted(connection: psycopg.Connection, query: Any, *rest: Any, **more: Any) -> Any:
        seen.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(connection, query, *rest, **more)

    with Snapshot(dsn) as snapshot:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(psycopg.Connection, "execute", noted)
            verdicts = lint(snapshot.connection, schema_rules())
        held = snapshot.connection.execute(
            "select count(*) from pg_locks as l join pg_class as c on c.oid = l.relation"
            " where l.pid = pg_backend_pid() and c.relnamespace <> 'pg_catalog'::regnamespace"
        ).fetchone()
    assert held is not None
    whole = [text for text in seen if text.startswith("with")]
    looks = [text for text in seen if text.startswith("select 0, ")]
    settings = [text for text in seen if text.startswith("select set_config(")]
    # expressions of indexes are planned with the new types of their columns
    planned = [text for text in seen if text.startswith("explain ")]
    assert len(seen) == len(whole) + len(looks) + len(settings) + len(planned)
    return len(whole), looks, held[0], verdicts


def test_one_statement_asks_the_catalogs_and_one_the_data(sample: str) -> None:
    """Whatever many rules there are: each table and each sequence is looked at once, and small ones together.

    A second one judges what is suggested.
    """
    catalogs, looks, held, verdicts = asked(sample)
    assert (catalogs, len(looks), held) == (1, 2, 0)
    assert found(verdicts) == EXPECTED
    for source in ("from public.customers as t", "from public.orders as t"):
        assert sum(line.endswith(f"{source}) as m") for line in looks[0].splitlines()) == 1


def test_what_several_ask_is_counted_once(sample: str) -> None:
    """Rows without a referenced row, for two rules and a suggestion; documents that cannot be converted, for one each.

    An expression of a rule names such a count several times: it is computed in a query of its own.
    """
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update orders set order_ref = 0 where order_id = (select max(order_id) from orders)")
    _, looks, _, verdicts = asked(sample)
    for condition in (
        "not exists (select from public.orders as p where p.order_id = t.order_ref)",
        "pg_input_is_valid(" if "pg_input_is_valid" in looks[0] else "'\\\\u0000|",
    ):
        counted = [line for text in looks for line in text.splitlines() if condition in line and "limit" not in line]
        assert len(counted) == 1
        assert counted[0].count(condition) == 1
    evidence = {
        it.rule: it.evidence for verdict in verdicts for it in verdict.findings if it.object == "orders.order_ref"
    }
    assert evidence["schema.reference_has_foreign_key"]["values without a referenced row"] == 1
    assert "schema.foreign_key_has_index" in evidence


def test_statements_and_locks_do_not_grow_with_the_tables(server: Server) -> None:
    """One for a hundred tables and sequences; what they find of an area of tables does not depend on the others."""
    counted = []
    for number in (80, 240):
        dsn = servers.new_database(server)
        with psycopg.connect(dsn, autocommit=True) as connection:
            assert tables.make(connection, number) == number
            row = connection.execute("select count(*) from pg_class where relkind in ('r', 'p', 'S')").fetchone()
        assert row is not None
        catalogs, looks, held, verdicts = asked(dsn)
        servers.drop_database(server, dsn)
        assert {(verdict.status, verdict.reason) for verdict in verdicts} == {("checked", "")}
        assert (catalogs, held) == (1, 0)
        # for rules, for suggestions, and for the keys of rows in the way
        assert len(looks) <= 3 * (1 + row[0] // 100)
        # what more than ten tables of a schema lack is one finding of the schema
        of_area = (rule for rule, name, _ in found(verdicts) if name.startswith("area0_"))
        counted.append(Counter(rule for rule in of_area if rule not in ("table_has_timestamps", "key_is_bigint")))
    assert counted[0] == counted[1]
    assert len(counted[0]) >= 20


@pytest.mark.parametrize("ready", [False, True], ids=["little memory, no statistics", "enough of both"])
def test_no_step_goes_through_all_tables_for_each(dsn: str, ready: bool) -> None:
    """None has more than twice the rows of the catalogs: no join by what many tables share, no look-up for each row."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        tables.make(connection, 240)
        if ready:
            connection.execute("analyze")
    with Snapshot(dsn, low_impact=not ready) as snapshot:
        connection = snapshot.connection
        connection.execute(_PLANNING)
        explained = connection.execute(
            f"explain (analyze, timing off, format json) {statement(schema_rules())}".encode()
        )
        (((plan,),),) = explained.fetchall()
        (most,) = connection.execute("select count(*) from pg_attribute").fetchall()[0]
    steps = [plan["Plan"]]
    for step in steps:
        steps += step.get("Plans", [])
        removed = sum(rows for name, rows in step.items() if name.startswith("Rows Removed"))
        rows = (step["Actual Rows"] + removed) * step["Actual Loops"]
        assert rows <= 2 * most, {name: value for name, value in step.items() if name != "Plans"}
    assert len(steps) > 500


def test_large_tables_are_looked_at_one_by_one(dsn: str) -> None:
    """By what the catalogs say of their rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in ("one", "two", "three", "four"):
            connection.execute(f"create table {name} (id bigint primary key, paper json)".encode())
        # no rows, but statistics of some
        connection.execute("set allow_system_table_mods to on")
        connection.execute("update pg_class set reltuples = 800000 where relname in ('one', 'two')")
    _, looks, _, _ = asked(dsn)
    named = [
        sorted(name for name in ("one", "two", "three", "four") if f"public.{name} as t" in text) for text in looks
    ]
    assert len(named) == 2
    assert not any({"one", "two"} <= set(names) for names in named)
    assert sorted(name for names in named for name in names) == ["four", "one", "three", "two"]


def test_a_look_that_fails_costs_no_other_its_answer(dsn: str) -> None:
    """Neither those of other tables nor those of other rules on the same one."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table a (id bigint primary key, b json); create table c (id bigint primary key, d json)"
        )
        connection.execute("insert into a values (1, '{}')")
    bad = parse(
        "-- title: Bad\n-- severity: info\n-- key: object\n"
        "select r.object, 'Bad' as message, '' as suggestion,\n"
        "  jsonb_build_object('from', s.source, 'quotient', '1 / (count(*) - 1)') as probe\n"
        "from relation as r\njoin sample as s on s.relation = r.oid",
        id="schema.bad",
        suite="lint",
        path="bad.sql",
    )
    with Snapshot(dsn) as snapshot:
        verdicts = {verdict.rule.id: verdict for verdict in lint(snapshot.connection, [bad, *schema_rules()])}
    answers = {finding.object: finding.evidence for finding in verdicts["schema.bad"].findings}
    assert answers == {"a": {"not looked at": "division by zero"}, "c": {"quotient": -1}}
    documents = verdicts["schema.json_is_jsonb"].findings
    assert [finding.evidence["rows that cannot be converted"] for finding in documents] == [0, 0]


def test_table_of_many_columns_is_looked_at(dsn: str) -> None:
    """A function takes a hundred arguments at most."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"create table wide ({', '.join(f'c{n} json' for n in range(150))})".encode())
    (verdict,) = [verdict for verdict in judged(dsn) if verdict.rule.id == "schema.json_is_jsonb"]
    assert [finding.evidence["rows that cannot be converted"] for finding in verdict.findings] == [0] * 150


def test_role_without_rights_on_the_data_is_told_so(sample: str) -> None:
    """The catalogs are open to everybody; what takes a look at the data is not checkable, or lacks its evidence."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("create role blind login; revoke all on customers, orders from public")
        try:
            verdicts = judged(f"{sample} options='-c role=blind'")
        finally:
            connection.execute("drop role blind")
    status = {verdict.rule.id: verdict for verdict in verdicts}
    assert status["schema.sequence_is_ahead_of_data"].status == "not_checkable"
    assert "permission denied" in status["schema.sequence_is_ahead_of_data"].reason
    assert ("reference_has_foreign_key", "orders.order_ref", "info") in found(verdicts), "the name alone is left"


def test_rules_are_explained() -> None:
    """Each has a title, a reason, and a name that states the expected condition."""
    rules: tuple[Rule, ...] = schema_rules()
    assert len(rules) == 56
    for rule in rules:
        assert rule.id.startswith("schema.")
        assert len(rule.why) > 40, rule.id
        assert rule.title[0].isupper(), rule.id
