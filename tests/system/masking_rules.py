"""Rules that select what is personal in every way: as evidence, as keys, and in the messages of errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.support import servers

HEADER: Final = "-- title: {title}\n-- severity: info\n-- key: {key}\n{sql}\n"

#: Beside the scenario: functions that quote what they are given, others that give it, a view, and arguments longer than
#: evidence is ever shown.
PREPARE: Final = """
create function tell(text) returns int language plpgsql as
$$ begin raise exception 'cannot use %', $1; end $$;
create function tell_as_check(text) returns int language plpgsql as
$$ begin raise exception 'cannot use %', $1 using errcode = 'check_violation'; end $$;
create function tell_as_denied(text) returns int language plpgsql as
$$ begin raise exception 'not for %', $1 using errcode = 'insufficient_privilege'; end $$;
create function tell_as_data(text) returns int language plpgsql as
$$ begin raise exception 'bad value % here', $1 using errcode = 'data_exception'; end $$;
create function address_of(int) returns text language sql as 'select address from customers where customer_id = $1';
create view branches as select customer_id, address as place, upper(customer_contact_name) as head from customers;
insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args, order_status)
values (9001, 9001, 104, 'bulk_delivery', ('{"token": "made-up-token-9001", "note": "' || repeat('x ', 6000)
  || '", "password": "made-up-password-9001"}')::json, 'cancelled')
