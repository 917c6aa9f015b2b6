"""Rules of any shape, with any names, give what their statement alone gives."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.scan.edges import audit, counts, customer, errors, execute, fetch, keys, order, results, rule, suite

AWKWARD = """
    create table awkward ("Key" int, "where" text, "odd ""name" int, js jsonb, arr int[], bits bit(8));
    insert into awkward values
      (1, 'a', 1, '{"k": 1}', '{1,2,3}', B'00000001'), (2, 'it''s', 2, '{"k": [0]}', '{2}', B'10000000'),
      (3, E'back\\\\slash', 3, '[]', '{}', B'11111111'), (4, null, null, null, null, null),
      (5, ' from ', 5, '{}', '{1,2}', B'01010101')
"""
BODIES = (
    "where a.\"where\" <> '\\'",
    "where a.\"where\" = E'it\\'s'",
    'where a."where" <> $$;\'$$ and a."where" <> $q$ order by $q$',
    "where a.\"where\" = U&'\\0061'",
    'where /* from /* nested */ where */ a."Key" > 2',
    "where a.js ? 'k' and a.js @> '{\"k\": 1}'",
    "where a.js #>> '{k,0}' is null or (a.js -> 'k') is not null",
    "where a.arr[1:2] = array[1, 2] or (a.arr)[1] is distinct from 1",
    'where a."odd ""name" between 1 and 2 or not a."Key" in (1, 2)',
    "where trim(both ' ' from a.\"where\") = 'from' or substring(a.\"where\" from 1 for 1) = 'a'",
    "where extract(year from date '2020-01-01') = 2020 and a.\"where\" is not distinct from null",
    'where a."Key" = 1 or a."Key" = 2',
    'where a."Key" = 1 -- or a."Key" = 2',
    'where a."Key" > 1 order by a."Key" desc nulls last -- done',
    "where a.\"where\" like '%\\\\%' or a.\"where\" like '%!%' escape '!' or a.\"where\" similar to '(a|b)%'",
    "where now() at time zone 'UTC' - interval '1 day' < now() at time zone 'UTC'",
    'where exists (select from awkward as b where b."Key" > a."Key")',
    'where a."Key" operator(pg_catalog.=) 1 or a."Key" % 2 = 0 or |/ a."Key" > 2.2',
    'where (a."Key", a."where") in ((1, \'a\'), (2, \'x\')) or row(a."Key", 1) < row(2, 0)',
    "where a.bits & B'00000001' = B'00000001' or a.bits::text ~ '^0101'",
    'where a."where" is json or a."Key" = 3',
    'where case when a."Key" = 1 then true when a."where" is null then null end',
    'where a."Key" = any (array(select b."Key" from awkward as b order by b."Key" desc limit 2))',
    'where a."Key" is not null and true is true and not (a."Key" = 1) is unknown',
    "",
    'where a."Key" <> 2 order by "where" collate "C", 1 limit 2',
    'where a."Key" > 1 order by a."Key" fetch first 2 rows only',
    'order by a."Key" offset 3',
    'where a."Key" > 1 group by a."Key" having count(*) > 0 order by count(*)',
)
WHOLE = (
    'select all a."Key" from awkward as a where a."Key" < 3',
    'select distinct on (a."where" is null) a."Key" from awkward as a order by a."where" is null, a."Key" desc',
    'select a."Key" from only awkward as a where a."Key" < 3',
    'select a."Key" from awkward as a tablesample system (100) where a."Key" < 3',
    'select "Key" from awkward where "Key" = 1 union select "Key" from awkward where "Key" = 2 order by 1 desc',
    '(select "Key" from awkward where "Key" = 1) union all (select 1)',
    'with awkward as (select * from awkward where "Key" > 2) select "Key" from awkward',
    'with recursive n (i) as (select 1 union all select i + 1 from n where i < 3) select i as "Key" from n',
    'select a."Key" from awkward as a, unnest(a.arr) with ordinality as u (value, place) where u.place = 2',
    'select a."Key" from awkward as a join lateral (select a."Key" + 1 as more) as l on l.more > 3',
    'select a."Key", case when a."Key" = 1 then \'from\' else \'where\' end flag from awkward as a where a."Key" = 1',
    'select a."Key" "Key", (select count(*) from awkward) n from awkward as a where a."Key" = 5',
    'select a."Key", sum(a."Key") over (order by a."Key") as total from awkward as a where a."Key" > 3',
    'select a."Key", a.* from awkward as a where a."Key" = 1',
    'select * from awkward as a where a."Key" = 2;',
    '/* first */ select a."Key" from awkward as a where a."Key" = 2;;',
)


def test_rules_mean_what_they_say_in_any_shape(blank: str, tmp_path: Path) -> None:
    """Whatever shares a scan with whatever: each rule gives the keys that its own statement gives."""
    execute(blank, AWKWARD)
    bodies = [f'select a."Key", a."where" as "Where {n}" from awkward as a {body}' for n, body in enumerate(BODIES)]
    bodies[28] = f'select a."Key", count(*) from awkward as a {BODIES[28]}'
    files = {f"r{n:02}": rule(body, '"Key"') for n, body in enumerate([*bodies, *WHOLE])}
    document = audit(blank, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {}
    wrong = {}
    for found in document["results"]:
        query = found["sql"].rstrip(";")
        expected = sorted(set(fetch(blank, query)))  # each gives its key first
        if [str(key) for key in expected] != keys(tmp_path / "out", found["rule"]):
            wrong[found["sql"]] = (expected, keys(tmp_path / "out", found["rule"]))
    assert wrong == {}


def test_columns_may_have_any_collations(data: str, tmp_path: Path) -> None:
    """A different one each: rules judged together use the database's setting."""
    execute(
        data,
        customer(8, customer_name="'Acme'", address="'1 Elm  Street '", customer_contact_name="'N/A'"),
        customer(9, customer_name="'ACME'", address="E'1 elm\\tstreet'"),
    )
    before = audit(data, tmp_path / "before")
    execute(
        data,
        'alter table customers alter customer_name type text collate "C", alter address type text collate "POSIX"',
        "alter table customers alter customer_email type text collate ucs_basic",
        'alter table orders alter delivery_script_name type text collate "C"',
    )
    after = audit(data, tmp_path / "after")
    assert errors(after) == {}
    assert counts(after) == counts(before)
    assert keys(tmp_path / "after", "customers.no_duplicate")[-1] == "9"
    assert keys(tmp_path / "after", "customers.text_is_clean")[-2:] == ["8", "9"]
    assert keys(tmp_path / "after", "customers.text_is_not_placeholder")[-1] == "8"


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_columns_may_have_any_name(data: str, tmp_path: Path, shared: bool) -> None:
    """Those that an audit's own SQL uses, too."""
    names = [
        "x",
        "v",
        "h",
        "k",
        "o",
        "hits",
        "live",
        "place",
        "e0",
        "r0",
        "key",
        "rule",
        "a b",
        "select",
        "%",
        "{x}",
        "É",
    ]
    listed = ", ".join(f'{number} as "{name}"' for number, name in enumerate(names))
    files = {"odd": rule(f"select o.order_id, {listed} from orders as o where o.order_id > 1008")}
    if shared:
        files["other"] = rule(
            'select o.order_id as x, o.order_ref as "x" from orders as o where o.order_id > 1009', "x"
        )
    document = audit(data, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {}
    evidence = {name: number for number, name in enumerate(names)}
    assert results(document)["odd"]["examples"] == [{"order_id": id} | evidence for id in (1009, 1010)]
    if shared:
        assert results(document)["other"]["examples"] == [{"x": 1010, "x_2": 1010}]


def test_tables_may_have_any_name(blank: str, tmp_path: Path) -> None:
    """Those that an audit's own SQL uses, too."""
    names = ["hits", "live", "x", "v", "h", "o", "c", "select", 'odd "name"; --', "Üñï 100% {x}"]
    files = {}
    for number, name in enumerate(names, start=1):
        with psycopg.connect(blank) as connection:
            table = sql.Identifier(name).as_string(connection)
            connection.execute(f"create table {table} as select generate_series(1, {number}) as id".encode())
        files[f"r{number}"] = rule(f"select t.id from {table} as t", "id")
        files[f"s{number}"] = rule(f"select {table}.id from {table} where {table}.id > 0 order by {table}.id", "id")
    document = audit(blank, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {}
    for number, name in enumerate(names, start=1):
        for id in (f"r{number}", f"s{number}"):
            found = results(document)[id]
            assert (found["violations"], found["checked"], found["table"]) == (number, number, name)


def test_a_function_that_gives_rows_does_not_change_its_neighbours(data: str, tmp_path: Path) -> None:
    """Where a select list multiplies rows, or drops them, that is the rule's own affair."""
    mine = suite(
        tmp_path / "mine",
        {
            "a": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "drops": rule("select o.order_id, generate_series(1, 0) as n from orders as o where o.order_id > 1005"),
            "own": rule("select o.order_id, json_object_keys(o.delivery_script_args) as k from orders as o where true"),
        },
    )
    document = audit(data, tmp_path / "out", mine)
    assert counts(document) == {"a": 5, "own": 4}
    assert results(document)["a"]["impact"] == {"customers": 4, "orders": 5, "amount": 1600}


IMPACTS = {
    "own": "select o.order_id, o.customer_id, o.order_amount from orders as o where o.order_id > 1003",
    "key_alone": "select o.order_id from orders as o where o.order_id > 1003",
    "ancestor_s": "select o.order_id, a.customer_id, a.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref where o.order_ref <> o.order_id",
    "of_ancestors": "select a.order_id, o.customer_id, o.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref where o.order_ref <> o.order_id",
    "unlike_letters": "select O.Order_Id, A.customer_id, A.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref where o.order_ref <> o.order_id",
    "customer_s": "select o.order_id, c.customer_id, c.customer_balance as order_amount from orders as o"
    " join customers as c on c.customer_id = 1",
    "named_so": "select o.order_id, o.order_ref as customer_id, o.order_amount * 2 as order_amount from orders as o",
    "derived": "select s.order_id, s.customer_id, s.order_amount from (select order_id, order_ref as customer_id,"
    " order_id as order_amount from orders) as s",
    "starred": "select * from (select o.order_id, a.customer_id, a.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref) as s where s.order_id in (1005, 2001)",
    "with_its_name": "with orders as (select order_id, order_ref, 1 as customer_id, order_amount from orders)"
    " select o.order_id, o.customer_id, o.order_amount from orders as o",
    "grouped": "select max(order_id) as order_id, customer_id, sum(order_amount) as order_amount"
    " from orders group by customer_id",
    "many_rows": "select o.order_id, c.customer_id, o.order_amount from orders as o cross join customers as c",
    "pair": "select o.order_id, a.order_id as first_id, c.customer_id as payer from orders as o"
    " join orders as a on a.order_id < o.order_id and a.order_ref = o.order_ref"
    " join customers as c on c.customer_id = o.customer_id",
    "window": "select order_id, first_value(customer_id) over (order by order_id) as customer_id, order_amount"
    " from orders",
}  # fmt: skip
#: Keys of more than the order; the first column names it.
PAIRS = {"of_two_orders": "order_id, first_id", "of_two_tables": "order_id, payer"}


def test_impact_is_that_of_the_violating_orders(data: str, tmp_path: Path) -> None:
    """Each order's own customer and amount, wherever the evidence of these names comes from."""
    execute(data, order(2001, order_ref="1009", customer_id="5", order_amount="7", order_status="'active'"))
    out = tmp_path / "out"
    files = {id: rule(body) for id, body in IMPACTS.items()} | {
        id: rule(IMPACTS["pair"], key) for id, key in PAIRS.items()
    }
    document = audit(data, out, suite(tmp_path / "mine", files))
    assert errors(document) == {}
    for id in PAIRS:
        assert results(document)[id]["impact"] == results(document)["pair"]["impact"], id
    wrong = {}
    for id in IMPACTS:
        found = results(document)[id]
        among = f"from orders where order_id in ({', '.join(keys(out, id))})"
        query = f"select array[count(distinct customer_id), count(*), sum(order_amount)] {among}"
        (expected,) = fetch(data, query)
        if id == "grouped":
            continue  # its key is made up, and belongs to no table
        if list((found["impact"] or {}).values()) != expected:
            wrong[id] = (found["impact"], expected)
    assert wrong == {}
    assert results(document)["grouped"]["impact"] is None


def test_the_author_s_text_is_run_as_it_was_written(blank: str, tmp_path: Path) -> None:
    """Characters that some programs take for a line's end are text like any other."""
    odd = ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
    execute(blank, "create table notes (code text)")
    with psycopg.connect(blank) as connection:
        connection.cursor().executemany("insert into notes values (%s)", [[f"a{letter}b"] for letter in odd])
    files = {f"r{n}": rule(f"select code from notes where code = 'a{letter}b'", "code") for n, letter in enumerate(odd)}
    document = audit(blank, tmp_path / "out", suite(tmp_path / "mine", files))
    assert counts(document) == dict.fromkeys(files, 1)
