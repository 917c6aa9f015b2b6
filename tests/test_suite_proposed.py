"""The suite for the proposed schema: what it finds, and what the schema does not even let in.

Examples are as those of the suite `current` (see test_examples.py), for the proposed tables without any of their
constraints and triggers: most of what the rules look for can only be planted there. `REFUSED` is the other half: the
schema as it is refuses it.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

import expectations
from audit.run import Options, run
from audit import shape, task
from audit.sql import quoted
from reports import compare
from tests.test_examples import _difference, _keys, _read

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "scenario" / "proposed" / "deploy" / "expand.sql"
EXAMPLES = Path(__file__).parent / "examples" / "proposed"
SUITE = expectations.load("proposed")
RULES = {rule.id: rule for rule in SUITE.rules}

#: Takes from the proposed tables all that keeps anything out; types stay.
BARE = """
do $$
declare
  -- constraints before the columns that are not null for them
  statements text[] := array(
    with tab as (
      select c.oid, c.oid::regclass as name from pg_class as c
      where c.relnamespace in ('sales'::regnamespace, 'sales_private'::regnamespace) and c.relkind = 'r'
    )
    select s.statement
    from (
      select 1 as step, format('alter table %s drop constraint if exists %I cascade', t.name, c.conname) as statement
      from tab as t join pg_constraint as c on c.conrelid = t.oid and c.contype in ('c', 'f', 'p', 'u')
      union all
      select 2, format('drop index if exists %s', i.indexrelid::regclass)
      from tab as t join pg_index as i on i.indrelid = t.oid and i.indisunique
      where not exists (select from pg_constraint as c where c.conindid = i.indexrelid)
      union all
      select 3, format('drop trigger %I on %s', g.tgname, t.name)
      from tab as t join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal
      union all
      select k.step, format('alter table %s alter %I drop %s', t.name, a.attname, k.what)
      from tab as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0
      cross join lateral (
        values (4, 'expression', a.attgenerated <> ''), (4, 'identity', a.attidentity <> ''), (5, 'not null', a.attnotnull)
      ) as k (step, what, is_there)
      where k.is_there
    ) as s
    order by s.step
  );
  statement text;
begin
  foreach statement in array statements loop
    execute statement;
  end loop;
end
$$
"""


def _path(rule_id: str) -> Path:
    return EXAMPLES.joinpath(*rule_id.split(".")).with_suffix(".sql")


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    """A rule without rows that it must and must not name proves nothing."""
    assert {path.relative_to(ROOT) for path in EXAMPLES.rglob("*.*")} == {_path(id).relative_to(ROOT) for id in RULES}


def test_rules_name_exactly_what_the_examples_say(dsn: str) -> None:
    """Run each rule on its example, in a transaction of its own that is rolled back."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(BARE)
        judged, unfit = task.prepare(connection, [(rule, shape.read(rule)) for rule in RULES.values()])
        assert not unfit
        for found in judged:
            rule, table = found.rule, found.table
            assert table is not None, f"{rule.id}: its key is no table's"
            example = _read(_path(rule.id))
            (key,) = rule.key
            with connection.transaction(force_rollback=True):
                connection.execute(example.sql.encode())
                present = _keys(
                    connection, f"select distinct {key}::text from {quoted(table)} where {key} is not null"
                )
                named = _keys(connection, f"select distinct {key}::text from (\n{rule.sql}\n) as v")
            if present != example.fails | example.passes:
                wrong.append(f"{rule.id}: header: {_difference(present, example.fails | example.passes)}")
            if named != example.fails:
                wrong.append(f"{rule.id}: {_difference(example.fails, named)}")
    assert not wrong, "\n".join(wrong)


def test_every_rule_is_for_something() -> None:
    """Each is named by something that the business says."""
    assert {rule for it in SUITE.considerations for rule in it.rules} == RULES.keys()


