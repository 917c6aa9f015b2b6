"""An audit since an earlier one gives what an audit of all rows gives for keys, names and types of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.results.options import Options
from order_audit.audit.run import run
from tests.support import servers

#: Types of keys with a value for the number i.
_KEYS: Final = {
    "int8": "case i when 1 then -9223372036854775808 when 2 then 9223372036854775807 else 1500000000000000000 + i end",
    "int2": "i",
    "small": "i",
    "numeric": "case i when 1 then 'NaN' else (i * 0.10)::numeric end",
    "float8": "case i when 1 then 'NaN' when 2 then 'Infinity' else i * 0.1 / 3 end",
    "text": "coalesce((array['', ',', '\"', E'a\\nb', 'NULL'])[i], 'k' || i)",
    "varchar(9)": "'k' || i",
    "char(5)": "'k' || i",
    "date": "case i when 1 then 'infinity' when 2 then '0044-03-15 BC' else '2026-01-01'::date + i end",
    "timestamptz": "'2026-01-01'::timestamptz + i * interval '7.123456 hours'",
    "interval": "i * interval '1 day -3 hours'",
    "uuid": "md5(i::text)::uuid",
    "bytea": "decode(md5(i::text), 'hex')",
    "jsonb": "jsonb_build_object('a', i, 'b', 1.50)",
    "int4range": "int4range(i, i + 2)",
    "bool": "i % 2 = 0",
    "mood": "(enum_range(null::mood))[i]",
}
#: Those that stand before another column in a key.
_PAIRS: Final = ("text", "numeric", "bool", "jsonb", "timestamptz", "int4range")
_MORE: Final = """
create table "We%ird {0} ""T"" x" ("I%d x" int primary key, "V%s" text, "fk {x}" int8, "K" text unique not null);
insert into "We%ird {0} ""T"" x" select i, 't' || i % 7, i % 9, 'key ' || i from generate_series(1, 40) as i;
create table ref (id int8 primary key, r int8, key text, v int);
insert into ref select i, i % 12, 'key ' || i * 2, i % 7 from generate_series(1, 40) as i;
insert into ref values (-9223372036854775808, 9223372036854775807, '', 3),
  (9223372036854775807, -9223372036854775808, null, 3), (90, null, '', 3);
