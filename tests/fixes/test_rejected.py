"""Rows that the database refuses to change: they are passed over and listed, and the rest goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from jsonschema import Draft202012Validator

from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import revert
from order_audit.fixes.engine.rejected import Rejected
from order_audit.fixes.engine.status import status
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import LEAVE, fixes
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from tests.fixes.rejecting import ALL, everything, left, of, orders_to_fix
from tests.support.clients import psql
from tests.support.program import order_audit

ROOT = Path(__file__).parents[2]
STATUS = "orders.status_is_known"
NAMES = "orders.script_name_is_identifier"
MERGE = "customers.email_is_unique"

Connection = psycopg.Connection

#: Objects that reject another status of orders 1 and 101, and their messages.
REFUSERS = {
    "check": (
        "alter table orders add constraint no_change check (order_id % 50 <> 1 or order_status = ' Active') not valid",
        'new row for relation "orders" violates check constraint "no_change"',
    ),
    "unique": (
        # 4 and 104 are active already
        "update orders set order_amount = case order_id when 1 then 4 when 101 then 104 else order_id end;"
        "create unique index no_change on orders (order_amount) where order_status = 'active'",
        'duplicate key value violates unique constraint "no_change"',
    ),
    "exclusion": (
        "update orders set order_amount = case order_id when 1 then 4 when 101 then 104 else order_id end;"
        "alter table orders add constraint no_change exclude using btree (order_amount with =)"
        " where (order_status = 'active')",
        'conflicting key value violates exclusion constraint "no_change"',
    ),
    "unique, deferred": (
        "update orders set order_amount = case order_id when 1 then 4 when 101 then 104 else order_id end;"
        "alter table orders add constraint no_change unique (order_amount, order_status) deferrable initially deferred",
        'duplicate key value violates unique constraint "no_change"',
    ),
    "foreign key": (
        "create table allowed (id bigint, status text, primary key (id, status));"
        "insert into allowed select order_id, s from orders, unnest(array['active', 'expired', 'paused', ' Active',"
        " 'EXPIRED ']) as s where order_id not in (1, 101) or s = ' Active';"
        "alter table orders add constraint no_change foreign key (order_id, order_status) references allowed",
        'insert or update on table "orders" violates foreign key constraint "no_change"',
    ),
    "foreign key, deferred": (
        "create table allowed (id bigint, status text, primary key (id, status));"
        "insert into allowed select order_id, s from orders, unnest(array['active', 'expired', 'paused', ' Active',"
        " 'EXPIRED ']) as s where order_id not in (1, 101) or s = ' Active';"
        "alter table orders add constraint no_change foreign key (order_id, order_status) references allowed"
        " deferrable initially deferred",
        'insert or update on table "orders" violates foreign key constraint "no_change"',
    ),
    "trigger": (
        "create function no_change() returns trigger language plpgsql as $$ begin"
        " if new.order_id % 50 = 1 then raise exception 'not this one'; end if; return new; end $$;"
        "create trigger t before update on orders for each row execute function no_change()",
        "not this one",
    ),
    "trigger, at the commit": (
        "create function no_change() returns trigger language plpgsql as $$ begin"
        " if new.order_id % 50 = 1 then raise exception 'not this one'; end if; return new; end $$;"
        "create constraint trigger t after update on orders deferrable initially deferred"
        " for each row execute function no_change()",
        "not this one",
    ),
    "trigger that calls a missing function": (
        "create function no_change() returns trigger language plpgsql as $$ begin"
        " if new.order_id % 50 = 1 then perform nowhere(); end if; return new; end $$;"
        "create trigger t before update on orders for each row execute function no_change()",
        "function nowhere() does not exist",
    ),
    "trigger that keeps the row": (
        "create function no_change() returns trigger language plpgsql as $$ begin"
        " return case when new.order_id % 50 <> 1 then new end; end $$;"
        "create trigger t before update on orders for each row execute function no_change()",
        "only 0 of 1 rows of public.orders changed: a trigger or rewrite rule of the table prevents the change",
    ),
    "trigger that keeps the value": (
        "create function no_change() returns trigger language plpgsql as $$ begin"
        " if new.order_id % 50 = 1 then new.order_status = old.order_status; end if; return new; end $$;"
        "create trigger t before update on orders for each row execute function no_change()",
        "only 0 of 1 rows of public.orders changed: a trigger or rewrite rule of the table prevents the change",
    ),
    "rule": (
        "create rule no_change as on update to orders where old.order_id % 50 = 1 do instead nothing",
        "only 0 of 1 rows of public.orders changed: a trigger or rewrite rule of the table prevents the change",
    ),
}
#: Those that a trial on copies knows of.
FORETOLD = {"check", "unique", "exclusion", "unique, deferred"}
EACH = pytest.mark.parametrize("kind", [*REFUSERS])
#: Each way in which an emitted file meets them, which 15 takes as well: at once, at the commit, an error, no row.
ON_15 = {"check", "foreign key, deferred", "trigger that calls a missing function", "trigger that keeps the row"}


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    """200 orders: of four, the first and the second have a status to be put right; each tenth a script's name."""
    with orders_to_fix(dsn) as made:
        yield made


