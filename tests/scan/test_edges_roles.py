"""Roles that may read everything, some columns or nothing, and policies that would hide rows."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit.errors import RunError
from tests.scan.edges import (
    PHONE,
    READS,
    SAMPLE,
    SECRET,
    audit,
    counts,
    errors,
    execute,
    fetch,
    joined,
    results,
    rule,
    serial,
    suite,
)

LACKING = {"recreation.happens_daily", "recreation.was_covered_at_the_time", "recreation.follows_latest_state"}


def reader(dsn: str, *grants: str) -> str:
    """The DSN of a new role with only the granted privileges; `{}` stands for its name."""
    name = f"reader_{next(serial)}"
    (place,) = fetch(dsn, "select format('database %I', current_database())")
    (schema,) = fetch(dsn, "select format('schema %I', current_schema())")
    execute(
        dsn,
        f"create role {name} login",
        f"revoke all on {place} from public",
        f"grant connect on {place} to {name}",
        f"grant usage on {schema} to {name}",
        *(grant.format(name) for grant in grants),
    )
    return joined(dsn, user=name)


def test_a_role_that_may_only_read_is_enough(data: str, tmp_path: Path) -> None:
    """No temporary tables, nothing created, nothing owned."""
    there = reader(data, "grant select on orders, customers to {}")
    with psycopg.connect(there) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create temp table x ()")
    document = audit(there, tmp_path)
    assert counts(document) == SAMPLE
    assert document["summary"]["passed"] == 38
    assert document["run"]["database"]["user"].startswith("reader_")


def test_a_denied_table_is_an_error_of_its_rules(data: str, tmp_path: Path) -> None:
    """They are errored, which fails the gate; the others are judged, impact included where it can be known."""
    document = audit(reader(data, "grant select on orders to {}"), tmp_path, fail_on="never")
    denied = {id for id, tables in READS.items() if "customers" in tables}
    assert errors(document).keys() == denied
    assert all("permission denied for table customers" in message for message in errors(document).values())
    assert {found["error_at"]["sqlstate"] for id, found in results(document).items() if id in denied} == {"42501"}
    assert counts(document) == {id: number for id, number in SAMPLE.items() if id not in denied}
    assert results(document)[SECRET]["impact"] == {"customers": 2, "orders": 2, "amount": 300}
    assert document["summary"]["gate"]["passed"] is False


def test_orders_that_may_not_be_read_leave_customers_judged(data: str, tmp_path: Path) -> None:
    """The impact is then unknown, which is no error."""
    document = audit(reader(data, "grant select on customers to {}"), tmp_path, rules=("customers.*",))
    assert errors(document) == {}
    assert counts(document) == {PHONE: 5}
    assert results(document)[PHONE]["impact"] is None


@pytest.mark.parametrize("rules", [(), (PHONE, SECRET)])
def test_nothing_readable_cannot_be_judged(data: str, tmp_path: Path, rules: tuple[str, ...]) -> None:
    """Denied on both tables: one line that says so; lint and profile are in the report all the same."""
    with pytest.raises(RunError, match="permission denied") as raised:
        audit(reader(data), tmp_path, rules=rules)
    assert "\n" not in str(raised.value)
    assert (tmp_path / "results.json").exists()


def test_some_columns_are_enough_for_rules_that_read_no_other(data: str, tmp_path: Path) -> None:
    """Privileges may be per column; the impact, which takes more of them, must not cost a rule its result."""
    there = reader(
        data,
        "grant select (order_id, order_ref, order_status) on orders to {}",
        "grant select (customer_id, customer_phone) on customers to {}",
    )
    mine = suite(
        tmp_path / "mine",
        {
            "hold": rule("select o.order_id from orders as o where o.order_ref <> o.order_id"),
            "phone": rule("select c.customer_id from customers as c where c.customer_phone like '555%'", "customer_id"),
            "denied": rule("select o.order_id from orders as o where o.order_amount > 100"),
        },
    )
    document = audit(there, tmp_path / "out", mine)
    assert "permission denied" in errors(document)["denied"]
    assert counts(document) == {"hold": 2, "phone": 5}
    assert {results(document)[id]["impact"] for id in ("hold", "phone")} == {None}


def test_a_policy_that_would_hide_rows_is_an_error(data: str, tmp_path: Path) -> None:
    """A rule never passes for not having been shown the rows. Rules on other tables are judged."""
    there = reader(data, "grant select on orders, customers to {}")
    execute(
        data,
        "alter table orders enable row level security",
        "create policy few on orders using (order_id = 1003)",
    )
    document = audit(there, tmp_path)
    hidden = {id for id, tables in READS.items() if "orders" in tables} - LACKING
    assert errors(document).keys() == hidden
    assert all("row-level security" in message for message in errors(document).values())
    assert counts(document) == {PHONE: 5}
    assert results(document)[PHONE]["impact"] is None
