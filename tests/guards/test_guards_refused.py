"""Guards that cannot be installed: for violations, for what a database lacks, for files that are none."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_text import applied_text
from order_audit.audit.database.server import Server
from order_audit.audit.scans.count import count
from order_audit.expectations import load, schema_rules
from order_audit.fixes.applied import Applied
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import FixError
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_file import parse
from order_audit.fixes.guarding.guard_state import refuses, state
from order_audit.fixes.guarding.install import install, install_all, rules_of
from order_audit.fixes.guarding.prerequisites import missing_prerequisite
from tests.guards.installing import GUARDS, connected, made, named
from tests.support import servers

pytestmark = pytest.mark.both_versions

ROOT = Path(__file__).parents[2]
RULES = {rule.id: rule for rule in (*load("current").rules, *schema_rules())}
PACE = Throttle()


def test_a_guard_is_refused_while_its_rule_finds_something(sample: str) -> None:
    guard = GUARDS["phone_is_dialable"]
    with connected(sample) as connection:
        found = refuses(connection, guard)
        assert found == 5
        with pytest.raises(GuardError, match=r"5 rows are left that it would refuse \(customers\.phone_is_dialable\)"):
            install(connection, guard, PACE)
        # one that was left not validated is no shelter
        connection.execute(made(guard)[0].encode())
        assert state(connection, guard) == "invalid"
        with pytest.raises(GuardError, match="5 rows"):
            install(connection, guard, PACE)
        assert state(connection, guard) == "missing"
        assert not named(connection)


def test_a_violation_that_comes_meanwhile_takes_the_guard_away_again(shop: str) -> None:
    """Between the check of the rule and the statement of the guard, another session violates the rule."""
    cases = {
        "amount_is_not_negative": "update orders set order_amount = -1",
        "email_is_unique": "update customers set customer_email = 'a@b.cd'"
        " where customer_id in (select customer_id from customers order by customer_id limit 2)",
        "keeps_customer": "update orders set customer_id = (select min(customer_id) from customers)"
        " where order_ref <> order_id",
        "root_is_not_closed": "update orders set order_status ="
        " case when order_id = order_ref then 'expired' else 'active' end",
    }
    with connected(shop) as connection, connected(shop) as other:
        for needed in ("order_ref_exists",):
            install(connection, GUARDS[needed], PACE)
        for name, breaks in cases.items():
            guard, first = GUARDS[name], [breaks]

            def tell(_done: int, _of: int, note: str, first: list[str] = first) -> None:
                if first and note.startswith("guard "):
                    other.execute(first.pop().encode())

            before = named(connection)
            installed, refused = install_all(connection, [guard], PACE, count, tell)
            assert installed == []
            assert not first
            assert str(refused[name]).startswith(f"guard {name} is not installed: ")
            assert state(connection, guard) == "missing"
            assert named(connection) == before


def test_counts_of_shared_scans_refuse_the_same_rows(sample: str) -> None:
    """With violations of all rules counted at once, a guard rejects the same rows as when checked alone."""
    with connected(sample) as connection:
        counts = count(connection, rules_of(GUARDS.values()))
        for guard in GUARDS.values():
            if not missing_prerequisite(connection, guard, GUARDS):
                assert refuses(connection, guard, counts) == refuses(connection, guard), guard.name
        assert any(counts.values())


def test_what_keeps_many_guards_away_is_told_once(server: Server, shop: str) -> None:
    with connected(shop) as connection:
        connection.execute("drop role if exists tenant")
        connection.execute("create role tenant login")
        connection.execute("alter table orders owner to tenant")
        connection.execute("alter table customers owner to tenant")
        connection.execute("drop schema order_audit cascade")
        connection.execute(f"grant create on database {connection.info.dbname} to tenant".encode())
        # it may not create in the tables' schema, and so build no index
        connection.execute("revoke create on schema public from public")
    with connected(psycopg.conninfo.make_conninfo(shop, user="tenant")) as connection:
        wanted = [GUARDS[name] for name in ("amount_is_not_negative", "email_is_unique", "one_live_order")]
        made, refused = install_all(connection, wanted, PACE)
    done = Applied((), installed=tuple(made), guard_errors=refused)
    assert applied_text(done, rehearsed=False).splitlines()[1:] == [
        "guards    installed: amount_is_not_negative",
        "          not installed (permission denied for schema public): email_is_unique, one_live_order",
    ]
    servers.drop_database(server, shop)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("drop role tenant")


def test_what_a_database_lacks_is_told(server: Server) -> None:
    dsn = servers.new_database(server, options="encoding 'LATIN1' locale 'C'")
    with connected(dsn) as connection:
        assert missing_prerequisite(connection, GUARDS["amount_is_not_negative"]) == "there is no table orders"
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        assert missing_prerequisite(connection, GUARDS["text_is_normalised"]) == "the database's encoding is not utf8"
        guard, first = GUARDS["keeps_customer"], ["order_ref_exists"]
        assert missing_prerequisite(connection, guard) == "it builds on the guard order_ref_exists, which is not there"
        assert missing_prerequisite(connection, guard, coming=first) == ""
        connection.execute("alter table orders alter customer_id drop not null")
        assert missing_prerequisite(connection, guard, coming=first) == "orders.customer_id may be null"
        connection.execute("alter table orders add check (customer_id is not null)")
        assert missing_prerequisite(connection, guard, coming=first) == ""
        connection.execute("alter table orders drop constraint orders_pkey")
        connection.execute("create index on orders (order_id)")
        assert "orders.order_id has no unique index" in missing_prerequisite(connection, GUARDS["one_live_order"])
        with pytest.raises(GuardError, match=r"orders\.order_id has no unique index"):
            install(connection, GUARDS["one_live_order"], PACE)
        connection.execute("alter table orders rename order_amount to amount")
        with pytest.raises(GuardError, match=r"not installed: column \"?o\.order_amount"):
            install(connection, GUARDS["amount_is_not_negative"], PACE)
        with connection.transaction(), pytest.raises(ValueError, match="outside a transaction"):
            install(connection, GUARDS["one_live_order"], PACE)
    servers.drop_database(server, dsn)


def test_states_are_told_in_a_transaction_that_only_reads(shop: str) -> None:
    with connected(shop) as connection:
        for name in ("order_ref_exists", "amount_is_not_negative", "is_covered_by_balance"):
            install(connection, GUARDS[name], PACE)
        connection.execute("set default_transaction_read_only = on")
        found = {name: state(connection, guard) for name, guard in GUARDS.items()}
        assert {name for name, how in found.items() if how == "valid"} == {
            "order_ref_exists", "amount_is_not_negative", "is_covered_by_balance", "status_is_known",
            "sequence_is_ahead_of_data",
        }  # fmt: skip


def test_a_file_that_is_no_guard_is_refused() -> None:
    head = "-- title: t\n-- protects: orders.status_is_known\n"
    for text, message in (
        ("-- title: t\n-- check orders:\ntrue", "a guard has a title, rules"),
        ("-- title: t\n-- protects: orders.unknown\n-- check orders:\ntrue", r"no rule orders\.unknown"),
        (head, "a guard has a title"),
        (head + "-- requires: luck\n-- check orders:\ntrue", "cannot determine whether there is luck"),
        (head + "-- check orders:\n", "empty"),
        (head + "-- check orders:\ntrue\n-- check orders:\nfalse", "there twice"),
        (head + "nonsense", "g.sql:3: neither a header"),
        (head + f"-- check orders {'x' * 60}:\ntrue", "too long a name"),
    ):
        with pytest.raises(FixError, match=message):
            parse(text, "g", RULES, "g.sql")


def test_each_rule_that_no_guard_protects_is_argued() -> None:
    protected = {rule.id for guard in GUARDS.values() for rule in guard.protects}
    for rule in load("current").rules:
        assert (rule.id in protected or bool(rule.requires)) != bool(rule.unguarded), rule.id