"""

#: Rules with evidence from personal columns under other names. All have the key customer_id.
EVIDENCE: Final = {
    "alias": "select customer_id, customer_email as x, address as y, customer_phone as z from customers",
    "renamed": "select customer_id, customer_email as one, address as two, customer_phone as three from customers",
    "function": "select customer_id, lower(customer_email) as one, upper(customer_contact_name) as two from customers",
    "concatenation": "select customer_id, customer_contact_name || ' at ' || address as one from customers",
    "concat": "select customer_id, concat_ws(' / ', customer_contact_name, address) as one, "
    "format('%s, %s', customer_contact_name, customer_phone) as two from customers",
    "case": "select customer_id, case when customer_balance > 0 then address else customer_contact_name end as one "
    "from customers",
    "coalesce": "select customer_id, coalesce(nullif(customer_phone, ''), customer_contact_name) as one from customers",
    "capital_alias": 'select customer_id, upper(address) as "Place Of Work", customer_contact_name as "X" '
    "from customers",
    "same_name_twice": "select customer_id, customer_id as one, address as one, upper(customer_contact_name) as one "
    "from customers",
    "to_jsonb": "select c.customer_id, to_jsonb(c) as one, row_to_json(c) as two from customers as c",
    "to_jsonb_text": "select c.customer_id, to_jsonb(c)::text as one from customers as c",
    "row_text": "select c.customer_id, row(c)::text as one from customers as c",
    "row_of_all_text": "select c.customer_id, row(c.*)::text as one from customers as c",
    "whole_row_text": "select c.customer_id, c::text as one from customers as c",
    "whole_row": "select c.customer_id, c as one from customers as c",
    "whole_table_row": "select customers.customer_id, customers as one from customers",
    "whole_row_format": "select c.customer_id, format('<%s>', c) as one from customers as c",
    "row_of_columns": "select customer_id, row(address, customer_contact_name) as one from customers",
    "cte": "with people as (select customer_id as id, customer_contact_name as n, address as a from customers)\n"
    "select id as customer_id, n as one, upper(a) as two from people",
    "cte_of_cte": "with p as (select customer_id, lower(address) as a from customers),\n"
    "q as (select customer_id, a || '!' as b from p)\nselect customer_id, upper(b) as one from q",
    "cte_column_list": "with people (id, n, a) as (select customer_id, customer_contact_name, address from customers)\n"
    "select id as customer_id, n as one, upper(a) as two from people",
    "cte_star": "with people as (select * from customers)\n"
    "select p.customer_id, upper(p.address) as one from people as p",
    "subquery": "select s.customer_id, s.n as one, upper(s.a) as two from (\n"
    "  select t.customer_id, t.n, t.a || '!' as a from (\n"
    "    select customer_id, customer_contact_name as n, address as a from customers\n  ) as t\n) as s",
    "subquery_column_list": "select s.i as customer_id, s.n as one, upper(s.a) as two\n"
    "from (select customer_id, customer_contact_name, address from customers) as s (i, n, a)",
    "table_column_list": "select c.i as customer_id, c.n as one, upper(c.e) as two, upper(c.k) as three\n"
    "from customers as c (i, n, e, k, p, a)",
    "scalar_subquery": "select o.customer_id, (select upper(c.address) from customers as c "
    "where c.customer_id = o.customer_id) as one from orders as o",
    "star": "select * from customers",
    "star_of_subquery": "select s.* from (select customer_id, upper(address) as one from customers) as s",
    "lateral_values": "select c.customer_id, v.one, upper(v.one) as two from customers as c\n"
    "cross join lateral (values (c.address), (c.customer_contact_name)) as v (one)",
    "unnest": "select c.customer_id, u.one, upper(u.one) as two from customers as c\n"
    "cross join lateral unnest(array[c.address, c.customer_contact_name]) as u (one)",
    "each_column": "select c.customer_id, e.held as one from customers as c\n"
    "cross join lateral jsonb_each_text(to_jsonb(c)) as e (name, held)",
    "string_agg": "select customer_id, string_agg(address, '; ') as one, array_agg(customer_contact_name) as two\n"
    "from customers group by customer_id",
    "array_agg_hidden": "select c.customer_id, array_agg(v.one) as two from customers as c\n"
    "cross join lateral (values (c.address)) as v (one) group by c.customer_id",
    "window": "select customer_id, first_value(address) over (order by customer_id) as one,\n"
    "  lag(customer_contact_name) over (order by customer_id) as two from customers",
    "union": "select customer_id, address_state as one from customers\n"
    "union all select customer_id, upper(address) from customers",
    "values_of_keys": "select customer_id, jsonb_build_object(address, 1) as one from customers",
    "object_agg": "select customer_id, json_object_agg(customer_contact_name, 1) as one "
    "from customers group by customer_id",
    "split": "select customer_id, split_part(customer_email, '@', 1) as one, left(address, 12) as two,\n"
    "  string_to_array(customer_contact_name, ' ') as three from customers",
    "own_function": "select customer_id, address_of(customer_id) as one from customers",
    "own_function_in_from": "select c.customer_id, a.one from customers as c\n"
    "cross join lateral address_of(c.customer_id) as a (one)",
    "view": "select customer_id, place, head from branches",
    "view_function": "select b.customer_id, lower(b.place) as one, b.head || '!' as two from branches as b",
    "json_member": "select customer_id, delivery_script_args ->> 'api-key' as one, "
    "delivery_script_args #>> '{auth,dbPassword}' as two from orders\n"
    "where json_typeof(delivery_script_args) = 'object' and delivery_script_args::text !~* '\\\\u[0d]'",
    "json_address": "select customer_id, delivery_script_args ->> 'email_address' as one from orders\n"
    "where json_typeof(delivery_script_args) = 'object' and delivery_script_args::text !~* '\\\\u[0d]'",
    "json_text": "select customer_id, delivery_script_args::text as one from orders",
    "json_text_in_text": "select customer_id, 'arguments: ' || delivery_script_args::text as one from orders",
    "json_text_part": "select customer_id, substr(delivery_script_args::text, 2) as one from orders",
    "json_each": "select o.customer_id, e.name as one, e.held as two from orders as o\n"
    "cross join lateral json_each_text(o.delivery_script_args) as e (name, held)\n"
    "where json_typeof(o.delivery_script_args) = 'object' and o.delivery_script_args::text !~* '\\\\u[0d]'",
    "long_json": "select customer_id, delivery_script_args as one from orders where order_id = 9001",
    "long_json_text": "select customer_id, delivery_script_args::text as one from orders where order_id = 9001",
}  # fmt: skip

#: Rules with a personal key: (key, select).
KEYS: Final = {
    "email": ("customer_email", "select customer_email from customers"),
    "alias": ("one", "select customer_email as one from customers"),
    "function": ("one", "select lower(customer_email) as one from customers"),
    "composite": ("customer_id, one", "select customer_id, upper(address) as one from customers"),
    "quoted": ('"The Key"', 'select customer_contact_name as "The Key" from customers'),
    "whole_row": ("one", "select c as one from customers as c"),
    "whole_row_text": ("one", "select c::text as one from customers as c"),
    "to_jsonb": ("one", "select to_jsonb(c) as one from customers as c"),
    "cte": ("one", "with p as (select address as a from customers) select upper(a) as one from p"),
    "cte_column_list": ("one", "with p (a) as (select address from customers) select upper(a) as one from p"),
    "star": ("one", "select * from (select upper(address) as one from customers) as s"),
    "lateral": ("one", "select v.one from customers as c cross join lateral (values (c.address)) as v (one)"),
    "group": ("one", "select lower(customer_email) as one, count(*) as two from customers group by 1"),
    "union": ("one", "select address_state as one from customers union select upper(address) from customers"),
    "view": ("place", "select place from branches"),
    "json_member": (
        "one",
        "select delivery_script_args ->> 'email_address' as one from orders\n"
        "where json_typeof(delivery_script_args) = 'object' and delivery_script_args::text !~* '\\\\u[0d]'",
    ),
    "json_secret": (
        "one",
        "select coalesce(delivery_script_args ->> 'api-key', delivery_script_args ->> 'API_KEY', 'nothing') as one\n"
        "from orders\n"
        "where json_typeof(delivery_script_args) = 'object' and delivery_script_args::text !~* '\\\\u[0d]'",
    ),
    "json": ("one", "select delivery_script_args::text as one from orders"),
}

#: Conditions that fail on some row, with a message in which the server quotes it.
ERRORS: Final = {
    "cast_to_int": "customer_email::int > 0",
    "cast_to_numeric": "address::numeric > 0",
    "cast_to_date": "customer_contact_name::date > now()",
    "cast_to_interval": "address::interval > '1 day'",
    "cast_to_inet": "customer_email::inet is not null",
    "cast_to_uuid": "customer_contact_name::uuid is not null",
    "cast_to_json": "customer_contact_name::json is not null",
    "cast_to_jsonb": "address::jsonb is not null",
    "cast_to_array": "address::text[] is not null",
    "cast_to_point": "address::point is not null",
    "cast_to_bit": "customer_contact_name::bit(8) is not null",
    "cast_to_regclass": "customer_email::regclass is not null",
    "cast_to_regtype": "customer_contact_name::regtype is not null",
    "cast_to_regrole": "customer_email::regrole is not null",
    "cast_to_regproc": "customer_contact_name::regproc is not null",
    "cast_to_regnamespace": "customer_email::regnamespace is not null",
    "cast_to_tsquery": "customer_contact_name::tsquery is not null",
    "setting": "current_setting(customer_email) is not null",
    "database": "has_database_privilege(customer_email, 'connect')",
    "sequence": "nextval(customer_email) > 0",
    "time_zone": "now() at time zone customer_contact_name is not null",
    "regular_expression": "'x' ~ ('(' || customer_email)",
    "to_number": "to_date(address, 'YYYY-MM-DD') is not null",
    "encoding": "convert_to('x', customer_contact_name) is not null",
    "digest": "decode(customer_email, 'hex') is not null",
    "raised": "tell(customer_email) > 0",
    "raised_address": "tell(address) > 0",
    "raised_as_check_violation": "tell_as_check(customer_contact_name) > 0",
    "raised_as_denied": "tell_as_denied(customer_contact_name) > 0",
    "raised_as_data_exception": "tell_as_data(customer_contact_name) > 0",
}


@contextmanager
def personal_database(server_18: Server) -> Iterator[str]:
    """Sample and issues, and what those rules need; the DSN holds a password (the server trusts without)."""
    dsn = servers.new_database(server_18, "issues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(PREPARE.encode())
    yield dsn
    servers.drop_database(server_18, dsn)


def write_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All the rules of this module as a suite of a user's own."""
    folder = tmp_path_factory.mktemp("suite")
    texts = {f"evidence/{name}": ("customer_id", sql) for name, sql in EVIDENCE.items()}
    texts |= {f"keys/{name}": rule for name, rule in KEYS.items()}
    texts |= {
        f"errors/{name}": ("customer_id", f"select customer_id from customers where {condition}")
        for name, condition in ERRORS.items()
    }
    texts["errors/typing_error"] = ("customer_id", "select customer_id from customers\nwhere nosuchcolumn > 0")
    texts["plain/readable"] = ("order_id", READABLE)
    for place, (key, sql) in texts.items():
        path = folder / f"{place}.sql"
        path.parent.mkdir(exist_ok=True)
        path.write_text(HEADER.format(title=place, key=key, sql=sql), encoding="utf-8")
    return folder


READABLE: Final = """select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_schedule, o.order_amount,
  c.address_state, c.customer_balance, c.customer_name, o.order_amount::text as amount_text,
  o.order_schedule::text as schedule_text, o.delivery_script_name, date '2024-02-29' as made_on,
  timestamptz '2024-02-29 10:11:12.131415+00' as made_at, '2024-02-29' || ' 10:11:12' as made_text,
  o.order_amount > 100 as large, 12345678901234.56::numeric as total, '12345678901234.56' || '' as total_text,
  '1001-1002' || '' as span, c.customer_id::text as id_text, o.order_status || ' since 2024' as said,
  'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid as trace, interval '1 day 02:03:04' as age,
  '10:11:12'::time as starts, md5('x') as checksum
from orders as o
join customers as c on c.customer_id = o.customer_id
where o.order_id between 1001 and 1010"""