#: Two customers and what they own, made as the schema means it to be made.
WORLD = """
alter table sales.customers alter customer_id restart with 100;
alter table sales.orders alter order_id restart with 1000;
insert into sales.customers (customer_id, name) values (1, 'Acme'), (2, 'Birch');
insert into sales.ledger_entries (customer_id, amount, reason)
values (1, 100, 'payment'), (2, 70, 'payment'), (2, -20, 'refund');
insert into sales.contacts (customer_id, name, email, phone)
values (1, 'Ann', 'ann@acme.example', '555 010 0100'), (2, 'Bob', 'bob@birch.example', null);
insert into sales.addresses (customer_id, street, state_code) values (1, '1 Main Street', 'CA'), (2, '2 Oak Avenue', 'NY');
insert into sales.schedules (half_hours) values ('{[16,34),[64,82)}'); -- 1
insert into sales.orders (order_id, customer_id, first_ancestor_id, schedule_id, amount, order_status, created_at)
values (10, 1, 10, 1, 5, 'active', now() - interval '1 day'), (20, 2, 20, 1, 5, 'active', now());
insert into sales.order_deliveries (order_id, script_name, args)
values
    (10, 'custom_crm', '{"api-key": "k-1", "crm": [{"password": "a \\\\ \\"b\\""}]}'),
    (20, 'email_delivery', '{"email_address": "bob@birch.example"}');
select sales.recreate(10); -- makes 1000
"""

AN_ORDER = "insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values "
A_RECREATION = "insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, balance, amount) values "

