"""Suggested statements as text: their parts, their layout, what is prose."""

from __future__ import annotations

import pytest

from order_audit.audit.analysis.ddl_statement import is_transaction, statements
from order_audit.audit.analysis.ddl_tokens import WIDTH, layout, split, tokens

LONG = [
    "alter table public.customers alter column customer_balance type numeric(14, 2) using"
    " customer_balance::text::numeric",
    "alter table public.orders add constraint orders_customer_id_fkey foreign key (customer_id) references"
    " public.customers (customer_id) not valid",
    "create table public.orders_order_schedule (order_id integer not null, bit_number smallint not null check"
    " (bit_number between 0 and 335), primary key (order_id, bit_number))",
    "insert into public.a select t.order_id, n from public.orders as t cross join generate_series(0, 335) as n where"
    " n < bit_length(t.order_schedule) and get_bit(t.order_schedule, n) = 1",
    "create unique index concurrently on public.customers (lower(btrim(customer_email))) where customer_email <> ''"
    " and deleted_at is null",
    "alter table t drop constraint c, alter column deleted drop default, alter column deleted type boolean using"
    " deleted <> 0, alter column deleted set default false",
]


@pytest.mark.parametrize("statement", LONG, ids=lambda it: it[:40])
def test_a_long_statement_gets_lines(statement: str) -> None:
    """By clauses, actions and lists, with the same tokens."""
    lines = layout(statement).splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= WIDTH
    assert [it.text for it in tokens(layout(statement))] == [it.text for it in tokens(statement)]


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        f"comment on table t is '{'long text, with; (marks) -- and dashes ' * 4}'",
        f'alter table "{"a;b" * 30}" rename to b',
        "create function f() returns trigger as $$begin insert into t values (new.a); return null; end;$$",
        "create function f() returns int language sql as $a$ select ';' -- x\n$a$",
    ],
)
def test_literals_names_and_bodies_stay_as_they_are(text: str) -> None:
    """Whatever is in them."""
    assert split(f"-- one;\n{text};\n") == [("-- one;", text)]
    assert [it.text for it in tokens(layout(text))] == [it.text for it in tokens(text)]


@pytest.mark.parametrize(
    "text",
    [
        "use one type for all of them: numeric(14, 2)",
        "create a table with one row for each set bit",
        "create an index on each partition of x with CREATE INDEX CONCURRENTLY, and attach it to y",
        "give tables that inherit from x their own keys, then make x.id an identity column",
        "add a primary key to each partition of x",
        "change the type of a.b to text like the others, or rename it",
        "",
    ],
)
def test_prose_is_no_statement(text: str) -> None:
    """It is shown as it is, and not judged."""
    assert statements(text) is None


def test_transaction_control_is_left_out() -> None:
    """It would end the transaction of whoever runs the statements."""
    script = "begin;\nalter table t alter column a drop default;\ndrop sequence s;\ncommit"
    found = statements(script)
    assert found is not None
    assert [it.sql for it in found] == ["alter table t alter column a drop default", "drop sequence s"]
    assert is_transaction(script)
    assert not is_transaction("drop sequence s")
