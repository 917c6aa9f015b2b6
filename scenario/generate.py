"""Generate data in bulk: as it would have grown over half a year, with every kind of defect and the truth about them.

All is made by set-based SQL from one seed. Draws are PostgreSQL's own hashes of numbers, which do not depend on its
version or on the order of rows, so that the same arguments give the same data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import psycopg
from psycopg import pq, sql

from order_audit.errors import OrderAuditError
from order_audit.progress import ProgressCallback, ignore_progress
from order_audit.reports.atomic_files import scratch
from order_audit.scenario import defects as kinds
from order_audit.scenario.bulk_load import CHECK, DROP, FOREIGN_KEY, KEYS, MEMORY
from order_audit.scenario.load import HOME, enter_empty

_SCHEMA: Final = HOME / "current" / "schema.sql"
_STEPS: Final = tuple(sorted((HOME / "bulk").glob("*.sql")))


class NotUnicodeError(OrderAuditError):
    """The database's encoding is not UTF-8: it cannot hold the characters that some defects are made of."""

    exit_code = 2


@dataclass(frozen=True)
class Generated:
    """The generated data: labelled violations, and rules without a defect for want of rows."""

    orders: int
    customers: int
    violations: int
    left_out: tuple[str, ...]


def generate(
    connection: psycopg.Connection,
    *,
    orders: int,
    customers: int,
    seed: int,
    defects: float,
    truth: TextIO | Path | None = None,
    schema: str = "",
    on_progress: ProgressCallback = ignore_progress,
) -> Generated:
    """Create the current schema with generated data, in one transaction, and write the truth as `rule,key`.

    Each kind of defect hits the share `defects` of its table's rows, at least one; if the kinds together need
    more rows than the table has, they share all rows about evenly. Raises ValueError for invalid numbers, NotEmptyError
    if `customers` or `orders` exists, and NotUnicodeError.
    """
    if not 0 <= orders <= 1_000_000_000 or not 0 <= customers <= 1_000_000_000:
        raise ValueError("orders and customers are from 0 to 1000000000")
    if orders and not customers:
        raise ValueError("orders need at least one customer")
    if not 0 <= seed < 2**31:
        raise ValueError("the seed is from 0 to 2147483647")
    if not 0 <= defects <= 1:
        raise ValueError("the rate of defects is from 0 to 1")

    plan = kinds.plan(orders, customers, defects)
    with _whole(truth) as file:
        with connection.transaction():
            _prepare(connection, schema)
            steps = [path.stem.partition("-")[2] for path in _STEPS[1:]] + ["constraints"]
            _plan(connection, plan, orders, customers, seed)
            for done, path in enumerate(_STEPS[1:]):
                on_progress(done, len(steps), steps[done])
                connection.execute(kinds.spelled_out(path.read_text(encoding="utf-8")).encode())
            on_progress(len(steps) - 1, len(steps), steps[-1])
            _finish(connection)
            counts = _counted(connection, orders, customers, defects)
            if file:
                _write_truth(connection, file)
            connection.execute("drop function pg_temp.price, pg_temp.days, pg_temp.step, pg_temp.draw")
        on_progress(len(steps), len(steps), "")
    _vacuum(connection, schema)
    return counts


@contextmanager
def _whole(truth: TextIO | Path | None) -> Iterator[TextIO | None]:
    """The file to write to. A path is only taken once all is well: until then the file beside it is."""
    if not isinstance(truth, Path):
        yield truth
        return
    with scratch(truth.parent, f".{truth.name}-") as folder:
        draft = folder / "draft"
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield file
        draft.replace(truth)


def _prepare(connection: psycopg.Connection, schema: str) -> None:
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise NotUnicodeError("the database's encoding is not UTF-8")
    enter_empty(connection, schema)
    connection.execute(_SCHEMA.read_bytes())
    connection.execute(DROP.encode())
    connection.execute(MEMORY.encode())


