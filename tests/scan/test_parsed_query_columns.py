"""The tables that a rule reads, and the columns that its columns are made of."""

from __future__ import annotations

import pytest

from tests.scan.parsed import read, relations

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
    """Inside its own query, a WITH with a table's name reads the table, and so do queries outside."""
    assert {name.relation for name in read(sql).relations} == {"orders"}


def test_a_recursive_with_is_itself() -> None:
    """There its own name means itself."""
    sql = "with recursive orders as (select 1 as a union select a + 1 from orders where a < 3) select a from orders"
    assert relations(sql) == []


# The sources of columns -------------------------------------------------------------------------


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
    """It is named, or the column is unknown."""
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