create type address as (street text, number int);
create table typed (id int primary key, moods mood[], address address, v int);
insert into typed select i, array['m1', 'm2']::mood[], row('s', i)::address, 3 from generate_series(1, 9) as i;
create table parted (id int primary key, v int) partition by range (id);
create table parted_1 partition of parted for values from (0) to (20);
create table parted_2 partition of parted for values from (20) to (99);
insert into parted select i, i % 7 from generate_series(1, 40) as i;
create function differs(int, int) returns bool language sql immutable as 'select $1 <> $2';
create operator @> (function = differs, leftarg = int, rightarg = int);
"""
_RULES: Final = {
    "union": ("id", "select id from ref where v = 5 union all select r from ref where v = 3"),
    "ends": ("id", "select a.id from ref as a join ref as b on b.id = a.r where b.v = 3"),
    "odd": ('"I%d x"', 'select "I%d x" from "We%ird {0} ""T"" x" where "V%s" = \'t1\''),
    "joined": ('"K"', 'select w."K" from "We%ird {0} ""T"" x" w join ref on ref.id = w."fk {x}" where ref.v = 3'),
    "missing": (
        '"K"',
        'select w."K" from "We%ird {0} ""T"" x" w left join ref on key = w."K" where ref.id is null',
    ),
    "label": ("id", "select id from typed where 'm1' = any (moods::text[])"),
    "attribute": ("id", "select id from typed where row_to_json(address) ->> 'street' is null"),
    "parted": ("id", "select id from parted where v = 3"),
    "operator": ("id", "select id from parted where v @> 3"),
    "server": ("relname", "select c.relname from pg_class as c where c.reltuples > 5 and c.relkind = 'r'"),
    "failing": ("id", "select r.id from ref as r join ref as o on o.id = 60 / r.v where r.v > 0"),
    "partly": ("id", "select r.id from ref as r join parted on abs(parted.id) = abs(60 / r.v) where r.v > 0"),
}
_CHANGES: Final = (
    """
    update ref set v = 3 where id in (4, 9223372036854775807);
    update ref set r = 90 where id = 5;
    update parted set v = 3 where id in (1, 30)
    """,
    """
    update ref set v = 4 where id = -9223372036854775808;
    delete from ref where id = 7;
    update "We%ird {0} ""T"" x" set "V%s" = 't1' where "I%d x" = 4;
    alter type mood rename value 'm1' to 'n1';
    alter type address rename attribute street to road;
    analyze
    """,
)
_OPTIONS: Final = Options(lint=False, profile=False, formats=("json", "violations"), state=True, examples=3, jobs=1)


def _tables() -> Iterator[str]:
    yield "create type mood as enum ('m1', 'm2', 'm3', 'm4', 'm5'); create domain small as int check (value > 0);"
    for number, (kind, value) in enumerate(_KEYS.items()):
        rows = 2 if kind == "bool" else 5 if kind == "mood" else 9
        if kind in _PAIRS:
            yield f"create table k{number} (k {kind} not null, n int not null, v int, primary key (k, n));"
            yield f"insert into k{number} select {value}, 1, 6 - i % 2 from generate_series(1, {rows}) as i;"
        else:
            yield f"create table k{number} (k {kind} primary key, v int);"
            yield f"insert into k{number} select {value}, 6 - i % 2 from generate_series(1, {rows}) as i;"
    yield _MORE


def _suite(folder: Path) -> Path:
    rules = dict(_RULES)
    for number, kind in enumerate(_KEYS):
        if kind in _PAIRS:
            rules[f"k{number}"] = ("k, n", f"select k, n from k{number} where v > 5")
        else:
            rules[f"k{number}"] = ("k", f"select k from k{number} where v > 5")
    (folder / "a").mkdir(parents=True)
    for rule, (key, query) in rules.items():
        text = f"-- title: {rule}\n-- severity: warning\n-- key: {key}\n{query}\n"
        (folder / "a" / f"{rule}.sql").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.both_versions
def test_keys_names_and_types_of_every_kind(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    options = replace(_OPTIONS, suites=(str(_suite(tmp_path / "suite")),), key_file=tmp_path / "key")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("\n".join(_tables()).encode())
        last, told = tmp_path / "0", {}
        run(dsn, last, options)
        for number, change in enumerate(_CHANGES, 1):
            connection.execute(change.encode())
            out, full = tmp_path / str(number), tmp_path / "full"
            since = run(dsn, out, replace(options, since=last))
            whole = run(dsn, full, replace(options, state=False))
            assert since.run.since is not None
            assert since.run.since.whole is None
            assert (out / "violations.csv").read_bytes() == (full / "violations.csv").read_bytes(), change
            found = {it.rule: (it.status, it.violations) for it in since.results}
            assert found == {it.rule: (it.status, it.violations) for it in whole.results}, change
            last, told = out, since.run.since.in_full
    assert told["a.operator"] == "it may have an operator of the database's own, which calls any function"
    assert told["a.server"] == "pg_class: it is a table of the server"
    assert told["a.failing"] == told["a.partly"] == "it compares a value whose computation can fail on other rows"
    assert {"union", "ends", "odd", "joined", "missing", "parted", "k0", "k7"}.isdisjoint(it[2:] for it in told)
    servers.drop_database(server, dsn)


def test_a_role_that_may_read_the_parent_of_partitions_only(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    (tmp_path / "suite" / "a").mkdir(parents=True)
    rule = "-- title: a\n-- severity: warning\n-- key: id\nselect id from parted where v = 3\n"
    (tmp_path / "suite" / "a" / "a.sql").write_text(rule, encoding="utf-8")
    options = replace(_OPTIONS, suites=(str(tmp_path / "suite"),))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            """
            create table parted (id int primary key, v int) partition by range (id);
            create table parted_1 partition of parted for values from (0) to (20);
            create table parted_2 partition of parted for values from (20) to (99);
            insert into parted select i, i % 7 from generate_series(1, 40) as i;
            drop role if exists reads_parents;
            create role reads_parents login;
            grant select on parted to reads_parents;
            """
        )
        role = psycopg.conninfo.make_conninfo(dsn, user="reads_parents")
        run(role, tmp_path / "0", options)
        connection.execute("update parted set v = 3 where id in (1, 30); delete from parted where id = 3")
        since = run(role, tmp_path / "1", replace(options, since=tmp_path / "0"))
        assert since.run.since is not None
        assert (since.run.since.whole, since.run.since.in_full) == (None, {})
        assert since.results[0].violations == 7
        connection.execute("drop owned by reads_parents; drop role reads_parents")
    servers.drop_database(server, dsn)
