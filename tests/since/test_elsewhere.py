"""Audits since an earlier one with other options, encodings and collations, and of a database that was restored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.results.options import Options
from order_audit.audit.run import run
from order_audit.reports.document import Since
from tests.support import servers

_OPTIONS: Final = Options(lint=False, profile=False, formats=("json", "violations"), state=True, examples=3, jobs=1)


def _suite(folder: Path, rules: Mapping[str, tuple[str, str]]) -> Options:
    """Write rules by name, each with its key and query; return the options of an audit by them."""
    (folder / "a").mkdir(parents=True)
    for name, (key, query) in rules.items():
        text = f"-- title: {name}\n-- severity: warning\n-- key: {key}\n{query}\n"
        (folder / "a" / f"{name}.sql").write_text(text, encoding="utf-8")
    return replace(_OPTIONS, suites=(str(folder),), key_file=folder.parent / "key")


def _held(dsn: str, folder: Path, number: int, options: Options, **more: Any) -> Since:
    """Audit since the audit before and on all rows; return what the first one says, if both found the same."""
    out, full = folder / str(number), folder / f"full {number}"
    since = run(dsn, out, replace(options, since=folder / str(number - 1), **more))
    whole = run(dsn, full, replace(options, state=False, **more))
    assert (out / "violations.csv").read_bytes() == (full / "violations.csv").read_bytes()
    plain = [[replace(it, duration_ms=0) for it in document.results] for document in (since, whole)]
    assert plain[0] == plain[1]
    assert since.summary == whole.summary
    assert since.run.since is not None
    return since.run.since


@contextmanager
def _connected(server: Server, options: str = "") -> Iterator[tuple[str, psycopg.Connection]]:
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield dsn, connection
    servers.drop_database(server, dsn)


_COLLATED: Final = """
create extension citext;
create collation loose (provider = icu, deterministic = false, locale = 'und-u-ks-level2');
create collation strict (provider = icu, locale = 'und');
create table city (code citext primary key, name text collate strict unique not null, nick text collate loose, v int);
create table person (id text collate strict primary key, code citext, city text collate strict, nick text collate loose,
  v int, paid interval);
create table odd (id text collate loose primary key, v int);
insert into city select 'C' || i, 'n' || i, 'k' || i % 9, i % 7 from generate_series(1, 40) as i;
insert into person select 'p' || i, 'c' || i % 50, 'n' || i % 50, 'K' || i % 9, i % 7,
  case when i % 2 = 0 then interval '1 day' else interval '24 hours' end from generate_series(1, 200) as i;
