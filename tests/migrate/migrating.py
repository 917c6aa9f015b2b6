"""Helpers for the tests of the migration: its commands, and the remaining schema and rows."""

from __future__ import annotations

import re
import subprocess
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import psycopg

from order_audit.audit.database.server import Server
from tests.support.program import order_audit


def migrate(dsn: str, *words: str, code: int = 0) -> str:
    """Run a command; return its output on both streams."""
    done = order_audit("migrate", *words, "--dsn", dsn)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def audited(dsn: str, out: Path) -> None:
    """Audit a database; `out` has the results."""
    words = ("--dsn", dsn, "--out", str(out), "--format", "violations,json", "--fail-on", "never", "--quiet")
    done = order_audit("run", *words)
    assert done.returncode == 0, done.stderr


def shape(server: Server, dsn: str) -> str:
    """The schema by pg_dump, without random parts."""
    said = subprocess.run(
        [server.bin / "pg_dump", "--schema-only", dsn], capture_output=True, text=True, check=True
    ).stdout
    return re.sub(r"^\\(un)?restrict .*$", "", said, flags=re.MULTILINE)


def rows(dsn: str, *, drift: bool = True) -> dict[str, list[str]]:
    """Both tables as old applications read them, value by value. Minus zero is zero.

    Without `drift`, balances are those of the new tables, which views show: within a millionth of whole cents, these.
    """
    found = {}
    with psycopg.connect(dsn) as connection:
        for table, key in (("customers", "customer_id"), ("orders", "order_id")):
            lines = connection.execute(f"select t::text from public.{table} as t order by {key}".encode())
            found[table] = [line.replace(",-0)", ",0)") for (line,) in lines]
    if not drift:
        found["customers"] = [without_drift(line) for line in found["customers"]]
    return found


def without_drift(line: str) -> str:
    """A customer's row as text, whose last column is the balance, with the balance of the new tables."""
    head, balance = line.removesuffix(")").rsplit(",", 1)
    if not re.fullmatch(r"-?[0-9.]+(e[-+][0-9]+)?", balance):
        return line
    exact = Decimal(balance)
    cents = exact.quantize(Decimal("0.01"), ROUND_HALF_UP) if abs(exact) < Decimal("1e13") else exact
    return f"{head},{cents.normalize() + 0:f})" if 0 < abs(cents - exact) < Decimal("0.000001") else line


def fix(dsn: str) -> None:
    """Fix what a program can fix, and install the guards of all rules that pass then."""
    said = order_audit("fixes", "apply", "--dsn", dsn, "--accept-recommended", "--quiet")
    assert said.returncode == 0, said.stdout + said.stderr


def guards(dsn: str) -> int:
    """How many constraints, unique indexes and triggers of the program's there are on the tables."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            """
            with old as (select oid from pg_class where relname in ('customers', 'orders') and relkind = 'r')
            select (select count(*) from pg_constraint where conrelid in (select oid from old) and contype <> 'p')
              + (select count(*) from pg_trigger where tgrelid in (select oid from old) and not tgisinternal)
              + (select count(*) from pg_index where indrelid in (select oid from old) and indisunique)
            """
        ).fetchone()
        assert row is not None
        return int(row[0])
