"""The scans of the shipped suite: each rule is in one, and rules of the same rows share it."""

from __future__ import annotations

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.server import Server
from order_audit.audit.scans import prepared_rule
from order_audit.audit.scans.planner import Scan, plan
from order_audit.scenario.load import SCHEMA
from tests.rules import CHECKABLE
from tests.support import servers

#: Rules that are judged in one pass over the same rows.
TOGETHER = (
    {
        "customers.balance_is_finite",
        "customers.balance_is_not_negative",
        "customers.balance_is_whole_cents",
        "customers.email_is_canonical",
        "customers.email_is_valid",
        "customers.phone_is_dialable",
        "customers.required_text_is_present",
        "customers.state_is_usps_code",
        "customers.text_is_clean",
        "customers.text_is_normalised",
        "customers.text_is_not_placeholder",
    },
    {
        "orders.active_order_has_delivery",
        "orders.active_order_has_schedule",
        "orders.amount_is_not_negative",
        "orders.delivery_args_are_object",
        "orders.delivery_args_convert_to_jsonb",
        "orders.delivery_args_need_script",
        "orders.live_order_has_amount",
        "orders.schedule_repeats_by_day",
        "orders.script_name_is_identifier",
        "orders.status_is_known",
    },
    {
        "lineage.ancestor_is_older",
        "lineage.keeps_customer",
        "lineage.order_ref_exists",
        "lineage.root_is_not_closed",
    },
    {
        "orders.customer_exists",
        "recreation.closed_is_covered_by_balance",
        "recreation.decision_survives_rounding",
        "recreation.is_covered_by_balance",
    },
    {"lineage.is_acyclic", "lineage.order_ref_is_first_ancestor"},
)


@pytest.fixture(scope="module")
def scans(servers_by_major: dict[int, Server]) -> list[Scan]:
    """The plan for the shipped suite on the current schema."""
    dsn = servers.new_database(servers_by_major[18])
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA[0].read_bytes())
        parsed_rules = [(rule, parsed_query.parse(rule)) for rule in expectations.load("current").rules]
        prepared_rules, _ = prepared_rule.prepare(connection, parsed_rules)
        found = plan(connection, prepared_rules)
    servers.drop_database(servers_by_major[18], dsn)
    return found


def test_each_rule_is_in_one_scan(scans: list[Scan]) -> None:
    """None is lost, none is judged twice; the largest scans come first."""
    ids = [prepared.rule.id for scan in scans for prepared in scan.rules]
    assert len(ids) == len(set(ids)) == len(CHECKABLE)
    sizes = [len(scan.rules) for scan in scans]
    assert sizes == sorted(sizes, reverse=True)
    assert [scan.shared for scan in scans] == [size > 1 for size in sizes]


def test_rules_of_the_same_rows_share_a_scan(scans: list[Scan]) -> None:
    """Thirteen scans at most judge all rules."""
    found = [{prepared.rule.id for prepared in scan.rules} for scan in scans]
    apart = [together for together in TOGETHER if not any(together <= scan for scan in found)]
    assert apart == []
    assert len(scans) <= 13


def test_shared_scans_read_one_source_by_one_key(scans: list[Scan]) -> None:
    """This makes them shareable."""
    for scan in scans:
        read = [found.query.clauses for found in scan.rules]
        if scan.shared:
            assert None not in read
            sources = {found.row_local.table if found.row_local else found.source for found in read if found}
            assert len(sources) == len({found.columns[0] for found in read if found}) == 1


def test_every_column_of_the_shipped_rules_is_known(scans: list[Scan]) -> None:
    """The sources of all values are known, so that masks are exact."""
    for scan in scans:
        for found in scan.rules:
            assert found.table is not None
            assert found.table.name == ("orders" if found.rule.key == ("order_id",) else "customers")
            assert found.ordered_as_number
            assert not found.key_is_personal
            assert None not in [found.names(place) for place in range(len(found.columns))], found.rule.id


def test_order_is_not_asked_for_twice(scans: list[Scan]) -> None:
    """Each shipped rule reads well in psql, in order; the audit leaves that out."""
    for scan in scans:
        for found in scan.rules:
            assert (
                f"order by {found.rule.sql.split()[1].split('.')[0]}" in found.rule.sql or "distinct" in found.rule.sql
            )
            assert not found.query.body.splitlines()[-1].startswith("order by") or "distinct" in found.query.body
