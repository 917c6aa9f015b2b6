"""The schema rules together: what they find in the scenario, in the report, and on the command line."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import psycopg
import pytest
from psycopg import errors

from benchmarks import tables
from order_audit.audit.cli.lint_text import lint_text
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.run import Options
from order_audit.audit.schema import suppression
from order_audit.audit.schema.lint import _PLANNING, Verdict, document, lint, statement
from order_audit.errors import UsageError
from order_audit.expectations import Rule, schema_rules
from order_audit.expectations.rule import parse
from order_audit.reports import escaping
from order_audit.reports.document import Suppression
from order_audit.reports.html import report
from order_audit.reports.junit import junit
from order_audit.reports.markdown import markdown
from order_audit.reports.terminal import summary
from tests.support import servers
from tests.support.results import decided, run, typed

pytestmark = pytest.mark.both_versions

ROOT = Path(__file__).parents[2]
#: What the scenario's schema is known to be full of, with its sample data: rule, object, severity.
EXPECTED = {
    ("address_is_normalised", "customers", "warning"),
    ("bitmap_is_readable", "orders.order_schedule", "info"),
    ("foreign_key_has_index", "orders.customer_id", "warning"),
    ("foreign_key_has_index", "orders.order_ref", "warning"),
    ("json_is_jsonb", "orders.delivery_script_args", "warning"),
    ("key_is_bigint", "customers.customer_id", "warning"),
    ("key_is_bigint", "orders.order_id", "warning"),
    ("key_is_identity", "customers.customer_id", "info"),
    ("key_is_identity", "orders.order_id", "info"),
    ("money_has_one_unit", "public", "warning"),
    ("money_is_exact", "customers.customer_balance", "critical"),
    ("names_are_consistent", "customers", "info"),
    ("natural_key_is_unique", "customers.customer_email", "warning"),
    ("number_has_range_check", "customers.customer_balance", "warning"),
    ("number_has_range_check", "orders.order_amount", "warning"),
    ("objects_have_comments", "public", "info"),
    ("optional_columns_have_check", "orders.delivery_script_name", "warning"),
    ("reference_has_foreign_key", "orders.order_ref", "critical"),
    ("sequence_is_ahead_of_data", "customers.customer_id", "critical"),
    ("sequence_is_ahead_of_data", "orders.order_id", "critical"),
    ("status_has_history", "orders.order_status", "warning"),
    ("status_is_constrained", "orders.order_status", "info"),
    ("table_has_timestamps", "customers", "warning"),
    ("table_has_timestamps", "orders", "warning"),
    ("text_types_are_consistent", "customers", "info"),
}


def judged(dsn: str, schema: str = "") -> list[Verdict]:
    """All schema rules on a database."""
    with Snapshot(dsn, schema) as snapshot:
        return lint(snapshot.connection, schema_rules())


def found(verdicts: list[Verdict]) -> set[tuple[str, str, str]]:
    """Rule, object and severity of each finding."""
    return {
        (finding.rule.removeprefix("schema."), finding.object, finding.severity)
        for verdict in verdicts
        for finding in verdict.findings
    }


def test_scenario_has_exactly_its_faults(sample: str) -> None:
    """No more and no fewer, and each rule was judged."""
    verdicts = judged(sample)
    assert {verdict.status for verdict in verdicts} == {"checked"}
    assert found(verdicts) == EXPECTED
    for verdict in verdicts:
        for finding in verdict.findings:
            assert finding.message
            assert finding.suggestion
            assert finding.remedy in ("statement", "rewrite", "redesign")


#: Rows that break what lint suggests, by the rule that they stand in the way of.
IN_THE_WAY = """
    create table brand (id int, name text);
    insert into brand values (1, 'a'), (1, 'b'), (null, 'c');
    create table customer (id bigint primary key, email text);
    insert into customer values (0, 'a@example.org'), (-1, 'a@example.org'), (-2, '');
    create table member (id bigint generated always as identity primary key, email text);
    insert into member (email) values ('a@example.org'), (''), (''), (null);
    create table visit (
        id bigint generated always as identity primary key, customer_id bigint, price numeric(8, 2), lat int, lon int
    );
    create index on visit (customer_id);
    insert into visit (customer_id, price, lat) values (7, -1, 1), (0, 'NaN', null), (null, null, null);
    alter table visit add constraint lat_is_small check (lat < 1) not valid;
    create table call (customer_id bigint, day int) partition by list (day);
    create table call_1 partition of call for values in (1);
    create table call_2 partition of call for values in (2);
    create table call_3 partition of call for values in (3);
    alter table call_1 add foreign key (customer_id) references customer;
    alter table call_2 add foreign key (customer_id) references customer;
    insert into call values (7, 3);