insert into odd select 'O' || i, i % 7 from generate_series(1, 40) as i;
"""
_COLLATED_RULES: Final = {
    "key": ("id", "select id from person where v = 3"),
    "citext_key": ("code", "select code from city where v = 3"),
    "citext_link": ("id", "select p.id from person as p join city as c on c.code = p.code where c.v = 3"),
    "citext_window": ("id", "select d.id from (select p.id, count(*) over (partition by p.code) as n, p.v from person"
                      " as p) as d where d.n > 3 and d.v = 3"),
    "strict_link": ("id", "select p.id from person as p left join city as c on c.name = p.city where c.code is null"),
    "loose_link": ("id", "select p.id from person as p join city as c on c.nick = p.nick where c.v = 3 and p.v = 3"),
    "loose_key": ("id", "select id from odd where v = 3"),
    "merged": ("code", "select p.code from person as p group by p.code having count(*) > 4"),
    "equal": ("paid", "select distinct p.paid from person as p where p.v = 3"),
}  # fmt: skip
_COLLATED_CHANGES: Final = (
    "update city set code = upper(code), v = 3 where code = 'c5'; update person set code = 'C7', v = 3 where id = 'p9'",
    "update person set v = 3, paid = '1 day' where id in ('p1', 'p2'); delete from city where code = 'C9';"
    " update person set id = 'P4' where id = 'p4'; update odd set v = 3 where id = 'o2'",
    "update person set code = upper(code) where v = 0;"
    " update person set v = 4 where paid = '1 day' and v = 3 and id > 'p3'",
)


def test_collations_and_texts_that_are_equal(server_15: Server, tmp_path: Path) -> None:
    """Texts that are equal although they differ: by a collation, by their type, and as keys of groups.

    The server 18 of the tests has no such collations.
    """
    options = _suite(tmp_path / "suite", _COLLATED_RULES)
    with _connected(server_15) as (dsn, connection):
        connection.execute(_COLLATED)
        run(dsn, tmp_path / "0", options)
        for number, change in enumerate(_COLLATED_CHANGES, 1):
            connection.execute(change.encode())
            since = _held(dsn, tmp_path, number, options)
            merged = "it merges rows whose keys are equal, and may have different texts"
            assert (since.whole, since.in_full) == (None, {
                "a.equal": merged,
                "a.loose_key": "odd: its key has a collation that takes different texts for equal",
                "a.loose_link": "it compares values whose equality depends on a collation or a composite type",
                "a.merged": merged,
            })  # fmt: skip


_ENCODED: Final = """
create table person (n int primary key, id text unique not null, boss text, v int);
insert into person
select row_number() over (), k || i, k || i / 3, i % 7
from generate_series(1, 40) as i, unnest(array['a', 'é', 'É\x93', '"ü', 'ä,']) as k
"""
_ENCODED_RULES: Final = {
    "key": ("id", "select id from person where v = 3"),
    "pair": ("id, v", "select id, v from person where v = 3"),
    "link": ("n", "select p.n from person as p join person as b on b.id = p.boss where b.v = 3"),
    "window": ("n", "select d.n from (select p.*, count(*) over (partition by lower(p.boss)) as m from person as p)"
               " as d where d.m > 2 and d.v < 4"),
}  # fmt: skip
_ENCODED_CHANGES: Final = (
    "update person set v = 3 where id in ('é4', 'É\x938'); delete from person where id = 'ä,3'",
    "update person set boss = 'é1' where id = '\"ü3'; update person set id = 'ù' || id where v = 3 and id < 'b'",
)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_other_encodings(server: Server, tmp_path: Path, encoding: str) -> None:
    """Bytes that are no UTF-8, and in SQL_ASCII in no known encoding: there, a rule cannot have such keys."""
    options = _suite(tmp_path / "suite", _ENCODED_RULES)
    with _connected(server, f"encoding '{encoding}' lc_collate 'C' lc_ctype 'C' locale_provider libc") as (dsn, at):
        at.execute(f"set client_encoding = {encoding}".encode())
        at.execute(_ENCODED.encode("latin-1"))
        run(dsn, tmp_path / "0", options)
        unjudged = dict.fromkeys(("a.key", "a.pair"), "the earlier audit did not judge it")
        for number, change in enumerate(_ENCODED_CHANGES, 1):
            at.execute(change.encode("latin-1"))
            since = _held(dsn, tmp_path, number, options)
            assert (since.whole, since.in_full) == (None, unjudged if encoding == "SQL_ASCII" else {})


_PLAIN: Final = """
create table city (id int primary key, name text);
create table person (id int primary key, city_id int, v int);
insert into city select i, 'n' || i from generate_series(1, 20) as i;
insert into person select i, i % 22, i % 97 from generate_series(1, 3000) as i;
"""
_PLAIN_RULES: Final = {
    "row": ("id", "select id, v from person where v = 3"),
    "alone": ("id", "select p.id from person as p left join city as c on c.id = p.city_id where c.id is null"),
}


def test_rows_and_a_baseline(server: Server, tmp_path: Path) -> None:
    """The files of --rows have all rows that violate, and --baseline tells new ones from those of an earlier audit."""
    options = replace(_suite(tmp_path / "suite", _PLAIN_RULES), rows=500)
    with _connected(server) as (dsn, connection):
        connection.execute(_PLAIN)
        run(dsn, tmp_path / "0", options)
        connection.execute("update person set v = 3 where id in (5, 6); update person set v = 4 where id = 100")
        connection.execute("update person set city_id = 5 where id = 43; delete from city where id = 7")
        since = _held(dsn, tmp_path, 1, options, baseline=tmp_path / "0" / "results.json")
        assert (since.whole, since.in_full) == (None, {})
        rows = {
            name: {it.name: it.read_bytes() for it in (tmp_path / name / "violations").glob("*.csv")}
            for name in ("1", "full 1")
        }
        assert set(rows["1"]) == {"a.row.csv", "a.alone.csv"}
        assert rows["1"] == rows["full 1"]
        told = [json.loads((tmp_path / name / "results.json").read_text()) for name in ("1", "full 1")]
        assert told[0].get("comparison") == told[1].get("comparison")


def test_a_database_that_was_restored(server: Server, tmp_path: Path) -> None:
    """From a dump, under the old name: all tables are others, or the whole database is."""
    options = _suite(tmp_path / "suite", _PLAIN_RULES)
    with _connected(server) as (dsn, connection):
        connection.execute(_PLAIN)
        run(dsn, tmp_path / "0", options)
        connection.execute(f"drop table person, city; {_PLAIN}")
        since = _held(dsn, tmp_path, 1, options)
        assert set(since.in_full) == {"a.row", "a.alone"}
        assert all(why.endswith("the table was altered") for why in since.in_full.values())
        connection.execute(
            "truncate person, city; insert into city values (1, 'n1'); insert into person values (1, 1, 3)"
        )
        assert _held(dsn, tmp_path, 2, options).in_full == {}
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_PLAIN)
        assert _held(dsn, tmp_path, 3, options).whole == "the database is another"
    servers.drop_database(server, dsn)


def test_a_server_that_identifies_its_queries(server: Server, tmp_path: Path) -> None:
    """Plans have an identifier of the query then, which is another for each way to write it."""
    query = (
        "select p.id from person as p left join city as c on c.id = p.city_id where (c.id > 3) is not true and p.v = 3"
    )
    options = _suite(tmp_path / "suite", {"other": ("id", query)})
    with _connected(server) as (dsn, connection):
        connection.execute(_PLAIN)
        connection.execute(f"alter database {connection.info.dbname} set compute_query_id = on".encode())
        run(dsn, tmp_path / "0", options)
        assert _held(dsn, tmp_path, 1, options).in_full == {}


def test_equal_numbers_that_are_written_in_two_ways(server: Server, tmp_path: Path) -> None:
    """What is computed from the text of a number does not say which numbers are equal."""
    counted = "select d.id from (select p.id, count(*) over (partition by {}) as n from t as p) as d where d.n > {}"
    rules = {"number": ("id", counted.format("p.n", 1)), "text": ("id", counted.format("length((p.n) || '')", 9))}
    options = _suite(tmp_path / "suite", rules)
    with _connected(server) as (dsn, connection):
        connection.execute("create table t (id int primary key, n numeric); insert into t values (1, 1.0), (2, 1.00)")
        run(dsn, tmp_path / "0", options)
        connection.execute("insert into t values (3, 2.0)")
        _held(dsn, tmp_path, 1, options)
        connection.execute("insert into t values (4, 2.00)")
        assert _held(dsn, tmp_path, 2, options).in_full == {}


def test_rows_that_a_rule_does_not_look_at(server: Server, tmp_path: Path) -> None:
    """All rows of a group are read only if the rule looks at all of them."""
    numbered = "select p.id, max(p.id) over (partition by p.g) as last from t as p"
    window = f"select d.id from ({numbered}{{}}) as d where d.id < d.last"
    rules = {"some": ("id", window.format(" where p.kind in ('a', 'b')")), "all": ("id", window.format(""))}
    options = _suite(tmp_path / "suite", rules)
    with _connected(server) as (dsn, connection):
        connection.execute(
            "create table t (id int primary key, g int, kind text);"
            " insert into t select i, 1, case when i % 100 = 0 then 'a' else 'c' end from generate_series(1, 3000) as i"
        )
        run(dsn, tmp_path / "0", options)
        connection.execute("update t set kind = 'b' where id = 2999; update t set kind = 'd' where id in (100, 101)")
        since = _held(dsn, tmp_path, 1, options)
        assert since.in_full == {"a.all": "more than a fifth of the 3,000 rows of t would have to be read again"}