def expected(kind: str) -> tuple[Rejected, ...]:
    by = "no_change" if "no_change" in REFUSERS[kind][0] and "prevents the change" not in REFUSERS[kind][1] else ""
    return (Rejected(STATUS, "automatic", "public.orders", by, REFUSERS[kind][1], 2, ("1", "101"), ("order_id",)),)


@EACH
def test_what_is_refused_is_passed_over_and_the_rest_goes_on(database: Connection, kind: str) -> None:
    database.execute(REFUSERS[kind][0])
    before = everything(database)
    rules, wanted = of(STATUS, NAMES)
    # the script names come last
    wanted[NAMES] = wanted.pop(NAMES)
    foretold = plan(database, rules, wanted, {})
    rehearsed = rehearse(database, rules, wanted, {}, Throttle())
    assert everything(database) == before
    for _ in range(2):
        done = apply(database, rules, wanted, {}, None, Throttle())
        assert left(database) == {1, 101}
        assert done.rejected == expected(kind)
        assert done.left == 0
    assert [(rule, one.rejected) for rule, _, one in done.done if one.rejected] == [(STATUS, 2)]
    assert database.execute("select distinct delivery_script_name from orders").fetchall() == [("crm",)]
    assert rehearsed.rejected == expected(kind)
    assert rehearsed.changed == 98 + 20
    changed = {step.fix.rule.id: step.automatic for step in foretold.steps}
    if kind in FORETOLD:
        assert changed == {STATUS: 98, NAMES: 20}
        assert [step.rejected for step in foretold.steps] == [expected(kind), ()]
        assert foretold.after[STATUS] == 2
    else:
        assert changed == {STATUS: 100, NAMES: 20}
    found = status(database)
    assert found is not None
    assert found.rejected == expected(kind)
    # what refuses it is mended
    database.execute(
        "drop trigger if exists t on orders; alter table orders drop constraint if exists no_change;"
        " drop index if exists no_change; drop rule if exists no_change on orders"
    )
    done = apply(database, rules, wanted, {}, None, Throttle())
    assert (done.changed, done.rejected, left(database)) == (2, (), set())
    revert(database, STATUS, TARGET, Throttle())
    revert(database, NAMES, TARGET, Throttle())
    assert everything(database) == before


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.both_versions if kind in ON_15 else ()) for kind in REFUSERS]
)
def test_emitted_files_pass_it_over_as_well(database: Connection, dsn: str, kind: str, tmp_path: Path) -> None:
    database.execute(REFUSERS[kind][0])
    _, wanted = of(STATUS)
    emit(database, wanted, {}, tmp_path, guards=False)
    files = [tmp_path / "deploy" / name for name in ("journal.sql", f"{STATUS}.sql")]
    for _ in range(2):
        done = psql(dsn, *files)
        assert done.returncode == 0, done.stderr
        assert left(database) == {1, 101}
        said = '2 rows of public.orders were rejected, such as {"order_id": "1"}: ' + expected(kind)[0].reason
        assert said in done.stderr
        assert "and run this again. order_audit.refused has all of them." in done.stderr
        found = status(database)
        assert found is not None
        assert found.rejected == expected(kind)
    verified = psql(dsn, tmp_path / "verify" / f"{STATUS}.sql")
    assert verified.returncode == 0, verified.stderr
    # its own list of them is gone
    assert database.execute("select count(*) from order_audit.todo").fetchone() == (0,)
    # one that was not refused is a reason to fail
    database.execute(
        "alter table orders disable trigger user; update orders set order_status = 'EXPIRED ' where order_id = 2"
    )
    assert "1 rows still to change" in psql(dsn, tmp_path / "verify" / f"{STATUS}.sql").stderr


def test_where_everything_is_refused_nothing_is_changed(database: Connection) -> None:
    database.execute(
        "alter table orders add constraint none check (order_status not in ('active', 'expired')) not valid"
    )
    before = everything(database)
    rules, wanted = of(STATUS, NAMES)
    done = apply(database, rules, wanted, {}, None, Throttle())
    # of the orders with a script's name, half have such a status
    assert [(found.rule, found.by, found.rows) for found in done.rejected] == [
        (NAMES, "none", 10),
        (STATUS, "none", 100),
    ]
    assert done.changed == 10
    assert len(set(before) & set(everything(database))) == len(before) - 10