def _plan(connection: psycopg.Connection, plan: kinds.Plan, orders: int, customers: int, seed: int) -> None:
    """Write the plan into tables, for the SQL to work from."""
    connection.execute(
        sql.SQL(
            "create or replace function pg_temp.draw(n bigint, topic int) returns bigint language sql immutable"
            " return hashint8extended(n, hashint8extended(topic, {seed})) & 1073741823"
        ).format(seed=sql.Literal(seed))
    )
    connection.execute(_STEPS[0].read_bytes())
    bitmaps = _schedules()
    setting = (
        orders,
        customers,
        plan.base,
        plan.text_customers,
        plan.text_hits,
        len(kinds.TEXT_KINDS),
        plan.order_hits,
        len(kinds.ORDER_KINDS),
        plan.longest_head,
        plan.full,
        len(bitmaps),
    )
    _insert(connection, "setting", [setting])
    _insert(
        connection,
        "schedule",
        [
            (0, "0" * 336),
            *enumerate(bitmaps, 1),
            *((-number, bitmap) for number, bitmap in enumerate(_drifting_schedules(), 1)),
        ],
    )
    lineages = {kind.name: kind for kind in kinds.LINEAGE_KINDS}
    _insert(
        connection,
        "kind",
        [
            (
                place,
                kind.name,
                plan.units.get(kind.name, 0),
                kind.lineages,
                kind.length,
                kind.grow,
                kind.heads,
                kind.purged,
                *(kind.free or (1, 0)),  # none
                kind.filled,
            )
            for place, kind in enumerate(kinds.LINEAGE_KINDS)
        ],
    )
    _insert(
        connection,
        "label",
        [
            (kind.name, label.rule, label.first, label.last, label.variant)
            for kind in kinds.LINEAGE_KINDS
            for label in kind.labels
        ],
    )
    _insert(
        connection,
        "content",
        [
            (
                place,
                variant,
                len(kind.contents),
                [kind.name, *content.follows],
                kinds.WHEN_ACTIVE[1] if kind.name == kinds.WHEN_ACTIVE[0] else None,
                *(content.delivery or (None, None)),
                content.status,
                content.negative,
                content.drifts,
            )
            for place, kind in enumerate(kinds.ORDER_KINDS)
            for variant, content in enumerate(kind.contents)
        ],
    )
    _insert(connection, "text_kind", [(place, kind.name) for place, kind in enumerate(kinds.TEXT_KINDS)])
    groups = []
    first = plan.base + 1
    for name, number in plan.groups.items():
        units = plan.units.get(name, 0)
        groups.append((name, first, number, units * lineages[name].lineages if name in lineages else 0))
        first += number
    _insert(connection, "client_group", groups)
    _insert(connection, "client_label", list(kinds.CUSTOMER_LABELS))
    connection.execute("analyze setting, kind, label, content, text_kind, client_group, client_label, schedule")


def _insert(connection: psycopg.Connection, table: str, rows: list[Any]) -> None:
    if rows:
        values = sql.SQL(", ").join([sql.Placeholder()] * len(rows[0]))
        query = sql.SQL("insert into {} values ({})").format(sql.Identifier(table), values)
        connection.cursor().executemany(query, rows)


def _finish(connection: psycopg.Connection) -> None:
    """Put the constraints back, but for those that a planted defect breaks, and the sequences behind the data."""
    connection.execute(KEYS.encode())
    broken = {row[0] for row in connection.execute("select distinct rule from truth")}
    if kinds.CUSTOMER_EXISTS not in broken:
        connection.execute(FOREIGN_KEY.encode())
    if kinds.STATUS_IS_KNOWN not in broken:
        connection.execute(CHECK.encode())


def _counted(connection: psycopg.Connection, orders: int, customers: int, defects: float) -> Generated:
    there = connection.execute("select (select count(*) from orders), (select count(*) from customers)").fetchone()
    if there != (orders, customers):
        raise RuntimeError(f"{there} orders and customers were generated, not {(orders, customers)}")
    planted: dict[str, int] = dict(connection.execute("select rule, count(*) from truth group by rule").fetchall())
    left_out = tuple(rule for rule in kinds.RULES if rule not in planted) if defects else ()
    return Generated(orders, customers, sum(planted.values()), left_out)


def _write_truth(connection: psycopg.Connection, file: TextIO) -> None:
    file.write("rule,key\n")
    query = 'copy (select rule, key from truth order by rule collate "C", key) to stdout (format csv)'
    with connection.cursor().copy(query) as rows:
        for block in rows:
            file.write(bytes(block).decode())


def _vacuum(connection: psycopg.Connection, schema: str) -> None:
    """Leave statistics, and the visibility map of tables that have been in use for a while."""
    if connection.info.transaction_status is not pq.TransactionStatus.IDLE:
        return
    place = [schema] if schema else []
    tables = sql.SQL(", ").join(sql.Identifier(*place, name) for name in ("customers", "orders"))
    words = "vacuum (analyze) {}" if connection.autocommit else "analyze {}"
    with connection.transaction() if not connection.autocommit else nullcontext():
        connection.execute(sql.SQL(words).format(tables))


def _schedules() -> list[str]:
    """Weeks as customers set them, from Monday: working hours, evenings, whole days; each differs from the others."""

    def day(first: int, end: int) -> str:
        return "0" * first + "1" * (end - first) + "0" * (48 - end)

    hours = [day(first, first + length) for first in (14, 16, 17, 18, 20) for length in (16, 18, 20)]
    hours += [day(34, 42), day(36, 44), day(24, 36), day(0, 48), day(18, 24)[:24] + day(26, 36)[24:]]
    never = "0" * 48
    weeks = [turn * days + never * (7 - days) for turn in hours for days in (5, 6, 7)]
    weeks += [never * 5 + turn * 2 for turn in hours[:3]]
    return weeks


def _drifting_schedules() -> list[str]:
    """Turns that are no whole day, repeated to the end of the week."""
    turns = [
        "0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8,
        "0" * 18 + "1" * 16 + "0" * 16,
        "0" * 16 + "1" * 18 + "0" * 12,
        "0" * 80 + "1" * 40 + "0" * 40,
    ]
    return [(turn * 8)[:336] for turn in turns]
