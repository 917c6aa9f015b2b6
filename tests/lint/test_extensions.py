"""Objects of extensions on the search path, above all operators, do not change the results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.cli.fix_plan_text import plan_text
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.audit.schema.lint import document
from order_audit.expectations import load
from order_audit.fixes.fix import fixes
from order_audit.fixes.planning.planner import plan
from tests.lint.support import judged
from tests.support import servers
from tests.support.results import run

#: Foreign keys with and without an index, of one column and of two, whose numbers arrays hold.
TABLES = """
create table site (region int, number int, primary key (region, number));
create table lot (id int primary key, region int, number int, site_number int, tags text[], counts int[],
  foreign key (region, number) references site);
create table bed (id int primary key, lot_id int references lot, number int, region int,
  foreign key (region, number) references site);
create index on lot (number, region);
"""


@pytest.fixture
def pair(server: Server, servers_by_major: dict[int, Server]) -> Iterator[tuple[str, str]]:
    """The scenario with its labelled issues: alone, and in a schema that holds every extension both servers have."""
    offered = []
    for one in servers_by_major.values():
        with psycopg.connect(one.dsn()) as connection:
            rows = connection.execute("select name from pg_available_extensions where name <> 'plpgsql'").fetchall()
            offered.append({name for (name,) in rows})
    plain, extended = servers.new_database(server), servers.new_database(server)
    with psycopg.connect(extended, autocommit=True) as connection:
        for name in sorted(set.intersection(*offered)):
            connection.execute(f'create extension if not exists "{name}" schema public cascade'.encode())
        with_operators = connection.execute(
            "select array_agg(distinct e.extname) from pg_extension as e"
            " join pg_depend as d on d.refobjid = e.oid and d.classid = 'pg_operator'::regclass"
        ).fetchone()
    assert with_operators
    assert {"citext", "cube", "hstore", "intarray", "isn", "ltree", "pg_trgm", "seg"} <= {*with_operators[0]}
    for dsn in (plain, extended):
        with psycopg.connect(dsn, autocommit=True) as connection:
            scenario.load(connection, issues=True)
            connection.execute(TABLES.encode())
    yield plain, extended
    for dsn in (plain, extended):
        servers.drop_database(server, dsn)


def test_extensions_change_nothing(pair: tuple[str, str], tmp_path: Path) -> None:
    """Lint, run, profile and plan say the same, and every rule is judged."""
    plain, extended = (said(dsn, tmp_path / str(place)) for place, dsn in enumerate(pair))
    assert {"checked"} == {rule["status"] for rule in plain["schema_rules"]}
    indexes = {it["object"] for it in plain["schema_findings"] if it["rule"] == "schema.foreign_key_has_index"}
    assert indexes == {"orders.customer_id", "orders.order_ref", "bed.lot_id", "bed.(region, number)"}
    for part in plain:
        assert extended[part] == plain[part], part


def said(dsn: str, out: Path) -> dict[str, Any]:
    """The results of the program on a database."""
    found = run(dsn, out, Options(formats=("json",)))
    rules = load("current").rules
    ready = fixes(rules)
    with psycopg.connect(dsn, autocommit=True) as connection:
        planned = plan(connection, rules, ready, {id: fix.recommended for id, fix in ready.items()})
    assert not [step.problem for step in planned.steps if step.problem]
    assert found["profile"]["orders"]["columns"]
    kept = ("rule", "status", "violations", "examples")
    return document(judged(dsn)) | {
        "results": [{name: it.get(name) for name in kept} for it in found["results"]],
        "profile": found["profile"],
        "plan": plan_text(planned),
    }
