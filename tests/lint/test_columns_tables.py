"""Rules on columns that belong together or to another table; what all rules on columns find in the scenario."""

from __future__ import annotations

from typing import Final

import pytest

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema.lint import Verdict, lint
from order_audit.expectations import schema_rules
from tests.lint.columns import Cases, Evidence, check, check_evidence

pytestmark = pytest.mark.both_versions

CASES: Final[Cases] = {
    "status_has_history": (
        (
            """
            create type mood as enum ('a', 'b');
            create table orders (id int primary key, status text, created_at timestamptz, ordered_at date);
            create table tickets (a int, b int, ticket_state mood, primary key (a, b));
            create table parts (jobstatus int);
            """,
            {"orders.status": "info", "tickets.ticket_state": "info", "parts.jobstatus": "info"},
        ),
        (
            """
            create table changed (status text, updated_at timestamptz);
            create table changed2 (status text, modifieddate timestamp);
            create table changed3 (status text, status_since date);
            create table closed (status text, closed_at timestamptz);
            create table shipped (status text, shippeddate date);
            create table paid (status text, paid_on date);
            create table expired (status text, expiry_date date);
            create table spanned (status text, valid tstzrange);
            create table job_log (status text, created_at timestamptz);
            create table job_transitions (status text, created_at timestamptz);
            create table typed (user_type text, access_role text, marital_status text);
            """,
            {},
        ),
        # a table for the history, by its name and by its reference
        (
            """
            create table orders (id int primary key, status text);
            create table order_history (status text, at timestamptz);
            create table jobs (id int primary key, status text);
            create table moves (id int, job_id int references jobs, at timestamptz);
            create table state_changes (id int, job_id int references jobs, at timestamptz);
            create table categories (id int primary key, status text);
            create table category_versions (id int, at timestamptz);
            """,
            {},
        ),
        # the list of what there is does not say what there was, nor does another table's history
        (
            """
            create table order_statuses (name text primary key, created_at timestamptz);
            create table orders (id int primary key, status text references order_statuses);
            create table job_history (status text, at timestamptz);
            create table order_events (id int);
            """,
            {"orders.status": "info"},
        ),
        (
            """
            create table versions (id int, item_type text, item_id int, created_at timestamptz);
            create table jobs (id int primary key, status text);
            create table a (id int primary key);
            create table job_a (job_id int references jobs, a_id int references a, status text);
            """,
            {},
        ),
    ),
    "table_has_timestamps": (
        (
            """
            create table bare (id int primary key, name text, birthday date);
            create table half (id int primary key, created_at timestamptz);
            create table other (id int primary key, last_update timestamptz not null default now());
            create table placed (id int primary key, order_date date not null);
            create table preset (id int primary key, seen timestamptz default current_timestamp);
            create table whom (id int primary key, created_by int, updated_by int);
            create table job_log (id int primary key, what text);
            """,
            {
                "bare": "warning", "half": "info", "other": "info", "placed": "info", "preset": "info",
                "whom": "warning",
                "job_log": "warning",
            },
        ),
        (
            """
            create table rails (id int, created_at timestamp, updated_at timestamp);
            create table works (id int, "orderDate" date not null, modifieddate timestamp);
            create table "Camel" (id int, "createdAt" date, "updatedAt" date);
            create table epoch (id int, created_at bigint, updated_at bigint);
            create table spanned (id int, valid tstzrange);
            create table pgbench_history (tid int, mtime timestamp);
            create table country (id int primary key, name text);
            create table film (id int primary key, country_id int references country, created date, updated date);
            create table actor (id int primary key, created date, updated date);
            create table film_actor (film_id int references film, actor_id int references actor,
            primary key (film_id, actor_id));
            create table detail (film_id int references film, line int, note text, more text,
            primary key (film_id, line));
            create table film_tag (film_id int, actor_id int, primary key (film_id, actor_id));
            create table post (id int primary key, creationdate timestamp not null, lasteditdate timestamp);
            create table posthistory (id int primary key, creationdate timestamp, what text);
            create table measure (id int, created date, updated date) partition by range (created);
            create table measure_1 partition of measure for values from ('2020-01-01') to ('2021-01-01');
            """,
            {},
        ),
    ),
    "calendar_day_is_date": (
        (
            """
            create table person (id int, birth_date timestamp, "hireDate" timestamptz, duedate timestamp,
            date_of_birth timestamptz);
            insert into person values (1, '2000-01-01 10:00', '2000-01-01 09:00', '2000-01-01', null);
            create table bill (due_at timestamptz, due_date timestamp);
            insert into bill values ('2000-01-01 00:00:00+00', '2000-01-01'), ('2000-01-02 00:00:00+00',
            '2000-01-01 12:00');
            """,
            dict.fromkeys(
                [
                    "person.birth_date", "person.hireDate", "person.duedate", "person.date_of_birth",
                    "bill.due_at", "bill.due_date",
                ],
                "info",
            ),
        ),
        (
            """
            create table near (birth_date date, due date, dues timestamp, hired_by text, residue timestamp,
            start_date timestamp);
            create table task (due_at timestamptz, due_date timestamp, due_time timestamp);
            insert into task values ('2000-01-01 12:30', '2000-01-01 12:30', null);
            create table empty (due_at timestamptz);
            """,
            {},
        ),
    ),
    "optional_columns_have_check": (
        (
            """
            create table one (approved_at timestamptz, approved_by int);
            create table two (lat float, lon float, width int, height int);
            create table three (fee_amount int, fee_currency text, weight_value int, weight_unit text);
            create table four (error_code int, error_message text, begin_year int, begin_month int);
            create table five (ship_to_street text, ship_to_city text, ship_to_zip text);
            create table six (script_name text, script_args json, begin_date_year int, begin_date_month int,
            begin_date_day int);
            create table customer (customer_card_brand_name text, customer_card_brand_logo text);
            """,
            dict.fromkeys(
                [
                    "one.approved_at", "two.lat", "two.width", "three.fee_amount", "three.weight_value",
                    "four.error_code",
                    "four.begin_year", "six.script_name", "six.begin_date_year",
                ],
                "info",
            ),
        ),
        # one check ties two of four, another column's check ties none
        (
            """
            create table part (
                ship_to_street text, ship_to_city text, ship_to_zip text, ship_to_land text, other int,
                check ((ship_to_street is null) = (ship_to_city is null)), check (ship_to_zip is null or other > 1)
            );
            insert into part select 'a', 'b', 'c', 'd', 2 from generate_series(1, 5);
            """,
            # all rows have all of them, which does not tell that they go together
            {"part.ship_to_zip": "info"},
        ),
        (
            """
            create table tied (
                lat float, lon float, approved_at date, approved_by int, check ((lat is null) = (lon is null)),
                check (num_nonnulls(approved_at, approved_by) in (0, 2))
            );
            create table needed (lat float not null, lon float, error_code int default 0, error_message text);
            create table codes (iso_code_2t char(3), iso_code_2b char(3));
            create table near (
                lat float, longitude float, ship_to_line1 text, ship_to_line2 text, target_price_min int,
                target_price_max int,
                stripe_card_id int, stripe_card_uid_id int, code int, message text, year int, month int,
                name text, args text,
                begin_at date, end_by text, a_type text, b_message text, plan_phase_start date, plan_phase_end date,
                look_at text, look_by text, is_mail_on boolean, is_mail_off boolean
            );
            create table customer_order (customer_order_name text, customer_order_size text);
            """,
            {},
        ),
        # ends of a range, wherever the word stands, and two words that nothing but names share
        (
            """
            create table wallet (
                id int primary key, top_up_min_amount int, top_up_max_amount int, radio_station_name text,
                radio_station_url text
            );
            insert into wallet select n, n, null, 'a', 'b' from generate_series(1, 4) as n;
            """,
            {},
        ),
        # what mostly comes alone does not belong together
        (
            """
            create table alone (at_once_first_name text, at_once_nick_name text);
            insert into alone select 'a', case when n = 1 then 'b' end from generate_series(1, 30) as n;
            create table mostly (at_once_given_name text, at_once_nick_name text);
            insert into mostly select 'a', 'b' from generate_series(1, 30) as n;
            """,
            {"mostly.at_once_given_name": "info"},
        ),
    ),
    "address_is_normalised": (
        (
            """
            create table customer (id int primary key, address text, city text, country text, phone text);
            create table supplier (contact_name varchar(30), postal_code varchar(10), region text);
            create table orders (a int, b int, ship_address text, ship_city text, ship_country text,
            primary key (a, b));
            create table member (id int, "streetAddress" text, "homePhone" text, state text, zip text);
            create table import (address1 text, city text, postcode text);
            """,
            {
                "customer": "info", "supplier": "info", "orders": "info", "member": "info", "import": "info",
            },
        ),
        (
            """
            create table address (address text, city text, district text, postal_code text, phone text);
            create table customer_addresses (address text, city text, postal_code text);
            create table venues (street text, city text, postal_code text);
            create table two (address text, address2 text, city text);
            create table person (city text, country text, phone text, contact_name text);
            create table account (email_address text, ip_address text, city text, country text);
            create table keyed (address_id int, city_id int, country_id int, postal_code int);
            create table workflow (street text, state text, contact_name text);
            create table status (capacity text, velocity text, address text, ethnicity text, statement text);
            """,
            {},
        ),
    ),
}  # fmt: skip
EVIDENCE: Final[Evidence] = {
    "calendar_day_is_date": (
        """
        create table t (birth_date timestamptz);
        insert into t values ('2000-01-01 00:00+00'), ('2000-01-01 01:30+00')
        """,
        {"type": "timestamp with time zone", "share at midnight": 0.5},
    ),
    "optional_columns_have_check": (
        "create table t (lat float, lon float); insert into t select 1, nullif(n, 1) from generate_series(1, 12) as n",
        {"columns": ["lat", "lon"], "incomplete rows": 1, "most rows agree": True},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_fires_where_it_should_and_mends_it(dsn: str, name: str) -> None:
    check(dsn, name, CASES[name])


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_counts_rows(dsn: str, name: str) -> None:
    check_evidence(dsn, name, *EVIDENCE[name])


#: The findings of the rules on columns in the scenario's schema.
SCENARIO: Final = {
    "schema.address_is_normalised": {"customers": "warning"},
    "schema.calendar_day_is_date": {},
    "schema.flag_is_boolean": {},
    "schema.json_is_jsonb": {"orders.delivery_script_args": "warning"},
    "schema.number_has_range_check": {"customers.customer_balance": "warning", "orders.order_amount": "warning"},
    "schema.optional_columns_have_check": {"orders.delivery_script_name": "info"},
    "schema.status_has_history": {"orders.order_status": "warning"},
    "schema.status_is_constrained": {"orders.order_status": "info"},
    "schema.table_has_timestamps": {"customers": "warning", "orders": "warning"},
}


def test_scenario(sample: str) -> None:
    rules = [rule for rule in schema_rules() if rule.id in SCENARIO]
    with Snapshot(sample) as snapshot:
        verdicts: list[Verdict] = lint(snapshot.connection, rules)
    found = {verdict.rule.id: {it.object: it.severity for it in verdict.findings} for verdict in verdicts}
    assert found == SCENARIO
