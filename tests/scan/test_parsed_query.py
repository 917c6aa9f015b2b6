"""What is read off a rule's statement: what it reads, what its columns are made of, whether it can share a scan."""

from __future__ import annotations

import textwrap

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.parsed_query import ParsedQuery, SelectClauses
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database.server import Server
from order_audit.audit.scans import prepared_rule
from order_audit.audit.scans.planner import Scan, plan
from order_audit.expectations import Rule, SuiteError
from order_audit.scenario.load import SCHEMA
from tests.rules import CHECKABLE
from tests.support import servers


def rule(sql: str, key: str = "order_id") -> Rule:
    """A rule with this statement."""
    return Rule("r", "s", "A rule", "info", (key,), textwrap.dedent(sql).strip(), path="r.sql")


def read(sql: str) -> ParsedQuery:
    """What is read off a statement."""
    return parsed_query.parse(rule(sql))


def slices(sql: str) -> SelectClauses:
    """A statement's slices, which it must have."""
    found = read(sql).clauses
    assert found is not None
    return found


def relations(sql: str) -> list[str]:
    """The relations that a statement reads."""
    return [str(name) for name in read(sql).relations]


# Slices -------------------------------------------------------------------------------------------


def test_a_plain_select_is_cut_into_the_author_s_own_words() -> None:
    """Columns without their aliases, FROM and WHERE to the letter, comments within included."""
    found = slices("""
        select o.order_id, lower(o.a) as low, o.b::text plain, -- a remark
          case when o.c then 'from' else 'where' end as "Odd, name"
        from orders as o  -- the orders
        join customers as c using (customer_id)
        where o.a <> 'order by' /* why */ and (o.b in (select 1 from x order by 1))
        order by o.order_id
    """)
    assert found.columns == (
        "o.order_id",
        "lower(o.a)",
        "o.b::text",
        "case when o.c then 'from' else 'where' end",
    )
    assert found.origin.startswith("orders as o  -- the orders\n")
    assert found.origin.endswith("using (customer_id)")
    assert found.where == "o.a <> 'order by' /* why */ and (o.b in (select 1 from x order by 1))"
    assert found.source == "orders as o join customers as c using ( customer_id )"


@pytest.mark.parametrize(
    ("tail", "where"),
    [
        ("", "true"),
        ("order by 1", "true"),
        ("where a = 1", "a = 1"),
        ("where a = 1;", "a = 1"),
        ("where a = 1 ; -- done", "a = 1"),
        ("where a = 1 or b = 2 order by a, b desc nulls last", "a = 1 or b = 2"),
        ("where a is not distinct from b", "a is not distinct from b"),
        ("where extract(year from a) = 1", "extract(year from a) = 1"),
        ("where a = 'where' and b = $$ order by $$", "a = 'where' and b = $$ order by $$"),
        ("where a = E'\\' from ' and b = 1", "a = E'\\' from ' and b = 1"),
        ("where a = '\\' and b = ' from '", "a = '\\' and b = ' from '"),
        ("where exists (select from y where y.a = x.a)", "exists (select from y where y.a = x.a)"),
        ("where a = any (array[1, 2]) and b[1] = 2", "a = any (array[1, 2]) and b[1] = 2"),
        ("where (select count(*) from y) > 1", "(select count(*) from y) > 1"),
        ("where (select max(z) over () from y limit 1) > 1", "(select max(z) over () from y limit 1) > 1"),
    ],
)  # fmt: skip
def test_where_ends_where_it_ends(tail: str, where: str) -> None:
    """Words within texts, brackets and functions are no clauses."""
    found = slices(f"select a, b from x {tail}")
    assert (found.columns, found.origin, found.where) == (("a", "b"), "x", where)


@pytest.mark.parametrize(
    "sql",
    [
        "select distinct a from x",
        "select distinct on (a) a from x",
        "select a from x group by a",
        "select max(a) as a from x",
        "select a from x group by a having count(*) > 1",
        "select a, count(*) over () from x",
        "select a, rank() over w from x window w as (order by a)",
        "select a from x limit 1",
        "select a from x offset 1",
        "select a from x fetch first 1 rows only",
        "select a from x union select a from y",
        "select a from x union all select a from y",
        "select a from x except select a from y",
        "with x as (select 1 as a) select a from x",
        "select * from x",
        "select a, x.* from x",
        "select 1 as a",
        "(select a from x)",
    ],
)
def test_statements_whose_rows_hang_together_stand_alone(sql: str) -> None:
    """What groups, orders, numbers or bounds rows cannot share a scan; neither can what has no list of columns."""
    assert read(sql).clauses is None


