"""Erasure of a person: what goes, what stays for the books, in each phase."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import back, nothing, one, take
from tests.support import servers
from tests.support.results import run

ROOT = Path(__file__).parents[2]
#: What says who customer 2 of the sample is; and what the test adds.
PERSONAL = [
    "Hudson Home Insurance", "leads@hudsonhome.example.com", "Teodor Blythe", "555-2345",
    "240 Canal Street", "not-a-real-key-hudson-7f3a", "second@hudsonhome.example.com", "9 Second Street", "k-hudson",
]  # fmt: skip
#: Applications of both sides, and fixes that have changed rows of the customer and of another one.
MORE = """
insert into sales.contacts (customer_id, name, email, phone, is_main)
values (2, 'Second', 'second@hudsonhome.example.com', '555-2345', false);
insert into sales.addresses (customer_id, street, state_code, is_main) values (2, '9 Second Street', 'NY', false);
insert into sales.ledger_entries (customer_id, amount, reason) values (2, 40, 'paid');
update sales.orders set delivery_id = sales.delivery(2, 'custom_crm', '{"api_key": "k-hudson", "to": "Teodor Blythe"}')
where order_id = 1009;
"""
FIXES = """
insert into order_audit.journal (rule, option, step, op, tab, key, unit, before, after) values
  ('r', 'o', 1, 'update', 'public.customers', '{"customer_id": "2"}', 1, '{"customer_phone": "555-2345"}', '{}'),
  ('r', 'o', 1, 'update', 'public.orders', '{"order_id": "1002"}', 2, '{"args": "not-a-real-key-hudson-7f3a"}', '{}'),
  ('r', 'o', 1, 'delete', 'public.customers', '{"customer_id": "99"}', 3,
   '{"customer_email": "Leads@HudsonHome.example.com"}', null),
  ('r', 'o', 1, 'update', 'public.customers', '{"customer_id": "3"}', 4, '{"customer_phone": "1"}', '{}');
insert into order_audit.refused (rule, option, tab, key, place, code, refused_by, reason)
values ('r', 'o', 'public.customers', '{"customer_id": "2"}', 5, '23514', '', 'row with Teodor Blythe')
"""
ENDED = "update sales.orders set order_status = 'cancelled' where customer_id = 2 and order_status <> 'recreated'"
ERASE = "select * from sales_private.erase_person(2)"
COUNTED = "not erased: ledger entries whose reason names the person"
#: The books: everything of them that is no text of a person.
BOOKS = """
select (select jsonb_agg(to_jsonb(e) order by e) from sales.ledger_entries as e),
  (select jsonb_agg(to_jsonb(o) - 'delivery_id' - 'updated_at' order by o.order_id) from sales.orders as o),
  (select jsonb_agg(to_jsonb(r) order by r.order_id) from sales.recreations as r),
  (select jsonb_agg(to_jsonb(h) order by h.order_id, h.change_number) from sales.order_status_changes as h),
  (select jsonb_agg(to_jsonb(c) - 'name' - 'updated_at' order by c.customer_id) from sales.customers as c),
  (select jsonb_agg(to_jsonb(c) order by c.contact_id) from sales.contacts as c where c.customer_id <> 2),
  (select jsonb_agg(to_jsonb(d) order by d.delivery_id) from sales.deliveries as d where d.customer_id <> 2)
"""


def left(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Each personal value that is left in a column of any table or in the statistics, with the table."""
    tables = connection.execute(
        "select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p', 'm') and n.nspname !~ '^(pg_|information_schema)'"
    ).fetchall()
    found: list[tuple[str, str]] = []
    for schema, table in [*tables, ("pg_catalog", "pg_stats")]:
        query = sql.SQL(
            "select v from {} as t, unnest(%s::text[]) as v where strpos(lower(t::text), lower(v)) > 0 limit 1"
        )
        found += [
            (f"{schema}.{table}", value)
            for (value,) in connection.execute(query.format(sql.Identifier(schema, table)), [PERSONAL])
        ]
    return found


def erase(connection: psycopg.Connection) -> dict[str, int]:
    """Erase customer 2 and return the counts, whatever the session's default says of backslashes."""
    connection.execute("set standard_conforming_strings = off")
    return {str(what): int(count) for what, count in connection.execute(ERASE)}