"""


def test_rows_in_the_way_let_no_statement_fail(dsn: str) -> None:
    """What they break is kept from new rows, or is no statement; which rows they are is told."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(IN_THE_WAY.encode())
        findings = {
            (it.rule.removeprefix("schema."), it.object): it for verdict in judged(dsn) for it in verdict.findings
        }
        for finding in findings.values():
            if finding.remedy == "statement":
                for statement in finding.suggestion.split(";\n"):
                    connection.execute(statement.encode())
        left = {(rule, name): severity for rule, name, severity in found(judged(dsn))}
        assert findings["key_has_generator", "customer.id"].remedy == "statement"
        connection.execute("insert into customer default values")
    designs = {key for key, finding in findings.items() if finding.remedy == "redesign"}
    # what its third partition lacked has come
    assert designs - {("reference_has_foreign_key", "call.customer_id")} <= left.keys()
    whole = {
        ("table_has_primary_key", "brand"): "-- run this when (id) is unique and not null in every row\n",
        (
            "natural_key_is_unique",
            "customer.email",
        ): "-- run this when the query returns no rows: select email from public.customer where",
        (
            "constraint_is_validated",
            "visit.lat_is_small",
        ): "-- run this when the query returns no rows: select * from public.visit as t where",
    }
    for key, said in whole.items():
        assert key in designs
        assert findings[key].suggestion.startswith(said)
    in_part = {
        ("number_has_range_check", "visit.price"): "visit_price_in_range",
        ("optional_columns_have_check", "visit.lat"): "visit_lat_complete",
        ("reference_has_foreign_key", "visit.customer_id"): "visit_customer_id_fkey",
        ("partitions_agree", "call_3"): "call_3_customer_id_fkey",
    }
    for key, name in in_part.items():
        assert findings[key].remedy == "statement"
        assert "-- some " in findings[key].suggestion
        assert key not in left
        assert any(rule == "constraint_is_validated" and of.endswith(name) for rule, of in left), name
    assert findings["natural_key_is_unique", "member.email"].suggestion.endswith(" (email) where email <> ''")


def test_comments_in_suggestions_end_where_statements_begin(dsn: str) -> None:
    """Also where names contain line ends: suggestions run, and what a comment defers is not run."""
    named = re.sub(r"\b(brand|customer|visit|call_3|lat_is_small)\b", '"\\1\n"', IN_THE_WAY)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(named.encode())
        commented = {
            finding.rule.removeprefix("schema."): finding
            for verdict in judged(dsn)
            for finding in verdict.findings
            if finding.suggestion.startswith("--")
        }
        for finding in commented.values():
            if finding.remedy == "statement":
                connection.execute(finding.suggestion.encode())
            else:  # rows violate what it would create
                with pytest.raises((errors.CheckViolation, errors.UniqueViolation, errors.NotNullViolation)):
                    connection.execute(finding.suggestion.replace(" concurrently ", " ").encode())
        validated = connection.execute("select conname from pg_constraint where not convalidated").fetchall()
    assert commented.keys() == {
        "constraint_is_validated", "natural_key_is_unique", "number_has_range_check", "optional_columns_have_check",
        "partitions_agree", "reference_has_foreign_key", "table_has_primary_key",
    }  # fmt: skip
    deferred = {
        "number_has_range_check",
        "optional_columns_have_check",
        "partitions_agree",
        "reference_has_foreign_key",
    }
    assert {rule for rule, finding in commented.items() if finding.remedy == "statement"} == deferred
    assert len(validated) == 1 + len(deferred)


