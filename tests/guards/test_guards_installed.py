"""Guards are installed once, recognised, restored from a dump, and removed without a trace."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.scans.count import count
from order_audit.expectations import Rule, load
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_state import refuses, state
from order_audit.fixes.guarding.install import install, install_all, remove
from tests.guards.installing import GUARDS, connected, named
from tests.support import servers
from tests.support.clients import psql

pytestmark = pytest.mark.both_versions
PACE = Throttle()


def schema_of(server: Server, dsn: str) -> str:
    """The schema by pg_dump, without the parts that differ in each run."""
    dumped = subprocess.run([server.bin / "pg_dump", "--schema-only", dsn], capture_output=True, text=True, check=True)
    return re.sub(r"^\\(un)?restrict .*$", "", dumped.stdout, flags=re.MULTILINE)


def test_all_guards_are_installed_once_and_leave_no_trace(server: Server, shop: str) -> None:
    before = schema_of(server, shop)
    with connected(shop) as connection:
        there_already = {name for name, guard in GUARDS.items() if state(connection, guard) == "valid"}
        assert there_already == {"status_is_known", "sequence_is_ahead_of_data"}
        for guard in GUARDS.values():
            assert refuses(connection, guard) == 0
            assert install(connection, guard, PACE) == (guard.name not in there_already)
            assert state(connection, guard) == "valid"
        made = named(connection)
        assert len(made) > 35
        assert all(row[3] for row in made)
        for guard in GUARDS.values():
            assert not install(connection, guard, PACE)
        assert named(connection) == made
        # chk_status and the foreign key to customers have the same effect, under other names
        assert not any(row[1].startswith("order_audit_status_is_known") for row in made)
        assert not any(row[:2] == ("constraint", "order_audit_customer_exists") for row in made)
        assert not any(row[1].endswith("_not_null") for row in made)
        for guard in reversed(GUARDS.values()):
            assert remove(connection, guard, PACE) == (guard.name not in there_already)
            assert not remove(connection, guard, PACE)
    assert schema_of(server, shop) == before


def test_a_dump_is_restored_with_its_guards(server: Server, shop: str, tmp_path: Path) -> None:
    dump = tmp_path / "dump"

    def contents(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
        return [
            row
            for table in ("orders", "customers")
            for row in connection.execute(f"select t::text from {table} as t order by 1".encode()).fetchall()
        ]

    def restore(dsn: str, *options: str) -> str:
        done = subprocess.run(
            [server.bin / "pg_restore", "--dbname", dsn, *options, dump], capture_output=True, text=True, check=False
        )
        return done.stderr

    with connected(shop) as connection:
        assert not install_all(connection, list(GUARDS.values()), PACE)[1]
        # live recreations are not covered any more: a debit is never refused
        connection.execute("update customers set customer_balance = 0")
        before = contents(connection)
    subprocess.run([server.bin / "pg_dump", "--format=custom", "--file", dump, shop], check=True)
    schema = schema_of(server, shop)
    tries: list[list[str]] = [
        ["--exit-on-error"],
        ["--no-acl"],
        ["--schema-only", "--data-only --disable-triggers"],
        [
            "--schema-only",
            "alter table orders disable trigger user",
            "--data-only",
            "alter table orders enable trigger user",
        ],
    ]
    for ways in tries:
        copy = servers.new_database(server)
        for way in ways:
            if way.startswith("--"):
                assert restore(copy, *way.split()) == ""
            else:
                with connected(copy) as connection:
                    connection.execute(way.encode())
        with connected(copy) as connection:
            assert contents(connection) == before
            assert {name for name, guard in GUARDS.items() if state(connection, guard) != "valid"} == set()
        assert ways == ["--no-acl"] or schema_of(server, copy) == schema
        servers.drop_database(server, copy)
    copy = servers.new_database(server)
    assert restore(copy, "--schema-only") == ""
    assert "is a live recreation, and the balance" in restore(copy, "--data-only")
    servers.drop_database(server, copy)


def test_files_install_and_remove_the_same(server: Server, shop: str, tmp_path: Path) -> None:
    with connected(shop) as connection:
        emitted = emit(connection, fixes(load("current").rules), {}, tmp_path)
    names = [name for name in emitted.changes if name.startswith("guard.")]
    # chk_status has the same effect
    assert {f"guard.{name}" for name in GUARDS} - set(names) == {"guard.status_is_known"}
    before = schema_of(server, shop)

    def run(kind: str, names: list[str]) -> None:
        done = psql(shop, *(tmp_path / kind / f"{name}.sql" for name in names))
        assert done.returncode == 0, done.stderr

    run("deploy", names)
    run("verify", names)
    with connected(shop) as connection:
        there = named(connection)
        assert {state(connection, guard) for guard in GUARDS.values()} == {"valid"}
        # a debit that leaves orders uncovered does not reject existing orders
        connection.execute("update customers set customer_balance = 0")
        run("deploy", names)
        assert named(connection) == there
        run("revert", names[::-1] * 2)
        assert not named(connection)
    assert schema_of(server, shop) == before


def test_a_guard_goes_with_the_one_that_it_builds_on(shop: str) -> None:
    """After two guards are installed, another session has violated the rule of the first."""
    wanted = [GUARDS["order_ref_exists"], GUARDS["ancestor_is_older"]]
    judged: list[int] = []

    def breaking(connection: psycopg.Connection, rules: Sequence[Rule]) -> dict[str, int]:
        judged.append(len(rules))
        counts = count(connection, rules)
        return counts if len(judged) == 1 else counts | {"lineage.order_ref_exists": 3}

    with connected(shop) as connection:
        before = named(connection)
        installed, refused = install_all(connection, wanted, PACE, breaking)
        assert installed == []
        assert judged == [2, 2]
        assert refused["order_ref_exists"].rows == 3
        assert "it builds on the guard order_ref_exists" in str(refused["ancestor_is_older"])
        assert named(connection) == before
        assert install_all(connection, wanted, PACE, count) == (["order_ref_exists", "ancestor_is_older"], {})


def test_something_else_of_the_same_name_is_left_alone(shop: str) -> None:
    cases = {
        "amount_is_not_negative": (
            "alter table orders add constraint order_audit_amount_is_not_negative check (order_amount > -10)",
            "select 1 from pg_constraint where conname = 'order_audit_amount_is_not_negative'",
        ),
        "one_live_order": (
            "create unique index order_audit_one_live_order on orders (order_id)",
            "select 1 from pg_class where relname = 'order_audit_one_live_order'",
        ),
        "order_ref_exists": (
            "alter table orders add constraint order_audit_order_ref_exists foreign key (order_ref)"
            " references orders (order_id) on delete cascade",
            "select 1 from pg_constraint where conname = 'order_audit_order_ref_exists'",
        ),
    }
    with connected(shop) as connection:
        for name, (other, there) in cases.items():
            guard = GUARDS[name]
            connection.execute(other.encode())
            before = named(connection)
            assert state(connection, guard) == "different"
            with pytest.raises(GuardError, match=f"order_audit_{name} already exists with another definition"):
                install(connection, guard, PACE)
            remove(connection, guard, PACE)
            assert named(connection) == before
            assert connection.execute(there.encode()).fetchone() == (1,)


def test_what_has_the_same_effect_under_another_name_is_recognised(shop: str) -> None:
    with connected(shop) as connection:
        connection.execute(
            """
            alter table orders add constraint amount_is_positive check (order_amount > 0 and order_amount < 1000000000);
            create unique index one_at_a_time on orders (order_ref)
              where order_status::text = any (array['pending', 'active', 'paused']);
            create index by_ref on orders (order_ref, order_status);
            alter table orders add constraint ref_is_there foreign key (order_ref) references orders (order_id);
            alter table customers add constraint no_debts check (customer_balance >= 0) not valid;
            """
        )
        for name in ("amount_is_not_negative", "one_live_order", "order_ref_exists"):
            assert state(connection, GUARDS[name]) == "valid"
            assert not install(connection, GUARDS[name], PACE)
            assert not remove(connection, GUARDS[name], PACE)
        # one that was never validated proves nothing
        assert install(connection, GUARDS["balance_is_not_negative"], PACE)
        # neither does one that is weaker, or that may be null
        connection.execute("alter table orders drop constraint chk_status, alter order_status drop not null")
        connection.execute(
            "alter table orders add constraint chk check (order_status in ('active', 'paused')) not valid"
        )
        assert state(connection, GUARDS["status_is_known"]) == "missing"
        connection.execute("alter table orders drop constraint chk")
        connection.execute(
            "alter table orders add constraint chk check (order_status in"
            " ('expired', 'recreated', 'pending', 'active', 'paused', 'cancelled'))"
        )
        assert state(connection, GUARDS["status_is_known"]) == "missing"
        connection.execute("alter table orders alter order_status set not null")
        assert state(connection, GUARDS["status_is_known"]) == "valid"


def test_a_trigger_that_was_switched_off_is_switched_on(shop: str) -> None:
    guard = GUARDS["is_covered_by_balance"]
    with connected(shop) as connection:
        install(connection, guard, PACE)
        connection.execute("alter table orders disable trigger order_audit_is_covered_by_balance_updated")
        assert state(connection, guard) == "invalid"
        assert install(connection, guard, PACE)
        assert state(connection, guard) == "valid"
        # an older version of a function is replaced, under the triggers that call it
        connection.execute(
            "create or replace function order_audit.is_covered_by_balance() returns trigger language plpgsql"
            " as 'begin return null; end'"
        )
        assert state(connection, guard) == "invalid"
        assert install(connection, guard, PACE)
        assert state(connection, guard) == "valid"


def test_what_a_report_shows_of_a_guard_makes_it(shop: str) -> None:
    """The plain SQL of all guards, pasted into psql in their order."""
    shown = "\n".join(guard.document("public")["sql"] for guard in GUARDS.values())
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", shop],
        input=shown, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with connected(shop) as connection:
        assert {name: state(connection, guard) for name, guard in GUARDS.items()} == dict.fromkeys(GUARDS, "valid")
