"""The suite for the proposed schema: what it finds, and what the schema does not even let in.

Examples are as those of the suite `current` (see test_examples.py), for the proposed tables without any of their
constraints and triggers: most of what the rules look for can only be planted there. `REFUSED` is the other half: the
schema as it is refuses it.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

import expectations
from audit.run import Options, run
from audit import shape, task
from audit.sql import quoted
from reports import compare
from tests.test_examples import _difference, _keys, _read

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "scenario" / "proposed" / "deploy" / "expand.sql"
EXAMPLES = Path(__file__).parent / "examples" / "proposed"
SUITE = expectations.load("proposed")
RULES = {rule.id: rule for rule in SUITE.rules}

#: Takes from the proposed tables all that keeps anything out; types stay.
BARE = """
do $$
declare
  -- constraints before the columns that are not null for them
  statements text[] := array(
    with tab as (
      select c.oid, c.oid::regclass as name from pg_class as c
      where c.relnamespace in ('sales'::regnamespace, 'sales_private'::regnamespace) and c.relkind = 'r'
    )
    select s.statement
    from (
      select 1 as step, format('alter table %s drop constraint if exists %I cascade', t.name, c.conname) as statement
      from tab as t join pg_constraint as c on c.conrelid = t.oid and c.contype in ('c', 'f', 'p', 'u')
      union all
      select 2, format('drop index if exists %s', i.indexrelid::regclass)
      from tab as t join pg_index as i on i.indrelid = t.oid and i.indisunique
      where not exists (select from pg_constraint as c where c.conindid = i.indexrelid)
      union all
      select 3, format('drop trigger %I on %s', g.tgname, t.name)
      from tab as t join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal
      union all
      select k.step, format('alter table %s alter %I drop %s', t.name, a.attname, k.what)
      from tab as t
      join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0
      cross join lateral (
        values (4, 'expression', a.attgenerated <> ''), (4, 'identity', a.attidentity <> ''), (5, 'not null', a.attnotnull)
      ) as k (step, what, is_there)
      where k.is_there
    ) as s
    order by s.step
  );
  statement text;
begin
  foreach statement in array statements loop
    execute statement;
  end loop;
end
$$
"""


def _path(rule_id: str) -> Path:
    return EXAMPLES.joinpath(*rule_id.split(".")).with_suffix(".sql")


def test_every_rule_has_an_example_and_every_example_a_rule() -> None:
    """A rule without rows that it must and must not name proves nothing."""
    assert {path.relative_to(ROOT) for path in EXAMPLES.rglob("*.*")} == {_path(id).relative_to(ROOT) for id in RULES}


def test_rules_name_exactly_what_the_examples_say(dsn: str) -> None:
    """Run each rule on its example, in a transaction of its own that is rolled back."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(BARE)
        judged, unfit = task.prepare(connection, [(rule, shape.read(rule)) for rule in RULES.values()])
        assert not unfit
        for found in judged:
            rule, table = found.rule, found.table
            assert table is not None, f"{rule.id}: its key is no table's"
            example = _read(_path(rule.id))
            (key,) = rule.key
            with connection.transaction(force_rollback=True):
                connection.execute(example.sql.encode())
                present = _keys(
                    connection, f"select distinct {key}::text from {quoted(table)} where {key} is not null"
                )
                named = _keys(connection, f"select distinct {key}::text from (\n{rule.sql}\n) as v")
            if present != example.fails | example.passes:
                wrong.append(f"{rule.id}: header: {_difference(present, example.fails | example.passes)}")
            if named != example.fails:
                wrong.append(f"{rule.id}: {_difference(example.fails, named)}")
    assert not wrong, "\n".join(wrong)
