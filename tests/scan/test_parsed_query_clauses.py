"""The select clauses of a rule: cut out in its own words, without an order that changes nothing."""

from __future__ import annotations

import pytest

from order_audit.audit.analysis.query_facts import SelectClauses
from tests.scan.parsed import read


def slices(sql: str) -> SelectClauses:
    """A statement's slices, which it must have."""
    found = read(sql).clauses
    assert found is not None
    return found


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
    """A query that groups, orders, numbers or limits rows cannot share a scan, nor one without a list of columns."""
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