def test_what_is_refused_until_another_row_is_changed_is_tried_again(database: Connection) -> None:
    """Orders 1 and 5 swap what must be unique: in batches of one, the first has to wait for the second."""
    database.execute(
        "create function steps() returns trigger language plpgsql as $$ begin"
        " if exists (select from orders where order_id = new.order_id + 4 and order_status = ' Active')"
        " then raise exception 'not before the next'; end if; return new; end $$;"
        "create trigger t before update on orders for each row execute function steps();"
        "delete from orders where order_id > 12"
    )
    rules, wanted = of(STATUS)
    done = apply(database, rules, wanted, {}, None, Throttle(batch_size=1))
    assert (left(database), done.rejected) == (set(), ())


def test_rows_that_change_together_are_refused_together(database: Connection) -> None:
    database.execute(
        "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
        " address_state, customer_balance) select i, 'Birch ' || i, 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY', i"
        " from generate_series(3, 4) as i;"
        "update orders set customer_id = 2 where order_id <= 5;"
        "update orders set customer_id = 4 where order_id > 195;"
        "create function keeps() returns trigger language plpgsql as"
        " $$ begin if old.customer_id = 2 then raise 'customer % stays', old.customer_id; end if; return old; end $$;"
        "create trigger keeps before delete on customers for each row execute function keeps()"
    )
    rules, wanted = of(MERGE)
    done = apply(database, rules, wanted, {MERGE: "merge"}, None, Throttle())
    assert database.execute("select customer_id, customer_balance::int from customers order by 1").fetchall() == [
        (1, 0), (2, 0), (3, 7),
    ]  # fmt: skip
    assert database.execute("select customer_id, count(*) from orders group by 1 order by 1").fetchall() == [
        (1, 190), (2, 5), (3, 5),
    ]  # fmt: skip
    assert [(found.table, found.rows, found.by, found.reason) for found in done.rejected] == [
        ("public.orders", 5, "keeps", "customer 2 stays"),
        ("public.customers", 1, "keeps", "customer 2 stays"),
    ]


@pytest.mark.parametrize("how", ["program", "procedure"])
@pytest.mark.both_versions
def test_what_cannot_be_put_back_is_left_alone(database: Connection, how: str) -> None:
    rules, wanted = of(STATUS)
    apply(database, rules, wanted, {}, None, Throttle())
    database.execute(REFUSERS["check"][0].replace("' Active'", "'active'"))
    for _ in range(2):
        if how == "program":
            done = revert(database, STATUS, TARGET, Throttle())
            assert (done.rejected, done.locked, done.changed_concurrently) == (2, 0, 0)
        else:
            database.execute("call order_audit.revert(%s)", [STATUS])
        assert len(left(database)) == 98
        assert database.execute(
            "select key ->> 'order_id', left_alone from order_audit.journal where left_alone is not null order by id"
        ).fetchall() == [(id, f"refused: {REFUSERS['check'][1]}") for id in ("1", "101")]
    database.execute("alter table orders drop constraint no_change")
    assert revert(database, STATUS, TARGET, Throttle()).changed == 2
    assert len(left(database)) == 100


def test_the_commands_say_what_was_refused_and_what_to_do(database: Connection, dsn: str, tmp_path: Path) -> None:
    database.execute(REFUSERS["check"][0])
    policy = tmp_path / "policy.toml"
    policy.write_text("".join(f'"{rule}" = "{LEAVE}"\n' for rule in fixes(ALL.values())))

    def run(*words: str) -> tuple[int, str]:
        done = order_audit(*words, "--dsn", dsn)
        return done.returncode, " ".join((done.stdout + done.stderr).split())

    said = f"rejected {STATUS}: automatic: 2 rows of public.orders (1, 101): {REFUSERS['check'][1]}"
    code, shown = run("fixes", "plan", "--decisions", str(policy))
    assert (code, said in shown) == (0, True), shown
    code, shown = run("fixes", "apply", "--rehearse", "--decisions", str(policy))
    assert (code, said in shown) == (0, True), shown
    code, shown = run("fixes", "apply", "--no-guards", "--decisions", str(policy))
    assert (code, said in shown) == (1, True), shown
    assert f"{STATUS}: automatic: 98 rows, 2 rejected" in shown
    assert "2 rows rejected and unchanged: correct the rows or the constraint" in shown
    assert said in run("fixes", "status")[1]
    code, shown = run("run", "--out", str(tmp_path / "audit"), "--rule", STATUS)
    assert code in (0, 1), shown
    document = json.loads((tmp_path / "audit" / "results.json").read_text())
    Draft202012Validator(json.loads((ROOT / "order_audit" / "reports" / "results.schema.json").read_text())).validate(
        document
    )
    assert document["fixes"]["refused"] == [found.document() for found in expected("check")]
    assert document["fixes"]["refused"][0]["by"] == "no_change"