def test_functions_that_give_rows_stand_alone() -> None:
    """In a select list they multiply rows, or drop them: those of other rules as well."""
    for call in ("generate_series(1, 2)", "unnest(a)", "json_array_elements(a)", "regexp_matches(a, 'x', 'g')"):
        assert read(f"select b, {call} as c from x").clauses is None, call
    assert read("select b from x where b in (select unnest(a))").clauses is not None


def test_rules_share_a_scan_where_they_read_the_same_rows() -> None:
    """Whatever their spacing and comments, but not under another name or join."""
    first = slices("select a from x as o left join y on y.a = o.a where b")
    same = slices("select a, c from x  as o -- one\n left join y\n on y.a = o.a  where c")
    others = (
        "x as p left join y on y.a = p.a",
        "x as o join y on y.a = o.a",
        "x as o",
        "x as o left join y on y.b = o.a",
    )
    assert first.source == same.source
    assert all(slices(f"select a from {other}").source != first.source for other in others)


# The order of rows --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "body"),
    [
        ("select a from x order by a", "select a from x"),
        ("select a from x where b order by a desc, b nulls first;", "select a from x where b"),
        ("select a from x order by (select 1 order by 1)", "select a from x"),
        ("with y as (select a from x order by a limit 1) select a from y order by a",
         "with y as (select a from x order by a limit 1) select a from y"),
        ("select a from x group by a order by count(*)", "select a from x group by a"),
    ],
)  # fmt: skip
def test_an_order_that_changes_nothing_is_left_out(sql: str, body: str) -> None:
    """Sorting is work, and violations are sorted by their keys anyway."""
    assert read(sql).body == body


@pytest.mark.parametrize(
    "sql",
    [
        "select a from x",
        "select a from x order by a limit 1",
        "select a from x order by a offset 1",
        "select a from x order by a fetch first 1 rows only",
        "select a from x order by a fetch first row with ties",
        "select distinct on (a) a, b from x order by a, b",
        "select a from (select a from x order by a limit 1) as y",
        "select a, array_agg(b order by c) from x group by a",
        "select a, rank() over (partition by b order by c) from x",
        "select a, rank() over w from x window w as (order by c)",
        "select a from x where b = (select c from y order by d limit 1)",
        "select percentile_cont(0.5) within group (order by a) as a from x",
    ],
)
def test_an_order_that_decides_which_rows_stays(sql: str) -> None:
    """And so does every order that is not the statement's own."""
    assert read(sql).body == sql


# Relations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select 1 as a", []),
        ("select a from Orders", ["orders"]),
        ('select a from "Orders"', ["Orders"]),
        ('select a from "Sales Data"."Or.ders" as o', ["Sales Data.Or.ders"]),
        ("select a from Public.Orders", ["public.orders"]),
        ("select a from x, y join z using (a) left join lateral (select 1 from u) as l on true", ["x", "y", "z", "u"]),
        ("select a from x where b in (select b from y) and exists (select from z)", ["x", "y", "z"]),
        ("select (select max(b) from y) as a from x", ["x", "y"]),
        ("with c as (select a from x) select a from c", ["x"]),
        ('with "C" as (select a from x) select a from "C" join c using (a)', ["x", "c"]),
        ("with recursive c (a) as (select 1 union all select a + 1 from c join x using (a)) select a from c", ["x"]),
        ("with c as (select a from x), d as (select a from c) select a from d", ["x"]),
        ("with c as (select a from x) select a from s.c", ["x", "s.c"]),
        ("select a from (with c as (select a from x) select a from c) as y", ["x"]),
        ("select a from generate_series(1, 3) as g (a)", []),
        ("select a from unnest(array[1, 2]) with ordinality as u (a, n)", []),
        ("select a from json_to_recordset('[]') as j (a int)", []),
        ("select a from (values (1)) as v (a)", []),
        ("select a from x union select a from y except (select a from z)", ["x", "y", "z"]),
        ("select a from x where a is distinct from b", ["x"]),
        ("select extract(year from b) as a, trim(both from c) as d from x", ["x"]),
        ("select a from only x tablesample system (1)", ["x"]),
    ],
)
def test_relations_are_the_tables_that_are_read(sql: str, names: list[str]) -> None:
    """As PostgreSQL would look for them; a statement's own WITHs, functions and values are none."""
    assert sorted(relations(sql)) == sorted(names)


def test_the_first_relation_comes_first() -> None:
    """And none twice."""
    assert relations("select a from y join x using (a) join y as z using (a)") == ["y", "x"]


@pytest.mark.parametrize(
    "sql",
    [
        "with orders as (select * from orders where a > 1) select a from orders",
        "with orders as (select * from public.orders) select a from orders",
        "select a from orders where a in (with orders as (select 1 as a) select a from orders)",
        "select a from (with orders as (select 1 as a) select a from orders) as x join orders using (a)",
    ],
)
def test_a_with_hides_a_table_only_where_it_stands(sql: str) -> None:
    """Within its own query a WITH of a table's name reads the table, and so does what is outside."""
    assert {name.relation for name in read(sql).relations} == {"orders"}


