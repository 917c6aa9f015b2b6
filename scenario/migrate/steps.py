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

#: The last step, a separate project, so that it is not deployed together with the others.
CONTRACT: Final = "contract"
#: Before every key, the least one included.
FIRST: Final = -(2**63)
#: Settings of transactions that copy rows. A copy lost in a crash is repeated.
COPYING: Final = (("synchronous_commit", "off"), session.NO_JIT, session.ALL_ROWS)
_PART: Final = re.compile(r"^\\ir (?P<file>\S+)$", re.MULTILINE)
_CHANGE = re.compile(r"^(?P<name>[a-z_]+) ", re.MULTILINE)

#: The evidence of each step. Steps record themselves once the table for it exists.
_DONE: Final = """
select array_remove(array[
  case when to_regclass('sales.orders') is not null then 'expand' end,
  case when to_regclass('sales.orders') is not null and to_regnamespace('migration') is null
    and exists (select from pg_catalog.pg_class as c where c.oid = to_regclass('public.orders') and c.relkind = 'v')
  then 'all' end
], null)
"""


@dataclass(frozen=True)
class Step:
    """A change of the project: `deploy` and `revert` are its files as SQL, which runs without psql too."""

    name: str
    deploy: str
    revert: str


def steps(home: Path) -> list[Step]:
    """The steps of the project in a folder, and last the one of the project `contract` below it."""
    steps_found = []
    for folder in (home, home / CONTRACT):
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
    there = set(session.scalar(connection, _DONE))
    if "all" in there:
        return [step.name for step in all_steps]
    if there and connection.execute("select from pg_class where oid = to_regclass('migration.step')").rowcount:
        there |= {row[0] for row in connection.execute("select name from migration.step")}
    return [step.name for step in all_steps if step.name in there]


def refuse_unsupported(connection: psycopg.Connection) -> None:
    """Raise RefusalError where the tables are not those that the migration begins with."""
    tables, kinds, secured, schemas, lacking, keyless, generated, may_create, owns, role = session.row(
        connection,
        """
        with old as (
          select c.* from pg_catalog.pg_class as c
          where c.oid in (to_regclass('public.customers'), to_regclass('public.orders'))
        ), wanted (tab, name, type) as (
          values
            ('customers', 'customer_id', 'integer'), ('customers', 'customer_name', 'text'),
            ('customers', 'customer_email', 'text'),
            ('customers', 'customer_contact_name', 'character varying(100)'),
            ('customers', 'customer_phone', 'character varying(20)'), ('customers', 'address', 'text'),
            ('customers', 'address_state', 'text'), ('customers', 'customer_balance', 'double precision'),
            ('orders', 'order_id', 'integer'), ('orders', 'order_ref', 'integer'),
            ('orders', 'customer_id', 'integer'), ('orders', 'order_schedule', 'bit(336)'),
            ('orders', 'delivery_script_name', 'text'), ('orders', 'delivery_script_args', 'json'),
            ('orders', 'order_amount', 'integer'), ('orders', 'order_status', 'text')
        )
        select
          (select count(*) from old),
          (select string_agg(o.relname, ', ' order by o.relname) from old as o where o.relkind <> 'r'
             or exists (select from pg_catalog.pg_inherits as i where o.oid in (i.inhrelid, i.inhparent))),
          (select string_agg(o.relname, ', ' order by o.relname) from old as o where o.relrowsecurity),
          (select string_agg(format('%I', n.nspname), ', ' order by n.nspname) from pg_catalog.pg_namespace as n
           where n.nspname in ('sales', 'sales_private', 'sales_old', 'migration')),
          (select string_agg(w.tab || '.' || w.name || ' ' || w.type, ', ') from wanted as w
           where not exists (
             select from pg_catalog.pg_attribute as a
             where a.attrelid = to_regclass('public.' || w.tab) and a.attname = w.name and not a.attisdropped
               and format_type(a.atttypid, a.atttypmod) = w.type
           )),
          (select string_agg(k.tab || '.' || k.id, ', ')
           from (values ('customers', 'customer_id'), ('orders', 'order_id')) as k (tab, id)
           where not exists (
             select from pg_catalog.pg_index as i
             join pg_catalog.pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
             where i.indrelid = to_regclass('public.' || k.tab) and i.indisprimary and i.indnkeyatts = 1
               and a.attname = k.id
           )),
          (select string_agg(o.relname || '.' || a.attname, ', ' order by o.relname, a.attnum)
           from old as o
           join pg_catalog.pg_attribute as a on a.attrelid = o.oid and a.attnum > 0 and not a.attisdropped
           join wanted as w on w.tab = o.relname and w.name = a.attname
           where a.attgenerated <> ''),
          has_database_privilege(current_database(), 'create'),
          (select bool_and(pg_has_role(o.relowner, 'usage')) from old as o),
          current_user
        """,
    )
    if tables < 2:
        raise RefusalError(
            "'migrate' is for the scenario's tables public.customers and public.orders; this database lacks them"
        )
    if kinds:
        raise RefusalError(
            f"this migration begins with plain tables: {kinds} is something else, or inherits, or has children"
        )
    if lacking:
        raise RefusalError(f"'migrate' is for the scenario's tables: this database lacks the columns {lacking}")
    if generated:
        raise RefusalError(f"writes to the new tables cannot be copied to a generated column: {generated}")
    if keyless:
        raise RefusalError(f"without a primary key no row can be told from another: make {keyless} one")
    if secured:
        raise RefusalError(
            f"{secured} has row-level security, which its view would go past: decide first who may see what"
        )
    if schemas:
        raise RefusalError(f"there is a schema of the name already: {schemas}. Rename or drop it first")
    if not owns:
        raise RefusalError(f"role {role} does not own the tables: run as their owner")
    if not may_create:
        raise RefusalError(f"role {role} may not create schemas here: grant it create on the database")


def execute(connection: psycopg.Connection, text: str) -> None:
    """Run a file as psql would: its own begin and commit are in it."""
    try:
        connection.execute(text.encode())
    except psycopg.Error:
        if not connection.closed:
            connection.execute("rollback")
        raise


def without_transaction(text: str) -> str:
    """Return a file's statements without begin and commit, for the caller's transaction."""
    return re.sub(r"^(begin|commit)( isolation level [a-z ]+)?;$", "", text, flags=re.MULTILINE)
