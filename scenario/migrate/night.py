"""The nightly job on the present business day: orders that it has recreated, and those that it has not yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import psycopg

from order_audit import session

_READ: Final = """
select t.day, (
    select count(*) from sales.orders_due as d
    where not exists (
      select from sales.recreations as r where r.first_ancestor_id = d.first_ancestor_id and r.business_day >= t.day
    )
  ), (select count(*) from sales.recreations as r where r.business_day = t.day)
from (select sales.business_day(now()) as day) as t
"""
#: Orders that are recreated before the end of the backfill may get no record.
_COPIED: Final = """
select exists (
  select from migration.step as s
  where s.name = 'backfill' and sales.business_day(s.done_at) >= sales.business_day(now())
)
"""


@dataclass(frozen=True)
class Night:
    """The numbers of orders that are due and not recreated on a business day (`due`), and of those recreated on it.

    By the new schema. `has_gaps`: the orders were copied on that day, and earlier recreations of it have no record.
    """

    day: date
    due: int
    recreated: int
    has_gaps: bool


def night(connection: psycopg.Connection) -> Night:
    """Return the numbers of the present business day. The schema `sales` exists, with copied orders."""
    day, due, recreated = session.row(connection, _READ)
    is_under_way = session.scalar(connection, "select to_regclass('migration.step') is not null")
    return Night(day, due, recreated, bool(is_under_way and session.scalar(connection, _COPIED)))