def test_verbs_and_nouns_agree_with_numbers(dsn: str) -> None:
    """One of something is singular."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create table alone (id bigint generated always as identity primary key);
            create table few (id bigint generated always as identity primary key, a int, b int);
            create table many (id bigint generated always as identity primary key, a int, b int);
            comment on table many is 'some';
            comment on column few.a is 'some'; comment on column few.b is 'some'; comment on column many.a is 'some';
            create table one (a int, b int) partition by range (a);
            create table one_1 partition of one for values from (1) to (2);
            create index on one_1 (b);
            create index on one_1 (b);
            create index one_a on only one (a);
            create table two (a int, b int) partition by range (a);
            create table two_1 partition of two for values from (1) to (2);
            create table two_2 partition of two for values from (2) to (3);
            comment on table one is 'some';
            grant truncate on one_1, two_1 to public;
        """)
        messages = {finding.message for verdict in judged(dsn) for finding in verdict.findings}
    assert messages >= {
        "table alone has no comment, and its only column has none",
        "table few has no comment, and 1 of its 3 columns has none",
        "in table many, 2 of its 3 columns have no comment",
        "every role may truncate in 1 of 1 partition of table one, because PUBLIC may",
        "every role may truncate in 1 of 2 partitions of table two, because PUBLIC may",
        "1 of 1 partition of table one has redundant indexes: one_1_b_idx1 is covered by one_1_b_idx",
        "index one_a on table one is not valid: 1 of 1 partition lacks an attached index",
    }


