"""No included rule judges all rows in an audit since an earlier one, and what the state keeps for them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg

from order_audit.audit.database.server import Server
from order_audit.audit.run import run
from order_audit.audit.since import state_file
from order_audit.scenario.generate import generate
from tests.since.test_random import OPTIONS
from tests.support import servers


def test_all_are_judged_from_changes(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=700, customers=60, defects=0.003, seed=1)
        run(dsn, tmp_path / "first", OPTIONS)
        connection.execute("update orders set order_status = 'paused' where order_id = 7")
    since = run(dsn, tmp_path / "second", replace(OPTIONS, since=tmp_path / "first")).run.since
    servers.drop_database(server, dsn)
    assert since is not None
    assert not since.whole
    assert since.in_full == {}


def test_texts_of_customers_have_one_number_that_the_rule_computes_anyway(server: Server, tmp_path: Path) -> None:
    dsn = servers.new_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=70, customers=60, defects=0.0, seed=1)
    run(dsn, tmp_path / "first", OPTIONS)
    servers.drop_database(server, dsn)
    facts = state_file.read(tmp_path / "first" / "state").facts
    kept = sorted(facts["tables"]['"public"."customers"']["values"])
    assert len(kept) == 2
    assert "address_state" in kept[0]
    assert "customer_email" in kept[1]
    assert all(it.startswith("HASHTEXTEXTENDED(") for it in kept)
