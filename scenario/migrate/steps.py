"""The steps of a migration: the changes of its Sqitch projects, in their order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from order_audit import session
from order_audit.errors import RefusalError

#: The last steps, separate projects, so that they are not deployed together with the others.
CONTRACT: Final = "contract"
RETIRE: Final = "retire"
#: These have commands of their own: `run` and `rollback` do not take them.
BY_HAND: Final = (CONTRACT, RETIRE)
#: Before every key, the least one included.
FIRST: Final = -(2**63)
#: Settings of transactions that copy rows. A copy lost in a crash is repeated.
COPYING: Final = (("synchronous_commit", "off"), session.NO_JIT, session.ALL_ROWS)
_PART: Final = re.compile(r"^\\ir (?P<file>\S+)$", re.MULTILINE)
_CHANGE = re.compile(r"^(?P<name>[a-z_]+) ", re.MULTILINE)

#: The evidence of each step. Steps record themselves while there is a table for it, from `prepare` to `contract`.
#: `retire` leaves the schema sales alone, as `expand` does, but with another start of its identities.
_DONE: Final = """
select case
  when to_regclass('sales.orders') is null then null
  when to_regclass('migration.step') is not null then 'expand'
  when to_regnamespace('sales_old') is not null or exists (
    select from pg_catalog.pg_constraint as k
    where k.conrelid = to_regclass('sales.orders') and k.conname = 'orders_fit_old_columns'
  ) then 'contract'
  when exists (
    select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind in ('r', 'p')
  ) and not exists (
    select from pg_catalog.pg_sequence as s where s.seqstart > 1
      and s.seqrelid in (to_regclass('sales.customers_customer_id_seq'), to_regclass('sales.orders_order_id_seq'))
  ) then 'expand'
  else 'retire'
end
"""

#: The names of the Sqitch projects.
_PROJECTS: Final = ("sales", "sales_contract", "sales_retire")
#: Sqitch's registries in this database, under any name, and whether this role may read them.
_REGISTRIES: Final = """
select format('%I.%I', n.nspname, c.relname),
  has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where c.relname = 'changes' and c.relkind = 'r' and 3 = (
  select count(*) from pg_catalog.pg_attribute as a
  where a.attrelid = c.oid and a.attname in ('change_id', 'script_hash', 'project')
)
order by 1
"""


@dataclass(frozen=True)
class Step:
    """A change of the project: `deploy` and `revert` are its files as SQL, which runs without psql too."""

    name: str
    deploy: str
    revert: str


def steps(home: Path) -> list[Step]:
    """The steps of the project in a folder, and last those of the projects `contract` and `retire` below it."""
    steps_found = []
    for folder in (home, *(home / name for name in BY_HAND)):
        plan = (folder / "sqitch.plan").read_text(encoding="utf-8")
        steps_found += [
            Step(name, _read(folder / "deploy" / f"{name}.sql"), _read(folder / "revert" / f"{name}.sql"))
            for name in _CHANGE.findall(plan)
        ]
    return steps_found


def _read(file: Path) -> str:
    """A file with those that it names by \\ir in their places, as psql reads it."""
    text = file.read_text(encoding="utf-8")
    return _PART.sub(lambda match: _read(file.parent / match["file"]), text)


def done(connection: psycopg.Connection, all_steps: Sequence[Step]) -> list[str]:
    """The names of the steps that are done, in order."""
    last = session.scalar(connection, _DONE)
    names = [step.name for step in all_steps]
    if last in BY_HAND:
        return names[: names.index(last) + 1]
    there = {last}
    if last and connection.execute("select from pg_class where oid = to_regclass('migration.step')").rowcount:
        try:
            with connection.transaction():
                there |= {row[0] for row in connection.execute("select name from migration.step")}
        except psycopg.errors.UndefinedTable:  # another session has dropped it since
            return done(connection, all_steps)
    return [name for name in names if name in there]


def refuse_sqitch(connection: psycopg.Connection, all_steps: Sequence[Step]) -> None:
    """Raise RefusalError if Sqitch has deployed steps: its registry would not follow those of the program."""
    if not done(connection, all_steps):
        return
    for registry, may_read in connection.execute(_REGISTRIES).fetchall():
        if not may_read:
            raise RefusalError(
                f"Sqitch has a registry in this database that this role may not read, {registry}: grant select on it,"
                " so that steps deployed by Sqitch are recognised"
            )
        deployed = session.scalar(
            connection,
            f"select string_agg(change, ', ' order by planned_at) from {registry} where project = any(%s)",
            [list(_PROJECTS)],
        )
        if deployed:
            raise RefusalError(
                f"Sqitch has deployed this migration (in {registry}: {deployed}): continue with 'sqitch deploy' or"
                " 'sqitch revert' in scenario/proposed, or in its folders contract and retire. The two ways do not mix"
            )


def execute(connection: psycopg.Connection, text: str) -> None:
    """Run a file as psql would: its own begin and commit are in it, or the caller has a transaction for it."""
    is_own = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    try:
        connection.execute(text.encode())
    except psycopg.Error as error:
        if is_own and not connection.closed:
            connection.execute("rollback")
        if isinstance(error, psycopg.errors.RaiseException):  # a check of the file
            raise RefusalError(message(error)) from None
        raise


def message(error: psycopg.Error) -> str:
    """Return an error's message and hint in one line."""
    hint = error.diag.message_hint
    return f"{error.diag.message_primary}{f': {hint}' if hint else ''}"


def without_transaction(text: str) -> str:
    """Return a file's statements without begin and commit, for the caller's transaction."""
    return re.sub(r"^(begin|commit)( isolation level [a-z ]+)?;$", "", text, flags=re.MULTILINE)