def test_objects_of_another_schema_are_named_with_it(dsn: str) -> None:
    """Those of the audited one are not."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create schema shop; create table shop.bare (id int); create table bare (id int)")
    named = {finding[1] for finding in found(judged(dsn)) if finding[0] == "table_has_primary_key"}
    assert named == {"bare", "shop.bare"}
    named = {finding[1] for finding in found(judged(dsn, "shop")) if finding[0] == "table_has_primary_key"}
    assert named == {"public.bare", "bare"}


def test_a_rule_that_fails_costs_no_other_its_result(dsn: str) -> None:
    """It is errored, and says why."""
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


def test_rules_without_a_result_are_counted(told: tuple[dict[str, Any], Path]) -> None:
    """In the line that sums up, of a lint and of a run: they are no clean ones."""
    rules = schema_rules()[:4]
    verdicts = [Verdict(rules[0], "errored", "why"), *(Verdict(it, "not_checkable", "why") for it in rules[1:3])]
    last = lint_text([*verdicts, Verdict(rules[3], "checked")], []).splitlines()[-1]
    assert last == "4 rules on the schema: 0 critical, 0 warning, 0 info, 0 accepted, 1 errored, 2 not checkable"
    assert "errored" not in lint_text([Verdict(rules[3], "checked")], [])
    result = copy.deepcopy(told[0])
    result["schema_rules"][0] |= {"status": "errored", "reason": "broken"}
    counts = "3 critical, 12 warning, 5 info, 5 accepted, 1 errored"
    assert f"36 rules on the schema: {counts}" in summary.verdict_text(typed(result), told[1]).splitlines()
    assert f"## Schema: {counts}" in markdown(typed(result)).splitlines()
    assert "1 rule on the schema ended in an error." in re.sub(r"<[^>]+>|\s+", " ", report(typed(result))).replace(
        "  ", " "
    )


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
    assert len(seen) == len(whole) + len(looks) + len(settings)
    return len(whole), looks, held[0], verdicts


def test_one_statement_asks_the_catalogs_and_one_the_data(sample: str) -> None:
    """Whatever many rules there are: each table and each sequence is looked at once, and small ones together."""
    catalogs, looks, held, verdicts = asked(sample)
    assert (catalogs, len(looks), held) == (1, 1, 0)
    assert found(verdicts) == EXPECTED
    for source in ("from public.customers as t", "from public.orders as t"):
        assert sum(line.endswith(source) for line in looks[0].splitlines()) == 1


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
        assert len(looks) <= 1 + row[0] // 100
        counted.append(Counter(rule for rule, name, _ in found(verdicts) if name.startswith("area0_")))
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
    assert ("reference_has_foreign_key", "orders.order_ref", "critical") in found(verdicts)


def test_accepted_findings_are_shown_and_do_not_fail(sample: str, tmp_path: Path) -> None:
    """With the reason; an suppression that nothing needs is told."""
    file = tmp_path / "allow"
    file.write_text(
        "# agreed on\n\nschema.money_is_exact customers.*: the ledger is kept elsewhere\n"
        "schema.bitmap_is_readable nowhere: gone\n"
    )
    suppressions = suppression.read(file, [rule.id for rule in schema_rules()])
    verdicts, unused = suppression.accept(judged(sample), suppressions, [rule.id for rule in schema_rules()])
    assert [entry.object for entry in unused] == ["nowhere"]
    text = lint_text(verdicts, unused)
    assert "accepted: the ledger is kept elsewhere" in text
    assert "unused suppression  schema.bitmap_is_readable nowhere: gone" in text
    findings = document(verdicts)["schema_findings"]
    accepted = [finding["object"] for finding in findings if "accepted" in finding]
    assert accepted == ["customers.customer_balance"]


def test_terminal_shows_some_of_many_findings(sample: str) -> None:
    """And says how many there are, and how to see them."""
    verdicts = judged(sample)
    text = lint_text(verdicts, [], most=1)
    assert "    … and 1 more; --examples 2 shows them\n" in text
    assert "      … and 1 more\n" in text
    assert "orders.customer_id references customers, but no index" in text
    assert "orders.order_ref references orders, but no index" not in text
    assert "… and" not in lint_text(verdicts, [], most=20)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema.money_is_exact customers.customer_balance", "allow:1: a line is 'rule object: reason'"),
        ("# fine\nschema.nothing x: y", "allow:2: no rule 'schema.nothing'"),
    ],
)
def test_bad_allowances_name_their_line(tmp_path: Path, text: str, said: str) -> None:
    """One clear line."""
    file = tmp_path / "allow"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        suppression.read(file, [rule.id for rule in schema_rules()])


def test_run_holds_the_findings_and_the_gate_may_ask_for_them(sample: str, tmp_path: Path) -> None:
    """In the document and in the report; the gate only where it was asked to."""
    result = run(sample, tmp_path / "out", Options(fail_on="never", fail_on_schema="critical"))
    assert len(result["schema_findings"]) == len(EXPECTED)
    assert {rule["status"] for rule in result["schema_rules"]} == {"checked"}
    reasons = result["summary"]["gate"]["reasons"]
    assert any(reason.startswith("4 critical schema findings: ") for reason in reasons)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for finding in result["schema_findings"]:
        assert str(escaping.visible(finding["message"])) in page
    held = decided(result, fail_on="never", min_pass_rate=None)
    assert held["passed"]
    assert json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))["schema_findings"]
    without = run(sample, tmp_path / "without", Options(lint=False))
    assert without["schema_findings"] == without["schema_rules"] == []


@pytest.fixture(scope="module")
def told(server_18: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """An audit of the sample data that fails on critical schema findings, some of which are accepted."""
    folder = tmp_path_factory.mktemp("told")
    (folder / "allow").write_text(
        "schema.money_is_exact customers.*: the ledger | is <kept> elsewhere\n"
        "schema.key_is_* *: agreed on\n"
        "schema.bitmap_is_readable nowhere: gone\n"
    )
    dsn = servers.new_database(server_18, "sample")
    options = Options(fail_on="never", fail_on_schema="critical", allow=folder / "allow")
    result = run(dsn, folder / "out", options)
    servers.drop_database(server_18, dsn)
    return result, folder / "out"


def test_results_name_allowances_that_nothing_needs(told: tuple[dict[str, Any], Path]) -> None:
    """And the document is as its JSON Schema has it."""
    result, out = told
    assert result["unused_suppressions"] == [
        {"rule": "schema.bitmap_is_readable", "object": "nowhere", "reason": "gone"}
    ]
    jsonschema.validate(
        result, json.loads((ROOT / "order_audit" / "reports" / "results.schema.json").read_text(encoding="utf-8"))
    )
    assert json.loads((out / "results.json").read_text(encoding="utf-8")) == result


def test_a_run_tells_the_worst_of_the_schema(told: tuple[dict[str, Any], Path]) -> None:
    """A line of counts, the worst rules with their objects, what to do next, and what is not needed any more."""
    lines = summary.verdict_text(typed(told[0]), told[1]).splitlines()
    begin = lines.index("36 rules on the schema: 3 critical, 12 warning, 5 info, 5 accepted")
    assert lines[begin + 1] == (
        "  ■ critical Sequence behind its data: customers.customer_id, orders.order_id"
        "  [schema.sequence_is_ahead_of_data]"
    )
    assert [line.split()[1] for line in lines[begin + 1 : begin + 5]] == ["critical"] * 2 + ["warning"] * 2
    assert lines[begin + 5].startswith("  and 12 more; 'order-audit lint' has a suggestion for each")
    assert lines[begin + 6] == "  ? unused suppression  schema.bitmap_is_readable nowhere: gone"
    assert lines[begin + 7].startswith("gate failed: 3 critical schema findings: ")
    assert not any("money_is_exact" in line for line in lines), "what is accepted is no news"


def test_summary_tells_of_the_schema(told: tuple[dict[str, Any], Path]) -> None:
    """A row for each rule with open findings; accepted ones with their reason; nothing in it is markup."""
    result, out = told
    text = (out / "summary.md").read_text(encoding="utf-8")
    part = text[text.index("## Schema: 3 critical, 12 warning, 5 info, 5 accepted") :]
    open_ = {(it["severity"], it["rule"]) for it in result["schema_findings"] if "accepted" not in it}
    rows = re.findall(r"^\| (critical|warning|info) \|.*?\| `([\w.]+)` \| (\d+) \|", part, re.MULTILINE)
    assert {(severity, rule) for severity, rule, _ in rows} == open_
    assert sum(int(count) for *_, count in rows) == 20
    assert len(re.findall("^- accepted: ", part, re.MULTILINE)) == 5
    assert "customers.customer\\_balance: the ledger \\| is \\<kept\\> elsewhere" in part
    assert "- unused suppression (the finding does not occur): schema.bitmap\\_is\\_readable nowhere: gone" in part


def test_junit_fails_what_the_gate_was_told_to_fail_on(told: tuple[dict[str, Any], Path]) -> None:
    """A suite of its own: critical findings fail, others are told, accepted ones with the reason."""
    result, out = told
    root = ElementTree.parse(out / "junit.xml").getroot()
    _, suite = root.findall("testsuite")
    cases = {f"schema.{case.attrib['name']}": case for case in suite.findall("testcase")}
    assert cases.keys() == {rule["rule"] for rule in result["schema_rules"]}
    failed = {rule for rule, case in cases.items() if case.find("failure") is not None}
    assert failed == {"schema.reference_has_foreign_key", "schema.sequence_is_ahead_of_data"}
    assert suite.attrib["failures"] == "2"
    assert int(root.attrib["failures"]) == result["summary"]["failed"] + 2
    failure = cases["schema.sequence_is_ahead_of_data"].find("failure")
    assert failure is not None
    assert (failure.attrib["type"], failure.attrib["message"]) == ("critical", "Sequence behind its data: 2 objects")
    assert "setval" in (failure.text or "")
    money = cases["schema.money_is_exact"].findtext("system-out") or ""
    assert money.endswith("(accepted: the ledger | is <kept> elsewhere)")
    assert (cases["schema.status_has_history"].findtext("system-out") or "").startswith("warning: ")
    assert suite.findtext("system-out") == "unused suppression:  schema.bitmap_is_readable nowhere: gone"
    calm = copy.deepcopy(result)
    calm["summary"]["gate"]["fail_on_schema"] = "never"
    sound = next(rule for rule in calm["schema_rules"] if not rule["findings"])
    sound |= {"status": "errored", "reason": "broken"}
    suites = ElementTree.fromstring(junit(typed(calm))).findall("testsuite")
    assert [suites[1].attrib[kind] for kind in ("failures", "errors", "skipped")] == ["0", "0", "1"]
    calm["summary"]["gate"]["fail_on_schema"] = "info"
    suites = ElementTree.fromstring(junit(typed(calm))).findall("testsuite")
    assert suites[1].attrib["errors"] == "1"
    open_ = {it["rule"] for it in result["schema_findings"] if "accepted" not in it}
    assert int(suites[1].attrib["failures"]) == len(open_)


def test_report_tells_of_the_schema_at_the_top(told: tuple[dict[str, Any], Path]) -> None:
    """How many findings, and in their section the reasons and the line that can go."""
    text = (told[1] / "report.html").read_text(encoding="utf-8")
    top = re.sub(r"<[^>]+>", "", text[: text.index('id="first"')])
    assert "3 critical, 12 warning, 5 info, 5 accepted" in top
    assert "<strong>Accepted:</strong> the ledger | is &lt;kept&gt; elsewhere" in text
    assert "there is no such finding: the line can go" in text


def test_only_what_was_judged_makes_an_allowance_needless() -> None:
    """A rule that failed, or that was not asked for, might have found what is accepted."""
    rule, other = schema_rules()[:2]
    suppressions = [
        Suppression(rule.id, "a", "x"),
        Suppression(other.id, "a", "x"),
        Suppression("*", "a", "x"),
    ]
    known = [rule.id, other.id]
    for verdicts, needless in (
        ([Verdict(rule, "checked"), Verdict(other, "checked")], [rule.id, other.id, "*"]),
        ([Verdict(rule, "checked"), Verdict(other, "errored", "why")], [rule.id]),
        ([Verdict(rule, "checked", "one table could not be read"), Verdict(other, "checked")], [other.id]),
        ([Verdict(rule, "checked")], [rule.id]),
    ):
        assert [it.rule for it in suppression.accept(verdicts, suppressions, known)[1]] == needless


def test_rules_are_explained() -> None:
    """Each has a title, a reason, and a name that says what should be."""
    rules: tuple[Rule, ...] = schema_rules()
    assert len(rules) == 36
    for rule in rules:
        assert rule.id.startswith("schema.")
        assert len(rule.why) > 40, rule.id
        assert rule.title[0].isupper(), rule.id


def test_the_books_of_fixes_are_left_alone(dsn: str) -> None:
    """As those of migration tools are: nobody who audits a schema has made them, or could change them."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "create table mine (a float); create schema order_audit; create table order_audit.x (a float)"
        )
    objects = {object_ for _, object_, _ in found(judged(dsn))}
    assert "mine" in objects
    assert not any("order_audit" in object_ for object_ in objects)


def test_a_table_that_was_never_analysed_is_not_said_to_be_empty(dsn: str) -> None:
    """Rows by statistics are told once there are statistics."""
    for analysed in (False, True):
        with psycopg.connect(dsn, autocommit=True) as connection:
            if analysed:
                connection.execute("analyze parcels")
            else:
                connection.execute("create table parcels (weight int) with (autovacuum_enabled = false)")
                connection.execute("insert into parcels select generate_series(1, 7)")
        evidence = [
            finding.evidence.get("rows by statistics")
            for verdict in judged(dsn)
            for finding in verdict.findings
            if finding.rule in ("schema.table_has_primary_key", "schema.table_has_timestamps")
        ]
        assert evidence == ([7, 7] if analysed else [None, None])