@pytest.mark.parametrize("phase", ["backfill", pytest.param("switch", marks=pytest.mark.both_versions), CONTRACT])
def test_nothing_of_a_person_is_left_but_the_books(server: Server, tmp_path: Path, phase: str) -> None:
    with servers.database(server, "sample") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((ROOT / "fixes" / "journal.sql").read_bytes())
        take(connection, steps(PROPOSED), phase)
        connection.execute(MORE)
        connection.execute(FIXES)
        connection.execute("call sales.recreate_due()")
        connection.execute("analyze")
        with pytest.raises(errors.ObjectNotInPrerequisiteState, match="customer 2 has live orders: end them first"):
            erase(connection)
        connection.execute(ENDED)
        places = {place for place, _ in left(connection)}
        assert {"sales.contacts", "sales_private.secrets", "order_audit.journal", "pg_catalog.pg_stats"} <= places
        books = connection.execute(BOOKS).fetchone()

        assert erase(connection) == {
            "contacts": 2,
            "addresses": 2,
            "names": 1,
            "deliveries": 3,
            "secrets": 2,
            "changes in the undo log of fixes": 3,
            "not erased: ledger entries whose reason names the person": 0,
        }
        connection.execute("vacuum analyze")
        assert left(connection) == []
        assert connection.execute(BOOKS).fetchone() == books
        assert one(dsn, "select count(*) from order_audit.journal") == 1
        row = connection.execute(
            "select customer_name, customer_email, customer_contact_name, customer_phone, address, address_state"
            " from customers where customer_id = 2"
        ).fetchone()
        assert row == ("erased customer 2", "erased-2@erased.invalid", "erased", None, "erased", "NY")
        nobody = "select count(*) from orders where customer_id = 2 and delivery_script_name is not null"
        assert one(dsn, nobody) == 0
        assert set(erase(connection).values()) == {0}
        if phase != CONTRACT:
            assert verify(connection, nothing).equal
        document = run(dsn, tmp_path, Options(suites=("proposed",), lint=False, profile=False))
        failed = {it["rule"] for it in document["results"] if it["status"] not in ("passed", "skipped")}
        assert failed == {"customers.phone_is_dialable", "lineage.one_live_order", "orders.schedule_repeats_by_day"}
        if phase == "switch":
            back(connection, steps(PROPOSED), "")
            assert left(connection) == []


def test_reasons_stay_and_are_counted(sample: str) -> None:
    """A reason should name no person; the result counts those that do."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "backfill")
        connection.execute(ENDED)
        connection.execute(
            "insert into sales.ledger_entries (customer_id, amount, reason) values (2, 1, 'from teodor blythe')"
        )
        assert erase(connection)[COUNTED] == 1
        connection.execute("analyze")
        assert left(connection) == [("sales.ledger_entries", "Teodor Blythe")]
        # a blank telephone number is part of each reason, and one with letters is compared regardless of case
        connection.execute(ENDED.replace("= 2", "= 3"))
        connection.execute(
            "insert into sales.contacts (customer_id, name, email, phone, is_main)"
            " values (3, 'Shift 1', 'd@example.com', '', false), (3, 'Shift 2', 'n@example.com', 'Desk 12', false)"
        )
        connection.execute(
            "insert into sales.ledger_entries (customer_id, amount, reason)"
            " values (3, 1, 'from DESK 12'), (3, 1, 'deposit')"
        )
        found = connection.execute("select * from sales_private.erase_person(3)").fetchall()
        assert (COUNTED, 1) in found


def test_who_cannot_be_erased(sample: str) -> None:
    """A customer that does not exist, or has rows in quarantine: one line has the reason."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update orders set order_amount = -1, order_status = 'expired' where order_id = 1009")
        connection.execute("update customers set customer_email = 'nowhere' where customer_id = 3")
        take(connection, steps(PROPOSED), "backfill")

        def said(number: int) -> Any:
            with pytest.raises(errors.Error) as caught:
                connection.execute("select sales_private.erase_person(%s)", [number])
            return caught.value.diag.message_primary

        assert said(2) == "customer 2 or its orders are in quarantine: fix these first"
        assert said(3) == "customer 3 or its orders are in quarantine: fix these first"
        assert said(77) == "there is no customer 77"
