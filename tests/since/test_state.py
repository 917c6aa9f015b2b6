"""Numbers in a state are those of the rows, in each form that they take on their way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import psycopg
import pytest

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.analysis.with_texts import with_texts
from order_audit.audit.database import catalog
from order_audit.audit.database.server import Server
from order_audit.audit.run import run
from order_audit.audit.since import pairs, state_file
from order_audit.audit.since.copied import arrays, blocks
from order_audit.audit.since.encoded import decoded, encoded
from order_audit.audit.since.numbers import among, joined
from order_audit.audit.since.packed import Packing
from order_audit.audit.since.tables import Table, tables_of
from order_audit.audit.since.values import NULL, Value
from tests.since.test_random import OPTIONS, SUITE
from tests.since.world import World
from tests.support import servers

#: The lowest and the highest numbers, NULL, and the number that NULL has in four bytes.
_ENDS: Final = (-(2**31), 2**31 - 1, 0, -1, NULL % (1 << 32) - (1 << 32))
_ROWS: Final = """
create table things (id int primary key, small int2, number int, big int8, word text, flag bool);
insert into things
select i, nullif(i % 9, 3) - 4, nullif(i, 5) * case when i % 2 = 0 then 1 else -1 end,
  nullif(i, 7) * 3000000000, nullif('w' || i % 11, 'w3'), i % 3 = 0
from generate_series(1, 3000) as i;
insert into things values
  (-2147483648, -32768, -2147483648, -9223372036854775808, '', true),
  (2147483647, 32767, 2147483647, 9223372036854775807, null, null),
  (0, null, null, null, null, false), (-1, -1, -200215171, -1, 'w', false);