#: What the schema does not let in: rule, statement, and what the refusal names.
REFUSED = (
    ("customers.balance_is_finite", "insert into sales.ledger_entries (customer_id, amount) values (1, 'Infinity')", "overflow"),
    ("customers.balance_is_finite", "insert into sales.ledger_entries (customer_id, amount) values (1, 'NaN')", "ledger_entries_go_on"),
    ("customers.balance_is_not_negative", "insert into sales.ledger_entries (customer_id, amount) values (1, -100.01)", "balance_check"),
    ("customers.email_is_valid", "update sales.contacts set email = 'ann@acme'", "contacts_email_check"),
    ("customers.email_is_unique", "update sales.contacts set email = 'ANN@acme.example' where customer_id = 2", "contacts_email"),
    ("customers.required_text_is_present", "update sales.customers set name = ' '", "customers_name_check"),
    ("customers.required_text_is_present", "update sales.contacts set name = e'\\t'", "contacts_name_check"),
    ("customers.required_text_is_present", "update sales.addresses set street = ''", "addresses_street_check"),
    ("customers.required_text_is_present", "update sales.addresses set state_code = ''", "addresses_state_code_fkey"),
    ("customers.state_is_usps_code", "update sales.addresses set state_code = 'ca'", "addresses_state_code_fkey"),
    ("customers.contact_has_customer", "update sales.contacts set customer_id = 9 where customer_id = 2", "contacts_customer_id_fkey"),
    ("customers.address_has_customer", "update sales.addresses set customer_id = 9 where customer_id = 2", "addresses_customer_id_fkey"),
    ("lineage.order_ref_exists", AN_ORDER + "(30, 1, 99, 5, 'pending', null)", "orders_first_ancestor_is_root"),
    ("lineage.order_ref_exists", "delete from sales.orders where order_id = 10", "orders_first_ancestor_is_root"),
    ("lineage.order_ref_is_first_ancestor", AN_ORDER + "(30, 1, 1000, 5, 'pending', null)", "orders_first_ancestor_is_root"),
    ("lineage.is_acyclic", AN_ORDER + "(30, 1, 31, 5, 'pending', null), (31, 1, 30, 5, 'pending', null)", "orders_first_ancestor_is_root"),
    ("lineage.keeps_customer", AN_ORDER + "(30, 2, 10, 5, 'pending', null)", "orders_first_ancestor_is_root"),
    ("lineage.keeps_customer", "update sales.orders set customer_id = 2 where order_id = 10", "orders_first_ancestor_is_root"),
    ("lineage.predecessor_is_of_lineage", "update sales.recreations set predecessor_id = 20", "recreations_predecessor"),
    ("lineage.predecessor_is_of_lineage", "update sales.recreations set predecessor_id = 1000", "recreations_check"),
    ("lineage.predecessor_is_of_lineage", "update sales.recreations set first_ancestor_id = 20", "recreations_order"),
    ("recreation.was_covered_at_the_time", "update sales.recreations set balance = amount", "recreations_balance_covers_amount"),
    ("recreation.is_recorded", AN_ORDER + "(30, 1, 10, 5, 'pending', now())", "orders_recreation_is_written_down"),
    ("recreation.is_recorded", "delete from sales.recreations", "orders_recreation_is_written_down"),
    ("recreation.record_is_of_recreation", A_RECREATION + "(99, 10, 10, 10, 5)", "recreations_order"),
    ("orders.amount_is_not_negative", "update sales.orders set amount = -0.01", "orders_amount_check"),
    ("orders.amount_is_finite", "update sales.orders set amount = 'Infinity'", "overflow"),
    ("orders.customer_exists", AN_ORDER + "(30, 9, 30, 5, 'pending', null)", "orders_customer_id_fkey"),
    ("orders.status_is_known", "update sales.orders set order_status = 'done'", "orders_order_status_check"),
    ("orders.active_order_has_schedule", "update sales.orders set schedule_id = null", "orders_check"),
    ("orders.active_order_has_schedule", "update sales.schedules set half_hours = '{}'", "schedules_half_hours_check"),
    ("orders.schedule_exists", "update sales.orders set schedule_id = 8", "orders_schedule_id_fkey"),
    ("orders.delivery_has_order", "insert into sales.order_deliveries (order_id, script_name) values (99, 'bulk_delivery')", "order_deliveries_order_id_fkey"),
    ("orders.delivery_args_need_script", "update sales.order_deliveries set script_name = null", "null value"),
    ("orders.delivery_args_are_object", "insert into sales.order_deliveries (order_id, script_name, args) values (1000, 'bulk_delivery', '[1]')", "order_deliveries_args_check"),
    ("orders.delivery_script_is_known", "update sales.order_deliveries set script_name = 'carrier_pigeon'", "null value"),
    ("orders.script_name_is_identifier", "insert into sales.delivery_scripts (script_name) values ('Carrier Pigeon')", "delivery_scripts_script_name_check"),
    ("orders.email_delivery_has_address", "update sales.order_deliveries set args = '{\"email_address\": \"bob\"}' where order_id = 20", "order_deliveries_args_fit_script"),
    ("orders.email_delivery_has_address", "update sales.order_deliveries set script_name = 'email_delivery'", "order_deliveries_args_fit_script"),
    ("orders.custom_crm_has_key", "update sales.order_deliveries set args = null where order_id = 10", "order_deliveries_args_fit_script"),
    (
        "orders.delivery_args_hold_no_secret",
        "alter table sales.order_deliveries disable trigger receive_args;"
        "update sales.order_deliveries set args = '{\"api-key\": \"k-1\"}'",
        "order_deliveries_args_hold_no_secret",
    ),
    ("ledger.adds_up", "update sales.ledger_entries set amount = amount + 1", "ledger_entries_check"),
    ("ledger.goes_on", "update sales.ledger_entries set balance_before = 60, amount = -10 where entry_number = 2", "ledger_entries_go_on"),
    ("ledger.goes_on", "update sales.ledger_entries set balance_before = 1, amount = amount - 1 where entry_number = 1", "ledger_entries_check"),
    ("ledger.has_no_gap", "delete from sales.ledger_entries where entry_number = 1 and customer_id = 2", "ledger_entries_go_on"),
    ("ledger.has_no_gap", "update sales.ledger_entries set entry_number = 3 where entry_number = 2", "ledger_entries_go_on"),
    ("ledger.ends_with_balance", "update sales.customers set balance = 1000", "changed by ledger entries only"),
    ("ledger.ends_with_balance", "update sales.customers set balance = 70, entry_number = 1 where customer_id = 2", "changed by ledger entries only"),
    ("ledger.ends_with_balance", "update sales.customers set balance = 99, entry_number = entry_number + 1", "customers_balance_is_in_ledger"),
    ("ledger.ends_with_balance", "insert into sales.customers (customer_id, name, balance) values (3, 'Cedar', 5)", "customers_check"),
    ("ledger.ends_with_balance", "delete from sales.ledger_entries where entry_number = 2", "customers_balance_is_in_ledger"),
    ("ledger.customer_exists", "insert into sales.ledger_entries (customer_id, amount) values (9, 5)", "there is no customer 9"),
    ("history.goes_on", "update sales.order_status_changes set status_before = status_after", "order_status_changes_check"),
    ("history.order_exists", "insert into sales.order_status_changes values (99, 1, 'active', 'paused')", "order_status_changes_order_id_fkey"),
)  # fmt: skip

