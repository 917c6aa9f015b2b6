"""Audits since an earlier one of rules that compare values of which a row has none or several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg

from order_audit.audit.database.server import Server
from order_audit.audit.run import run
from tests.since.test_random import AUDITS, OPTIONS, SUITE, hold
from tests.since.world import World
from tests.support import servers

#: People whose tags have a word in common; a word that is no number cannot be computed.
_NUMBERS = """-- title: tags with one number
-- severity: warning
-- key: id
with w as (
  select p.id, (k.word::int)::text as word
  from person as p
  cross join lateral regexp_split_to_table(p.tag, ' ') as k (word)
)
select x.id from (select w.id, count(*) over (partition by w.word collate "C") as n from w) as x where x.n > 1
"""


def test_which_are_judged_from_changes(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    world = World(dsn, 1)
    options = replace(OPTIONS, suites=(str(SUITE),), rules=("pairs.*",))
    try:
        run(dsn, tmp_path / "first", options)
        world.connection.execute("update person set email = 'u1@other' where id in (2, 3)")
        since = run(dsn, tmp_path / "second", replace(options, since=tmp_path / "first")).run.since
    finally:
        world.close()
        servers.drop_database(server, dsn)
    assert since is not None
    assert not since.whole
    assert since.in_full == {
        "pairs.window": "it has a window by a value that is not computed from single rows of a table"
    }


def test_values_that_cannot_be_computed(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    (tmp_path / "suite" / "some").mkdir(parents=True)
    (tmp_path / "suite" / "some" / "numbers.sql").write_text(_NUMBERS, encoding="utf-8")
    options = replace(OPTIONS, suites=(str(tmp_path / "suite"),))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table person (id int primary key, tag text);"
            "insert into person select i, i % 7 || ' ' || i from generate_series(1, 50) as i"
        )
        changes = [
            b"update person set tag = '3 49' where id = 9",
            b"update person set tag = 'none' where id = 8",
            b"update person set tag = '8' where id = 8",
            b"delete from person where id = 49",
        ]

        def change() -> None:
            connection.execute(changes.pop(0))

        assert hold(dsn, tmp_path, options, change, []) == AUDITS
    servers.drop_database(server, dsn)


def test_each_rule_runs(server: Server, tmp_path: Path) -> None:
    """A rule that fails is equal in all audits, and shows nothing."""
    dsn = servers.new_database(server)
    world = World(dsn, 1)
    try:
        results = run(dsn, tmp_path / "out", replace(OPTIONS, suites=(str(SUITE),))).results
    finally:
        world.close()
        servers.drop_database(server, dsn)
    assert [(it.rule, it.error) for it in results if it.status == "errored"] == []