def test_a_recursive_with_is_itself() -> None:
    """There its own name means itself."""
    sql = "with recursive orders as (select 1 as a union select a + 1 from orders where a < 3) select a from orders"
    assert relations(sql) == []


# What columns are made of -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "made_of"),
    [
        ("select o.email as k from x as o", {"email"}),
        ("select lower(o.email) || o.b as k from x as o", {"email", "b"}),
        ("select s.n as k from (select lower(email) as n from x) as s", {"email"}),
        ("select s.n as k from (select t.m as n from (select email as m from x) as t) as s", {"email"}),
        ("with c as (select email as n from x) select upper(n) as k from c", {"email"}),
        ("select case when a = 1 then email else b end as k from x", {"email", "b"}),
        ("select first_value(email) over (partition by a order by b) as k from x", {"email"}),
    ],
)
def test_mentions_go_down_to_the_columns_of_tables(sql: str, made_of: set[str]) -> None:
    """Through subqueries and WITHs."""
    found = read(sql).column_lineage["k"]
    assert found is not None
    assert made_of <= found


@pytest.mark.parametrize(
    "sql",
    [
        "select (select max(y.email) from y where y.a = x.a) as k from x",
        "with c (k) as (select email from x) select k from c",
        "select s.k from (select email from x) as s (k)",
        "select l.k from x cross join lateral (select x.email) as l (k)",
        "select u.k from x cross join unnest(array[x.email]) as u (k)",
        "select t.k from x as t (k)",
        "select a as k from y union select email from x",
    ],
)
def test_mentions_never_leave_out_what_a_column_is_made_of(sql: str) -> None:
    """It is named, or the column counts as not known."""
    found = read(sql).column_lineage.get("k")
    assert found is None or "email" in found


def test_what_only_chooses_rows_is_not_mentioned() -> None:
    """A condition does not show in a value, and neither does the other column beside it."""
    found = read("select o.id as k, o.email from x as o where o.email = 'a' and o.phone is null").column_lineage["k"]
    assert found is not None
    assert not found & {"email", "phone"}


def test_mentions_are_by_the_name_of_the_column() -> None:
    """As PostgreSQL gives it: folded, unless in quotes."""
    assert set(read('select a as "Big", b as Small, C from x').column_lineage) == {"Big", "small", "c"}


@pytest.mark.parametrize(
    "sql",
    [
        "select * from x",
        "select k.* from x as k",
        "select a, y.* from x join y using (a)",
        "select x::text as k from x",
    ],
)
def test_what_is_not_known_is_not_guessed(sql: str) -> None:
    """Behind a star, or a whole row, may stand anything: nothing is known, which is taken for personal."""
    assert read(sql).column_lineage.get("k") is None


# What is refused ----------------------------------------------------------------------------------

#: Valid in PostgreSQL, unknown to the parser.
UNPARSEABLE = "select order_id from orders where delivery_script_name ~<~ 'm'"


@pytest.mark.parametrize(
    "sql",
    [
        "select a from x; select b from y",
        "select a from x; drop table x",
        "explain select a from x",
        "table x",
        "values (1)",
        "copy x to stdout",
        "delete from x",
        "with y as (delete from x returning a) select a from y",
        "with y as (select 1) update x set a = 1",
        "with y as (merge into x using z on true when matched then delete returning a) select a from y",
        "select a from x for update",
        "select a from x for share of x nowait",
        "select a into y from x",
        "create table y as select a from x",
        "select a from (delete from x returning a) as y",
        "!",
        "-- nothing",
        "$$",
        "'",
    ],
)
def test_only_one_reading_statement_is_a_rule(sql: str) -> None:
    """By a line that names the file."""
    with pytest.raises(SuiteError, match=r"^r\.sql: [^\n]+$"):
        read(sql)


def test_a_statement_that_cannot_be_parsed_is_run_as_it_stands() -> None:
    """What the parser does not know, the server may; nothing is known of it but the tables' names."""
    found = read(f"{UNPARSEABLE} order by order_id")
    assert found.body == f"{UNPARSEABLE} order by order_id"
    assert found.relations == (RelationName("", "orders"),)
    assert not found.column_lineage
    assert found.clauses is None