#: What it does let in, and the rule finds: because no constraint can say it, or because somebody may yet be right.
LET_IN = (
    ("customers.email_is_canonical", "update sales.contacts set email = 'Bob@birch.example' where customer_id = 2"),
    ("customers.has_main_address", "update sales.addresses set is_main = false"),
    ("customers.has_main_contact", "delete from sales.contacts"),
    ("customers.no_duplicate", "update sales.customers set name = 'acme'; update sales.addresses set street = 'x', state_code = 'CA'"),
    ("customers.phone_is_dialable", "update sales.contacts set phone = '555-0100'"),
    ("customers.state_is_usps_code", "insert into sales.states values ('XX', 'Nowhere'); update sales.addresses set state_code = 'XX'"),
    ("customers.text_is_clean", "update sales.customers set name = 'Acme '"),
    ("customers.text_is_normalised", "update sales.customers set name = e'Cafe\\u0301'"),
    ("customers.text_is_not_placeholder", "update sales.customers set name = 'n/a'"),
    ("lineage.ancestor_is_older", AN_ORDER + "(5, 1, 10, 5, 'cancelled', null)"),
    ("lineage.one_live_order", "update sales.orders set order_status = 'paused' where order_id = 10"),
    ("lineage.recreated_order_has_successor", "update sales.orders set order_status = 'recreated'"),
    ("lineage.root_is_not_closed", "update sales.orders set order_status = 'cancelled' where order_id = 10"),
    ("recreation.balance_is_in_ledger", "update sales.recreations set balance = 77"),
    ("recreation.closed_is_covered_by_balance", AN_ORDER + "(30, 1, 10, 500, 'expired', null)"),
    ("recreation.customer_is_not_overcommitted", AN_ORDER + "(30, 1, 30, 96, 'pending', now())"),
    ("recreation.follows_latest_state", AN_ORDER + "(1001, 1, 10, 5, 'pending', now());" + A_RECREATION + "(1001, 10, 10, 100, 5)"),
    ("recreation.happens_daily", "update sales.orders set created_at = created_at - interval '1 day' where order_id = 10"),
    ("recreation.happens_once", AN_ORDER + "(1001, 1, 10, 5, 'pending', now());" + A_RECREATION + "(1001, 10, 10, 100, 5)"),
    ("recreation.is_covered_by_balance", "insert into sales.ledger_entries (customer_id, amount) values (1, -95)"),
    ("recreation.record_is_of_recreation", A_RECREATION + "(20, 20, null, 50, 5)"),
    ("recreation.was_covered_at_the_time", "update sales.recreations set balance = 'NaN'"),  # which is greater than any
    ("orders.amount_is_finite", "update sales.orders set amount = 'NaN'"),  # which is not below zero
    ("orders.active_order_has_delivery", "delete from sales.order_deliveries"),
    (
        "orders.api_key_belongs_to_one_customer",
        "update sales.order_deliveries set script_name = 'custom_crm', args = '{\"apikey\": \"k-1\"}' where order_id = 20",
    ),
    ("orders.delivery_args_keys_are_unique", "update sales_private.delivery_originals set args_text = '{\"a\": 1, \"a\": 2}'"),
    ("orders.delivery_args_convert_to_jsonb", "update sales_private.delivery_originals set args_text = '{\"a\": \"\\u0000\"}'"),
    ("orders.live_order_has_amount", "update sales.orders set amount = 0"),
    ("orders.no_duplicate_live_order", AN_ORDER + "(30, 1, 30, 5, 'pending', now()), (31, 1, 31, 5, 'pending', now())"),
    ("orders.schedule_is_used", "insert into sales.schedules (half_hours) values ('{[0,1)}')"),
    (
        "orders.schedule_repeats_by_day",
        "update sales.schedules set half_hours = (select range_agg(int4range(n, n + 10)) from generate_series(0, 320, 40) as n)",
    ),
    ("history.ends_with_status", "insert into sales.order_status_changes values (20, 1, 'pending', 'paused')"),
    ("history.goes_on", "insert into sales.order_status_changes values (10, 2, 'active', 'paused')"),
    ("history.has_no_gap", "insert into sales.order_status_changes values (20, 2, 'pending', 'active')"),
    ("secrets.original_says_the_same", "update sales_private.delivery_originals set args_text = '{}'"),
    ("secrets.reference_leads_to_secret", "update sales.order_deliveries set args = args || '{\"apikey\": \"secret-ref:sales/999\"}'"),
    ("secrets.secret_is_referred_to", "insert into sales_private.delivery_secrets (order_id, secret) values (20, 'k-9')"),
)  # fmt: skip


