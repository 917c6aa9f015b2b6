"""A small database, and random writers that change it in every way that an audit since an earlier one must notice."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path
from typing import Final

import psycopg

TABLES: Final = """
create table country (code text primary key, region text);
create table city (id int primary key, name text, region text, country text);
create table person (
  id bigint primary key, city_id int, boss_id bigint, email text, name varchar(40), score numeric, born date, tag text
);
create table item (a int not null, b int not null, person_id bigint, kind text, amount float8, primary key (a, b));
create table doc (uid uuid primary key, person_id bigint, body json, ts timestamptz);
create table part (id int not null, day date not null, person_id bigint, val numeric, primary key (id, day))
  partition by range (day);
create table part_1 partition of part for values from ('2026-01-01') to ('2026-07-01');
create table part_2 partition of part for values from ('2026-07-01') to ('2027-01-01');
"""
_FILE: Final = Path(__file__).with_suffix(".sql")
#: The statements of the file.
CHANGES: Final = [it.strip() for it in _FILE.read_text(encoding="utf-8").partition("\n")[2].split(";\n") if it.strip()]


class World:
    """Random changes of the database of a DSN, of so many people."""

    def __init__(self, dsn: str, seed: int, people: int = 300) -> None:
        self.random = random.Random(seed)
        self.connection = psycopg.connect(dsn, autocommit=True)
        self.dsn = dsn
        self.people = people
        self.pending: list[psycopg.Connection] = []
        self.prepared = 0
        self.log: list[str] = []
        self.connection.execute(TABLES)
        self._fill()

    def close(self) -> None:
        """End all transactions and connections."""
        self.finish()
        self.connection.close()

    def _fill(self) -> None:
        r, n = self.random, self.people
        self.connection.execute(
            """
            insert into country select 'c' || i, case when i % 3 = 0 then 'x' end from generate_series(1, 9) as i;
            insert into city
            select i, 'n' || i, (array['n','s','w',null])[1 + i % 4], 'c' || (i % 12) from generate_series(1, 40) as i
            """
        )
        for number in range(1, n + 1):
            self._person(number)
        for number in range(1, 2 * n):
            self._item(number, r.randint(1, 2))
        for number in range(n):
            self._doc(number)
        for number in range(2 * n):
            self._part(number)
        self.connection.execute("analyze")

    def _person(self, number: int, on: psycopg.Connection | None = None) -> None:
        r = self.random
        (on or self.connection).execute(
            "insert into person values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [
                number,
                r.choice([None, *range(1, 43)]),
                r.choice([None, r.randint(1, self.people)]),
                r.choice(["a@b", f"u{r.randint(1, 400)}@ex", f"U{r.randint(1, 400)}@EX", ""]),
                r.choice(["", " ", "ann", "Berta", "Cecilia", None]),
                r.choice([None, round(r.uniform(-5, 100), 2), "NaN"] + [round(r.uniform(0, 100), 1)] * 20),
                None,
                r.choice([None, "t1", "T1", "t2", "t3"]),
            ],
        )

    def _item(self, a: int, b: int) -> None:
        r = self.random
        self.connection.execute(
            "insert into item values (%s, %s, %s, %s, %s) on conflict do nothing",
            [a, b, r.choice([None, r.randint(1, self.people)]), r.choice([None, "k1", "k2", "k3"]), r.uniform(0, 100)],
        )

    def _doc(self, number: int) -> None:
        r = self.random
        self.connection.execute(
            "insert into doc values (md5(%s::text)::uuid, %s, %s::json, %s) on conflict do nothing",
            [number, r.randint(1, self.people), r.choice(["{}", "[]", "1", None]), r.choice([None, "2026-01-01"])],
        )

    def _part(self, number: int) -> None:
        r = self.random
        with suppress(psycopg.errors.CheckViolation):  # its partition is detached
            self.connection.execute(
                "insert into part values (%s, '2026-01-01'::date + %s::int, %s, %s) on conflict do nothing",
                [number, r.randint(0, 364), r.randint(1, self.people + 9), round(r.uniform(0, 100), 1)],
            )

    def _update(self, on: psycopg.Connection, rows: int = 3) -> None:
        r = self.random
        some = [r.randint(1, self.people) for _ in range(rows)]
        statement = r.choice(CHANGES).replace(":some", f"'{{{','.join(map(str, some))}}}'")
        self.log.append(statement)
        on.execute(statement.encode())

    def step(self) -> None:
        """Do one random thing."""
        r = self.random
        action = r.choice(
            ["update"] * 12
            + ["insert", "subtransaction", "open", "prepare", "rollback", "vacuum", "finish"]
            + ["replace", "lock", "noise"]
            + r.choice([["truncate"], ["ddl"], ["detach"], ["full"], ["many"], [], [], [], []])
        )
        if action != "update":
            self.log.append(action)
        getattr(self, f"_{action}")(self.connection)

    def _insert(self, on: psycopg.Connection) -> None:
        self._person(self.random.randint(1, self.people * 2), on)
        self._item(self.random.randint(1, 900), self.random.randint(1, 3))
        self._doc(self.random.randint(1, 900))
        self._part(self.random.randint(1, 900))

    def _subtransaction(self, on: psycopg.Connection) -> None:
        with on.transaction():
            self._update(on)
            with on.transaction():
                self._update(on)
            try:
                with on.transaction():
                    self._update(on)
                    raise KeyError
            except KeyError:
                pass

    def _open(self, _: psycopg.Connection) -> None:
        """Begin a transaction that will end after the next audit or later."""
        other = psycopg.connect(self.dsn)
        other.execute("set lock_timeout = '50ms'")
        other.commit()
        try:
            self._update(other)
            other.execute("savepoint s")
            self._update(other)
        except psycopg.Error:
            other.rollback()
        self.pending.append(other)

    def finish(self) -> None:
        """End the open transactions."""
        for other in self.pending:
            if self.random.random() < 0.7:
                try:
                    other.execute("savepoint t")
                    self._update(other)
                except psycopg.Error:
                    other.rollback()
                other.commit()
            else:
                other.rollback()
            other.close()
        self.pending = []
        for number in range(self.prepared):
            self.connection.execute(f"{self.random.choice(['commit', 'commit', 'rollback'])} prepared 'p{number}'")
        self.prepared = 0

    def _finish(self, _: psycopg.Connection) -> None:
        self.finish()

    def _prepare(self, _: psycopg.Connection) -> None:
        with psycopg.connect(self.dsn) as other:
            try:
                other.execute("set lock_timeout = '50ms'")
                self._update(other)
                other.execute(f"prepare transaction 'p{self.prepared}'")
                self.prepared += 1
            except psycopg.Error:
                other.rollback()

    def _rollback(self, on: psycopg.Connection) -> None:
        with on.transaction(force_rollback=True):
            self._update(on)

    def _lock(self, on: psycopg.Connection) -> None:
        on.execute("select from person where id < 50 for update skip locked")

    def _noise(self, on: psycopg.Connection) -> None:
        for _ in range(20):
            on.execute("select txid_current()")

    def _vacuum(self, on: psycopg.Connection) -> None:
        table = self.random.choice(["person", "item", "city"])
        on.execute(f"vacuum {self.random.choice(['', '(freeze)', '(analyze)'])} {table}")

    def _full(self, on: psycopg.Connection) -> None:
        self.finish()
        table = self.random.choice(["person", "item", "city"])
        commands = f"vacuum full {table}", f"vacuum (full, freeze) {table}", f"cluster {table} using {table}_pkey"
        on.execute(self.random.choice(commands).encode())

    def _replace(self, on: psycopg.Connection) -> None:
        """Delete rows and insert others with their keys."""
        with on.transaction():
            on.execute("create temp table again as select * from person where id % 17 = 3")
            on.execute("delete from person where id in (select id from again)")
            on.execute(
                "insert into person select id, city_id, boss_id, email, name, 99 - score, born, tag from again"
                " where id % 2 = 1"
            )
            on.execute("drop table again")

    def _truncate(self, on: psycopg.Connection) -> None:
        self.finish()
        on.execute(f"truncate {self.random.choice(['item', 'doc', 'part_1'])}")

    def _many(self, on: psycopg.Connection) -> None:
        self.finish()
        on.execute("update person set score = score + 1 where id % 2 = 0")

    def _ddl(self, on: psycopg.Connection) -> None:
        self.finish()
        number = self.random.randint(1, 10**9)
        on.execute(
            self.random.choice(
                [
                    f"alter table person add column x{number} int default 7",
                    f"alter table person alter column score type numeric(10, {self.random.randint(0, 2)})",
                    "alter table item alter column amount type float8 using amount / 2",
                    f"create index on person (city_id, (id % {number}))",
                    "alter table city add constraint c check (true) not valid; alter table city drop constraint c",
                ]
            )
        )

    def _detach(self, on: psycopg.Connection) -> None:
        self.finish()
        attached = on.execute("select count(*) from pg_inherits where inhparent = 'part'::regclass").fetchone()
        if attached == (2,):
            on.execute("alter table part detach partition part_1")
        else:
            on.execute("alter table part attach partition part_1 for values from ('2026-01-01') to ('2026-07-01')")