def test_a_statement_that_cannot_be_parsed_is_refused_if_it_writes() -> None:
    """Its words say so."""
    for sql in (
        f"with x as (delete from customers returning 1) {UNPARSEABLE}",
        f"with x as (insert into customers default values returning 1) {UNPARSEABLE}",
        f"with x as (update customers set a = 1 returning 1) {UNPARSEABLE}",
        UNPARSEABLE.replace("from orders", "into copied from orders"),
        f"{UNPARSEABLE} for update",
        f"{UNPARSEABLE}; drop table orders",
    ):
        with pytest.raises(SuiteError, match=r"^r\.sql: "):
            read(sql)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select a from (", []),
        ("select a frm x whre", []),
        (f"with c as (select 1 from y) {UNPARSEABLE} and exists (select from c)", ["orders", "y"]),
        (f'{UNPARSEABLE} and exists (select from "Sales Data".x join Y on true)', ["Sales Data.x", "orders", "y"]),
        (f"{UNPARSEABLE} and exists (select from generate_series(1, 2))", ["orders"]),
    ],
)
def test_relations_of_what_cannot_be_parsed(sql: str, names: list[str]) -> None:
    """The names after FROM and JOIN."""
    assert sorted(relations(sql)) == names


# The shipped suite --------------------------------------------------------------------------------

#: Rules that are judged in one pass over the same rows.
TOGETHER = (
    {
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
        "customers.balance_is_whole_cents",
        "customers.email_is_canonical",
        "customers.email_is_valid",
        "customers.phone_is_dialable",
        "customers.required_text_is_present",
        "customers.state_is_usps_code",
        "customers.text_is_clean",
        "customers.text_is_normalised",
        "customers.text_is_not_placeholder",
    },
    {
        "orders.active_order_has_delivery",
        "orders.active_order_has_schedule",
        "orders.amount_is_not_negative",
        "orders.delivery_args_are_object",
        "orders.delivery_args_convert_to_jsonb",
        "orders.delivery_args_need_script",
        "orders.live_order_has_amount",
        "orders.schedule_repeats_by_day",
        "orders.script_name_is_identifier",
        "orders.status_is_known",
    },
    {
        "lineage.ancestor_is_older",
        "lineage.keeps_customer",
        "lineage.order_ref_exists",
        "lineage.root_is_not_closed",
    },
    {
        "orders.customer_exists",
        "recreation.closed_is_covered_by_balance",
        "recreation.decision_survives_rounding",
        "recreation.is_covered_by_balance",
    },
    {"lineage.is_acyclic", "lineage.order_ref_is_first_ancestor"},
)


@pytest.fixture(scope="module")
def scans(servers_by_major: dict[int, Server]) -> list[Scan]:
    """The plan for the shipped suite on the current schema."""
    dsn = servers.new_database(servers_by_major[18])
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA[0].read_bytes())
        parsed_rules = [(rule, parsed_query.parse(rule)) for rule in expectations.load("current").rules]
        prepared_rules, _ = prepared_rule.prepare(connection, parsed_rules)
        found = plan(connection, prepared_rules)
    servers.drop_database(servers_by_major[18], dsn)
    return found


def test_each_rule_is_in_one_scan(scans: list[Scan]) -> None:
    """None is lost, none is judged twice; the largest scans come first."""
    ids = [prepared.rule.id for scan in scans for prepared in scan.rules]
    assert len(ids) == len(set(ids)) == len(CHECKABLE)
    sizes = [len(scan.rules) for scan in scans]
    assert sizes == sorted(sizes, reverse=True)
    assert [scan.shared for scan in scans] == [size > 1 for size in sizes]


def test_rules_of_the_same_rows_share_a_scan(scans: list[Scan]) -> None:
    """Thirteen scans at most judge all rules."""
    found = [{prepared.rule.id for prepared in scan.rules} for scan in scans]
    apart = [together for together in TOGETHER if not any(together <= scan for scan in found)]
    assert apart == []
    assert len(scans) <= 13


def test_shared_scans_read_one_source_by_one_key(scans: list[Scan]) -> None:
    """That is what makes them shareable."""
    for scan in scans:
        read = [found.query.clauses for found in scan.rules]
        if scan.shared:
            assert None not in read
            sources = {found.row_local.table if found.row_local else found.source for found in read if found}
            assert len(sources) == len({found.columns[0] for found in read if found}) == 1


def test_every_column_of_the_shipped_rules_is_known(scans: list[Scan]) -> None:
    """What a value is made of is known for all of them, so that masks can be exact."""
    for scan in scans:
        for found in scan.rules:
            assert found.table is not None
            assert found.table.name == ("orders" if found.rule.key == ("order_id",) else "customers")
            assert found.ordered_as_number
            assert not found.key_is_personal
            assert None not in [found.names(place) for place in range(len(found.columns))], found.rule.id


def test_order_is_not_asked_for_twice(scans: list[Scan]) -> None:
    """Each shipped rule reads well in psql, in order; the audit leaves that out."""
    for scan in scans:
        for found in scan.rules:
            assert (
                f"order by {found.rule.sql.split()[1].split('.')[0]}" in found.rule.sql or "distinct" in found.rule.sql
            )
            assert not found.query.body.splitlines()[-1].startswith("order by") or "distinct" in found.query.body
