"""Old and new applications at work while a database is carried to its proposed schema, with a ledger of their own.

Old ones write `customers` and `orders`, new ones the tables of `sales`; both meet on a few rows. What each committed is
written down, in the order in which the rows' locks were had, and compared with all rows of both sides afterwards.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import psycopg

#: What an order may become without a schedule and without being due.
_STATUSES: Final = ("pending", "paused", "cancelled", "expired")
#: Customers and orders that everybody wants, and how often, of a hundred times, somebody does.
_HOT: Final = 5
_OFTEN: Final = 20
_SCHEDULE: Final = ("0" * 18 + "1" * 16 + "0" * 14) * 5 + "0" * 96

#: All rows as they were before, to be compared with. Balances are in quarters of a dollar, of which floating point
#: keeps sums and differences exactly.
_PREPARE: Final = """
update customers set customer_balance = 1e6 + floor(customer_balance * 4) / 4
where customer_balance >= 0 and customer_balance <= 1e9;
create index if not exists orders_by_customer on orders (customer_id);
create index if not exists orders_by_ref on orders (order_ref);
create schema workload;
create table workload.customers as select * from customers;
create table workload.orders as select * from orders;
alter table workload.customers add primary key (customer_id);
alter table workload.orders add primary key (order_id);
"""

_CHANGED: Final = {
    "customers": """
select coalesce(b.customer_id, n.customer_id), row_to_json(b), row_to_json(n)
from workload.customers as b
full join {there}.customers as n on n.customer_id = b.customer_id
where b::text is distinct from row(
  n.customer_id, n.customer_name, n.customer_email, n.customer_contact_name, n.customer_phone, n.address,
  n.address_state, n.customer_balance
)::text
""",
    "orders": """
select coalesce(b.order_id, n.order_id), row_to_json(b), row_to_json(n)
from workload.orders as b
full join {there}.orders as n on n.order_id = b.order_id
where b::text is distinct from row(
  n.order_id, n.order_ref, n.customer_id, n.order_schedule, n.delivery_script_name, n.delivery_script_args,
  n.order_amount, n.order_status
)::text
""",
}

#: Rows that are not on both sides alike, told without what the migration itself compares by. After `contract` the old
#: side is the views.
_UNLIKE: Final = {
    "customers": """
with old as (
  select customer_id::bigint as id, customer_name, customer_email, customer_contact_name::text, customer_phone::text,
    address, address_state, customer_balance::text::numeric as balance
  from {there}.customers
), new as (
  select c.customer_id, c.name, k.email, k.name, k.phone, a.street, a.state_code, trim_scale(c.balance)
  from sales.customers as c
  left join sales.contacts as k on k.customer_id = c.customer_id and k.is_main
  left join sales.addresses as a on a.customer_id = c.customer_id and a.is_main
)
(select 'old', * from old except all select 'old', * from new)
union all (select 'new', * from new except all select 'new', * from old)
""",
    "orders": """