#: What no value of the columns' types can be.
ROUNDED = ("customers.balance_is_whole_cents", "recreation.decision_survives_rounding")


def test_each_rule_is_refused_or_let_in() -> None:
    """Nothing is left open."""
    assert {rule for rule, *_ in (*REFUSED, *LET_IN)} | {*ROUNDED} == RULES.keys()


def test_what_the_schema_refuses(dsn: str) -> None:
    """Each by the constraint that is there for it, at the end of the transaction at the latest."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(WORLD.encode())
        for rule, statement, named in REFUSED:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode())
                    connection.execute("set constraints all immediate")
                    wrong.append(f"{rule}: let in: {statement}")
            except psycopg.Error as error:
                if named not in str(error):
                    wrong.append(f"{rule}: {statement}: {error}")
    assert not wrong, "\n".join(wrong)


def test_what_the_schema_lets_in_is_found(dsn: str) -> None:
    """By its rule, which found nothing before."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(WORLD.encode())
        for id, statement in LET_IN:
            count = f"select count(*) from (\n{RULES[id].sql}\n) as v".encode()
            before = connection.execute(count).fetchone()
            with connection.transaction(force_rollback=True):
                try:
                    connection.execute(statement.encode())
                    connection.execute("set constraints all immediate")
                except psycopg.Error as error:
                    wrong.append(f"{id}: refused: {error}")
                    continue
                after = connection.execute(count).fetchone()
            if before != (0,) or after == (0,):
                wrong.append(f"{id}: {before} before, {after} after: {statement}")
    assert not wrong, "\n".join(wrong)


def test_the_schema_holds_whole_cents(dsn: str) -> None:
    """Fractions are rounded where they come in, and what is compared is what is kept."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(WORLD.encode())
        connection.execute("insert into sales.ledger_entries (customer_id, amount) values (1, 0.30000000000000004)")
        assert connection.execute("select balance::text from sales.customers where customer_id = 1").fetchone() == (
            "100.30",
        )


@pytest.mark.parametrize("world", ["", WORLD], ids=["empty", "used"])
def test_the_schema_passes_its_suite(dsn: str, tmp_path: Path, world: str) -> None:
    """Empty, and with two customers, of which one has had an order recreated."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(world.encode())
    document = run(dsn, tmp_path, Options(suites=("proposed",)))
    assert [(it["rule"], it["status"]) for it in document["results"] if it["status"] != "passed"] == []
    assert document["schema_findings"] == []
    assert document["run"]["tables"]["sales.orders"]["rows"] == (3 if world else 0)