"""
#: A rule that fails on some row, and whose statement is asked for pairs.
_FAILING: Final = """-- title: tags with one word
-- severity: warning
-- key: id
with w as materialized (
  select p.id, k.word from person as p cross join lateral regexp_split_to_table(p.tag, ' ') as k (word)
)
select x.id, x.word, 1 / (x.id - 9) as part
from (select w.id, w.word, count(*) over (partition by w.word collate "C") as n from w) as x
where x.n > 1
"""


@pytest.mark.parametrize("ends", [_ENDS, (*_ENDS, 2**63 - 1, -(2**63), NULL), (5, NULL, NULL, -7), (NULL,), (3,), ()])
def test_numbers_are_read_as_they_were_written(ends: tuple[int, ...]) -> None:
    random = np.random.default_rng(len(ends))
    low, high = min(ends, default=0), max(ends, default=0)
    for more in (0, 1, 1000):
        numbers = np.concatenate((np.array(ends, np.int64), random.integers(low, high, more, endpoint=True)))
        assert decoded(*encoded(numbers)).tolist() == numbers.tolist()
        if low >= -(2**31):
            assert decoded(*encoded(numbers.astype(np.int32))).tolist() == numbers.tolist()


def test_neighbours_take_few_bytes() -> None:
    numbers = np.arange(1 << 20, (1 << 20) + 1000)
    assert len(encoded(numbers)[1]) < 1100
    assert decoded(*encoded(numbers)).dtype == np.int32


@pytest.mark.parametrize("count", [0, 3, 600_000])
def test_arrays_of_either_type(count: int) -> None:
    """There are more numbers than are looked at at once."""
    random = np.random.default_rng(count)
    wide, wanted = random.integers(-(1 << 31), 1 << 31, count), random.integers(-(1 << 40), 1 << 40, 40)
    wanted[:20] = wide[-20:] if count > 20 else 7
    narrow, kept = wide.astype(np.int32), random.random(count) < 0.9
    for numbers in (wide, narrow):
        assert among(numbers, wanted).tolist() == np.isin(numbers, wanted).tolist()
        assert joined(numbers, wanted, kept).tolist() == [*numbers[kept].tolist(), *wanted.tolist()]


def test_packed_numbers_are_those_of_the_rows(server: Server) -> None:
    dsn = servers.new_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_ROWS)
        columns = {
            "id": Value('t."id"', "integer", 't."id"'),
            "small": _integer('t."small"', short=True),
            "number": _integer('t."number"', short=True),
            "big": _integer('t."big"', short=False),
            "word": Value("coalesce(hashtextextended(t.word, 1) & 2147483647, -1)", "hash of 25"),
            "whole": Value("hashint8extended(t.id, 1)", "whole hash of 23"),
            **{f"n{place}": _integer('t."small"', short=True) for place in range(4)},
            "bits": Value("case when t.flag then 1 else 0 end + 536870912", "bits"),
        }
        for names in (list(columns), ["id"], ["bits", "id"], ["number", "whole"]):
            some = {name: columns[name] for name in names}
            got = list(blocks(connection, _table(connection), Packing(some, ("id",))))
            expected = arrays(connection, {name: it.sql for name, it in some.items()}, "from things as t")
            assert {name: [int(it) for part in got for it in part[name]] for name in names} == {
                name: array.tolist() for name, array in expected.items()
            }
    servers.drop_database(server, dsn)


def _integer(column: str, *, short: bool) -> Value:
    return Value(f"coalesce({column}::int8, {NULL})", "integer", column if short else "")


def _table(connection: psycopg.Connection) -> Table:
    names = [RelationName("", "things")]
    found, _ = tables_of(connection, catalog.relations(connection, names).items())
    return found[names[0]]


def test_pairs_come_out_of_the_statement_of_the_rule(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = servers.new_database(server)
    world = World(dsn, 1)

    def read_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pairs, "read", read_again)
    try:
        run(dsn, tmp_path / "first", replace(OPTIONS, suites=(str(SUITE),), rules=("pairs.text",)))
        state = state_file.read(tmp_path / "first" / "state")
        ((name, query),) = state.facts["pairs"].items()
        table = state.table(name)
        got = sorted(zip(table.ids.tolist(), table.array("key").tolist(), strict=True))
        assert got == sorted(world.connection.execute(query.encode()).fetchall())
        assert got
    finally:
        world.close()
        servers.drop_database(server, dsn)


def test_a_rule_that_fails_says_the_same_beside_pairs(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    (tmp_path / "suite" / "some").mkdir(parents=True)
    (tmp_path / "suite" / "some" / "failing.sql").write_text(_FAILING, encoding="utf-8")
    options = replace(OPTIONS, suites=(str(tmp_path / "suite"),))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table person (id int primary key, tag text);"
            "insert into person select i, i % 7 || ' x' from generate_series(1, 50) as i"
        )
    (kept,) = run(dsn, tmp_path / "kept", options).results
    (plain,) = run(dsn, tmp_path / "plain", replace(options, state=False)).results
    servers.drop_database(server, dsn)
    assert kept.status == plain.status == "errored"
    assert kept.error == plain.error
    assert kept.error_at == plain.error_at
    assert json.loads((tmp_path / "kept" / "state" / "manifest.json").read_text())["content"]["facts"]["pairs"]


@pytest.mark.parametrize(
    ("body", "queries", "rest", "names"),
    [
        ("with a as (select 1) select 2", "a as (select 1)", "select 2", set()),
        (
            "WITH A as materialized (select ')', $$($$, E'\\'(' /* ( */ -- )\n), \"B c\" as materialized (select 1)"
            "\nselect 2",
            "A as materialized (select ')', $$($$, E'\\'(' /* ( */ -- )\n), \"B c\" as materialized (select 1)",
            "select 2",
            {"a", "B c"},
        ),
        ("with recursive a as (select 1) select 2", None, None, None),
        ("with a (b) as (select 1) select 2", None, None, None),
        ("with a as not materialized (select 1) select 2", None, None, None),
        ("with a as (select 1) (select 2)", None, None, None),
        ("select 2", None, None, None),
        ("with a as (select 1", None, None, None),
    ],
)
def test_with_queries_are_divided_from_the_rest(
    body: str, queries: str | None, rest: str | None, names: set[str] | None
) -> None:
    found = with_texts(body)
    if queries is None:
        assert found is None
    else:
        assert found is not None
        assert (found.queries, found.rest, set(found.materialized)) == (queries, rest, names)