with schedule as materialized (
  select schedule_id, sales.bits(half_hours)::text as bits from sales.schedules
), old as (
  select order_id::bigint as id, order_ref::bigint, customer_id::bigint, order_schedule::text, delivery_script_name,
    delivery_script_args::text as args, order_amount::numeric, order_status
  from {there}.orders
), new as (
  select o.order_id, o.first_ancestor_id, o.customer_id, coalesce(s.bits, repeat('0', 336)), d.script_name, t.args_text,
    trunc(o.amount), o.order_status
  from sales.orders as o
  left join schedule as s on s.schedule_id = o.schedule_id
  left join sales.order_deliveries as d on d.order_id = o.order_id
  left join sales_private.delivery_originals as t on t.order_id = o.order_id
)
(select 'old', * from old except all select 'old', * from new)
union all (select 'new', * from new except all select 'new', * from old)
""",
}


@dataclass(frozen=True)
class Time:
    """A transaction: in which phase, of which side, what it did, and seconds from when it was due."""

    phase: str
    side: str
    what: str
    seconds: float


@dataclass
class Ledger:
    """What was committed. Values have the number of the moment at which their row was locked: the last one counts."""

    added: dict[tuple[str, int], Decimal] = field(default_factory=dict)
    last: dict[tuple[str, int], tuple[int, Any]] = field(default_factory=dict)
    made: dict[int, dict[str, Any]] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    #: Which order was made from which.
    recreated: list[tuple[int, int]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)


@dataclass
class Draft:
    """What a transaction wrote, until it is committed."""

    added: list[tuple[str, int, Decimal]] = field(default_factory=list)
    last: list[tuple[str, int, int, Any]] = field(default_factory=list)
    made: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)
    recreated: list[tuple[int, int]] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)


Action = Callable[[psycopg.Connection, random.Random, Draft], None]


@dataclass
class Workload:
    """Clients on connections that stay open. `rate` is transactions a second, of all clients together.

    The last `newer` clients are of the new side while `new` is set, and of the old side before and after.
    """

    dsn: str
    clients: int = 6
    newer: int = 2
    rate: float = 150.0
    seed: int = 1
    phase: str = "before"
    times: list[Time] = field(default_factory=list)
    errors: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    new: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _go: threading.Event = field(default_factory=threading.Event)
    _idle: list[threading.Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _moments: Iterator[int] = field(default_factory=itertools.count)

    def prepare(self) -> None:
        """Remember all rows as they are, and choose which ones everybody wants."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(_PREPARE.encode())
            connection.execute("vacuum (analyze) customers")
            connection.execute("vacuum (analyze) orders")
            row = connection.execute("select max(order_id) from workload.orders").fetchone()
            assert row is not None
            self._orders = row[0]
            self._customers = _list(connection, "select array_agg(customer_id) from workload.customers")
            ids = "select array(select {} from workload.{} {} order by 1 desc limit 5)"
            self._hot_customers = _list(connection, ids.format("customer_id", "customers", ""))
            self._hot_orders = _list(
                connection, ids.format("order_id", "orders", "where order_status = 'active' and order_ref = order_id")
            )

    @contextmanager
    def at_work(self) -> Iterator[Workload]:
        """While it lasts, clients are at work."""
        self._idle = [threading.Event() for _ in range(self.clients)]
        threads = [threading.Thread(target=self._work, args=(number,)) for number in range(self.clients)]
        self._go.set()
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._go.set()
            for thread in threads:
                thread.join()

    @contextmanager
    def during(self, phase: str, after: float = 1.0) -> Iterator[None]:
        """A phase of a name, and some seconds in which what it did may still be felt."""
        self.phase = phase
        yield
        time.sleep(after)

    @contextmanager
    def halted(self) -> Iterator[None]:
        """While it lasts, no transaction is open; connections are."""
        self._go.clear()
        for idle in self._idle if not self._stop.is_set() else ():
            idle.wait()
        try:
            yield
        finally:
            for idle in self._idle:
                idle.clear()
            self._go.set()

    def _work(self, number: int) -> None:
        chance = random.Random(self.seed * 1000 + number)
        gap = self.clients / self.rate
        with psycopg.connect(self.dsn, application_name=f"workload {number}") as connection:
            # prepared at once, and kept
            connection.prepare_threshold = 0
            due = time.perf_counter() + gap * number / self.clients
            while not self._stop.is_set():
                if not self._go.is_set():
                    self._idle[number].set()
                    self._go.wait()
                    due = time.perf_counter() + gap * chance.random()
                    continue
                if (early := due - time.perf_counter()) > 0:
                    time.sleep(min(early, 0.1))
                    continue
                newer = number >= self.clients - self.newer and self.new.is_set()
                self._transaction(connection, chance, due, newer=newer)
                due += gap

    def _transaction(self, connection: psycopg.Connection, chance: random.Random, due: float, *, newer: bool) -> None:
        of = self._new if newer else self._old
        action = chance.choices([it for it, _ in of], [weight for _, weight in of])[0]
        phase, draft = self.phase, Draft()
        side, what = "new" if newer else "old", action.__name__.strip("_").removeprefix("new_")
        try:
            action(self, connection, chance, draft)
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            said = f"{error.diag.message_primary or error} {error.diag.context or ''} {error.diag.message_detail or ''}"
            with self._lock:
                self.errors.append((phase, side, what, error.sqlstate or type(error).__name__, said))
            return
        with self._lock:
            self.times.append(Time(phase, side, what, time.perf_counter() - due))
            self._write_down(draft)

    def _write_down(self, draft: Draft) -> None:
        ledger = self.ledger
        for name, key, amount in draft.added:
            ledger.added[name, key] = ledger.added.get((name, key), Decimal(0)) + amount
        for name, key, moment, value in draft.last:
            if ledger.last.get((name, key), (-1, None))[0] < moment:
                ledger.last[name, key] = (moment, value)
        ledger.made.update(draft.made)
        ledger.deleted.update(draft.deleted)
        ledger.recreated += draft.recreated
        ledger.entries += draft.entries

    def _customer(self, chance: random.Random) -> int:
        if chance.randrange(100) < _OFTEN:
            return chance.choice(self._hot_customers)
        return chance.choice(self._customers)

    def _order(self, chance: random.Random) -> int:
        if chance.randrange(100) < _OFTEN:
            return chance.choice(self._hot_orders)
        return chance.randint(1, self._orders)

    # Old applications.

    def _read_order(self, connection: psycopg.Connection, chance: random.Random, _: Draft) -> None:
        connection.execute("select * from orders where order_id = %s", [self._order(chance)]).fetchall()

    def _read_customer(self, connection: psycopg.Connection, chance: random.Random, _: Draft) -> None:
        customer = self._customer(chance)
        connection.execute("select * from customers where customer_id = %s", [customer]).fetchall()
        connection.execute(
            "select order_id, order_amount, order_status from orders where customer_id = %s order by order_id limit 50",
            [customer],
        ).fetchall()

    def _spend(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        """Hold the customer, reckon, and write what was reckoned."""
        customer, amount = self._customer(chance), Decimal(chance.randint(-400, 400)) / 4
        row = connection.execute(
            "select customer_balance from customers where customer_id = %s for update", [customer]
        ).fetchone()
        if row is None or not 0 <= row[0] + float(amount) < 1e12:
            return
        if connection.execute(
            "update customers set customer_balance = %s where customer_id = %s", [row[0] + float(amount), customer]
        ).rowcount:
            draft.added.append(("balance", customer, amount))

    def _spend_if_covered(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer, amount = self._customer(chance), Decimal(chance.randint(1, 40)) / 4
        if connection.execute(
            "update customers set customer_balance = customer_balance - %s::float8"
            " where customer_id = %s and customer_balance >= %s and customer_balance < 'infinity'",
            [float(amount), customer, float(amount)],
        ).rowcount:
            draft.added.append(("balance", customer, -amount))

    def _call(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        """Another telephone number."""
        customer, phone = self._customer(chance), f"+1 {chance.randrange(10**10)}"
        if connection.execute(
            "update customers set customer_phone = %s where customer_id = %s", [phone, customer]
        ).rowcount:
            draft.last.append(("phone", customer, next(self._moments), phone))

    def _set_status(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        for order in sorted({self._order(chance), chance.randint(1, self._orders)}):
            status = chance.choice(_STATUSES)
            if connection.execute(
                "update orders set order_status = %s where order_id = %s and order_status <> 'recreated'",
                [status, order],
            ).rowcount:
                draft.last.append(("status", order, next(self._moments), status))

    def _set_statuses(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        """Of a customer's orders, the paused ones."""
        customer = self._customer(chance)
        connection.execute(
            "select from orders where customer_id = %s and order_status = 'paused' order by order_id for update",
            [customer],
        )
        rows = connection.execute(
            "update orders set order_status = 'pending' where customer_id = %s and order_status = 'paused'"
            " returning order_id",
            [customer],
        ).fetchall()
        draft.last += (("status", order, next(self._moments), "pending") for (order,) in rows)

    def _raise_amount(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        order = self._order(chance)
        connection.execute("select from orders where order_id = %s for update", [order])
        if connection.execute(
            "update orders set order_amount = order_amount + 1 where order_id = %s", [order]
        ).rowcount:
            draft.added.append(("amount", order, Decimal(1)))

    def _begin_lineage(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer, amount = self._customer(chance), chance.randint(1, 500)
        args = f'{{ "email_address": "x{chance.randrange(1000)}@leads.example" , "api_key": "k{chance.random()}"}}'
        row = connection.execute(
            "insert into orders (order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
            " order_amount, order_status)"
            " values (currval('orders_order_id_seq'), %s, %s::bit(336), 'email_delivery', %s::json, %s, 'active')"
            " returning order_id, order_ref",
            [customer, _SCHEDULE, args, amount],
        ).fetchone()
        assert row is not None
        assert row[0] == row[1], row
        draft.made.append(
            (row[0], {"order_ref": row[0], "customer_id": customer, "order_schedule": _SCHEDULE, "order_amount": amount,
                      "delivery_script_name": "email_delivery", "order_status": "active"})
        )  # fmt: skip

    def _recreate(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        """What the nightly job does, for one customer."""
        customer = self._customer(chance)
        row = connection.execute(
            "select customer_balance from customers where customer_id = %s for update", [customer]
        ).fetchone()
        if row is None:
            return
        due = connection.execute(
            "select order_id, order_ref from orders as o"
            " where customer_id = %s and order_status in ('pending', 'active', 'paused') and order_amount < %s"
            " and not exists (select from orders as later"
            " where later.order_ref = o.order_ref and later.order_id > o.order_id)"
            " order by order_id limit 2 for update",
            [customer, row[0]],
        ).fetchall()
        for order, ref in due:
            made = connection.execute(
                "insert into orders (order_ref, customer_id, order_schedule, delivery_script_name,"
                " delivery_script_args, order_amount, order_status)"
                " select order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
                " order_amount, order_status"
                " from orders where order_id = %s and order_status in ('pending', 'active', 'paused')"
                " returning order_id, customer_id, order_schedule::text, delivery_script_name, order_amount,"
                " order_status",
                [order],
            ).fetchone()
            if made is None:
                continue
            connection.execute("update orders set order_status = 'recreated' where order_id = %s", [order])
            moment = next(self._moments)
            draft.last.append(("status", order, moment, "recreated"))
            draft.recreated.append((order, made[0]))
            draft.made.append((made[0], {"order_ref": ref, **_named(made[1:])}))

    def _delete_order(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        """An order that was made and that nobody refers to."""
        with self._lock:
            made = [it for it in itertools.islice(reversed(self.ledger.made), 200) if it not in self.ledger.deleted]
        if not made:
            return
        order = chance.choice(made)
        if connection.execute(
            "delete from orders where order_id = %s and order_status in ('cancelled', 'expired')"
            " and not exists (select from orders as o where o.order_ref = %s and o.order_id <> %s)",
            [order, order, order],
        ).rowcount:
            draft.deleted.append(order)

    def _cancel_made(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        with self._lock:
            made = [it for it in itertools.islice(reversed(self.ledger.made), 200) if it not in self.ledger.deleted]
        if (
            made
            and connection.execute(
                "update orders set order_status = 'cancelled'"
                " where order_id = %s and order_status in ('pending', 'active')",
                [order := chance.choice(made)],
            ).rowcount
        ):
            draft.last.append(("status", order, next(self._moments), "cancelled"))

    # New applications.

    def _new_read(self, connection: psycopg.Connection, chance: random.Random, _: Draft) -> None:
        customer = self._customer(chance)
        connection.execute(
            "select c.name, c.balance, k.email from sales.customers as c"
            " join sales.contacts as k on k.customer_id = c.customer_id where c.customer_id = %s",
            [customer],
        ).fetchall()
        connection.execute("select * from sales.orders where customer_id = %s limit 50", [customer]).fetchall()

    def _new_entry(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer, amount = self._customer(chance), Decimal(chance.randint(-40, 40) or 1) / 4
        reason = f"entry {chance.random()}"
        row = connection.execute(
            "select balance from sales.customers where customer_id = %s for no key update", [customer]
        ).fetchone()
        if row is None or row[0] + amount < 0:
            return
        connection.execute(
            "insert into sales.ledger_entries (customer_id, amount, reason) values (%s, %s, %s)",
            [customer, amount, reason],
        )
        draft.added.append(("balance", customer, amount))
        draft.entries.append(reason)

    def _new_entry_at_once(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer, amount, reason = (
            self._customer(chance),
            Decimal(chance.randint(1, 40)) / 4,
            f"entry {chance.random()}",
        )
        if connection.execute(
            "insert into sales.ledger_entries (customer_id, amount, reason)"
            " select c.customer_id, %s, %s from sales.customers as c where c.customer_id = %s",
            [amount, reason, customer],
        ).rowcount:
            draft.added.append(("balance", customer, amount))
            draft.entries.append(reason)

    def _new_call(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer, phone = self._customer(chance), f"+1 {chance.randrange(10**10)}"
        if connection.execute(
            "update sales.contacts set phone = %s where customer_id = %s and is_main", [phone, customer]
        ).rowcount:
            draft.last.append(("phone", customer, next(self._moments), phone))

    def _new_status(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        for order in sorted({self._order(chance), chance.randint(1, self._orders)}):
            status = chance.choice(_STATUSES)
            if connection.execute(
                "update sales.orders set order_status = %s where order_id = %s and order_status <> 'recreated'",
                [status, order],
            ).rowcount:
                draft.last.append(("status", order, next(self._moments), status))

    def _new_amount(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        order = self._order(chance)
        if connection.execute("update sales.orders set amount = amount + 1 where order_id = %s", [order]).rowcount:
            draft.added.append(("amount", order, Decimal(1)))

    def _new_order(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer, amount = self._customer(chance), chance.randint(1, 500)
        if not connection.execute(
            "select from sales.customers where customer_id = %s for key share", [customer]
        ).rowcount:
            return
        row = connection.execute(
            "insert into sales.orders (customer_id, amount) values (%s, %s) returning order_id, first_ancestor_id",
            [customer, amount],
        ).fetchone()
        assert row is not None
        assert row[0] == row[1], row
        connection.execute(
            "insert into sales.order_deliveries (order_id, script_name, args) values (%s, 'bulk_delivery', %s::jsonb)",
            [row[0], f'{{"token": "t{chance.random()}", "to": [1, 2]}}'],
        )
        draft.made.append(
            (row[0], {"order_ref": row[0], "customer_id": customer, "order_schedule": "0" * 336, "order_amount": amount,
                      "delivery_script_name": "bulk_delivery", "order_status": "pending"})
        )  # fmt: skip

    def _new_recreate(self, connection: psycopg.Connection, chance: random.Random, draft: Draft) -> None:
        customer = self._customer(chance)
        due = connection.execute(
            "select order_id from sales.orders_due where customer_id = %s order by 1 limit 2", [customer]
        ).fetchall()
        for (order,) in due:
            row = connection.execute("select sales.recreate(%s)", [order]).fetchone()
            if row is None or row[0] is None:
                continue
            moment = next(self._moments)
            made = connection.execute(
                "select o.first_ancestor_id, o.customer_id, coalesce(sales.bits(s.half_hours)::text, repeat('0', 336)),"
                " d.script_name, o.amount::integer, o.order_status"
                " from sales.orders as o left join sales.schedules as s on s.schedule_id = o.schedule_id"
                " left join sales.order_deliveries as d on d.order_id = o.order_id where o.order_id = %s",
                [row[0]],
            ).fetchone()
            assert made is not None
            draft.last.append(("status", order, moment, "recreated"))
            draft.recreated.append((order, row[0]))
            draft.made.append((row[0], {"order_ref": made[0], **_named(made[1:])}))

    _old = (
        (_read_order, 30), (_read_customer, 15), (_spend, 8), (_spend_if_covered, 10), (_call, 4), (_set_status, 10),
        (_set_statuses, 3), (_raise_amount, 6), (_begin_lineage, 6), (_recreate, 4), (_delete_order, 2),
        (_cancel_made, 2),
    )  # fmt: skip
    _new = (
        (_new_read, 40), (_new_entry, 10), (_new_entry_at_once, 10), (_new_call, 5), (_new_status, 15),
        (_new_amount, 6), (_new_order, 7), (_new_recreate, 7),
    )  # fmt: skip

    # What is to be found afterwards.

    def wrong(self, *, there: str = "public", new: bool = False) -> list[str]:
        """What differs from the ledger, and with `new` between both sides, while nobody writes.

        `there` is the schema in which the old tables, or their views, are looked at.
        """
        with psycopg.connect(self.dsn) as connection:
            connection.execute("set extra_float_digits = 1; set jit = off; set work_mem = '256MB'")
            found = self._not_as_written(connection, there)
            if new:
                for table, query in _UNLIKE.items():
                    found += (
                        f"{table}, not on both sides: {row}"
                        for row in connection.execute(query.format(there=there).encode())
                    )
                found += self._entries(connection)
        return found

    def _not_as_written(self, connection: psycopg.Connection, there: str) -> list[str]:
        ledger, found = self.ledger, []
        changed: dict[str, dict[int, tuple[Any, Any]]] = {
            table: {row[0]: (row[1], row[2]) for row in connection.execute(query.format(there=there).encode())}
            for table, query in _CHANGED.items()
        }
        wanted = {key for name, key in itertools.chain(ledger.added, ledger.last) if name in ("balance", "phone")}
        for key in sorted(wanted | set(changed["customers"])):
            was, now = changed["customers"].get(key) or (None, None)
            if was is None or now is None:
                # as before, though somebody wrote
                if (
                    was is None
                    and now is None
                    and not ledger.added.get(("balance", key))
                    and ("phone", key) not in ledger.last
                ):
                    continue
                found.append(f"customer {key}: {was} became {now}")
                continue
            right = dict(was)
            if added := ledger.added.get(("balance", key)):
                right["customer_balance"] = float(Decimal(str(was["customer_balance"])) + added)
            if last := ledger.last.get(("phone", key)):
                right["customer_phone"] = last[1]
            found += _unlike(f"customer {key}", right, now)

        wanted = {key for name, key in itertools.chain(ledger.added, ledger.last) if name in ("amount", "status")}
        for key in sorted(wanted | set(ledger.made) | set(changed["orders"])):
            was, now = changed["orders"].get(key) or (None, None)
            last_status = ledger.last.get(("status", key))
            if key in ledger.deleted:
                if now is not None:
                    found.append(f"order {key} was deleted and is there")
                continue
            if key not in changed["orders"]:
                row = connection.execute(
                    "select row_to_json(o) from workload.orders as o where order_id = %s", [key]
                ).fetchone()
                was = now = row[0] if row else None
            if key in ledger.made:
                right = dict(ledger.made[key])
                if was is not None:
                    found.append(f"order {key} was there before it was made")
            elif was is None:
                found.append(f"order {key}: nobody made it")
                continue
            else:
                right = dict(was)
            if now is None:
                found.append(f"order {key} is lost")
                continue
            right["order_amount"] += int(ledger.added.get(("amount", key), 0))
            if last_status:
                right["order_status"] = last_status[1]
            found += _unlike(f"order {key}", right, now)
        twice = [order for order, times in Counter(order for order, _ in ledger.recreated).items() if times > 1]
        found += (f"order {order} was recreated twice" for order in twice)
        return found

    def _entries(self, connection: psycopg.Connection) -> list[str]:
        """Entries of new applications, each just once, and histories without gaps."""
        there = Counter(
            row[0] for row in connection.execute("select reason from sales.ledger_entries where reason like 'entry %'")
        )
        wanted = Counter(self.ledger.entries)
        found = [
            f"{reason}: wanted {wanted[reason]} times, there {there[reason]} times"
            for reason in (there - wanted) + (wanted - there)
        ]
        found += (
            f"order {row[0]}: its history has gaps, or does not end as it stands"
            for row in connection.execute(
                "select h.order_id from sales.order_status_changes as h join sales.orders as o using (order_id)"
                " group by h.order_id, o.order_status"
                " having max(h.change_number) <> count(*)"
                " or (array_agg(h.status_after order by h.change_number desc))[1] <> o.order_status"
            )
        )
        return found


def _named(row: tuple[Any, ...]) -> dict[str, Any]:
    names = ("customer_id", "order_schedule", "delivery_script_name", "order_amount", "order_status")
    return dict(zip(names, row, strict=True))


def _unlike(what: str, right: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [
        f"{what}: {name} should be {value!r}, is {now[name]!r}" for name, value in right.items() if now[name] != value
    ]


def _list(connection: psycopg.Connection, query: str) -> list[int]:
    row = connection.execute(query.encode()).fetchone()
    return list(row[0]) if row else []
