"""The change that all others require: work list and undo log."""

from __future__ import annotations

from typing import Final

from order_audit import session
from order_audit.fixes.emission.script import deployed, literal, refuse_others, script
from order_audit.fixes.emission.sqitch import Change
from order_audit.fixes.fix import journal

#: The name of that change.
JOURNAL: Final = "journal"


def journal_change(schema: str) -> Change:
    """Return the change that creates work list and undo log."""
    return Change(
        name=JOURNAL,
        requires=(),
        note="Work list and undo log, which all fixes require",
        deploy=script(
            [],
            schema,
            f"set client_min_messages = warning; -- no notice of existing objects\n\n{journal()}\n"
            f"{deployed(JOURNAL, schema)}",
        ),
        revert=script(
            [
                "Drops the schema order_audit: the undo log, and the secrets that fixes removed from rows. Fails"
                " without a change if applied changes are not reverted. Keeps the schema while a project for another"
                " schema of tables is deployed.",
                "",
                "Locks: only on tables of this schema.",
            ],
            schema,
            f"{refuse_others(JOURNAL, schema)}\n\n{_DROP.replace('%project%', literal(schema))}",
        ),
        verify=script(["Fails if the undo log is missing. Changes nothing."], schema, _THERE),
    )


_DROP: Final = f"""begin;

do $$
declare
  items bigint;
  part record;
begin
  if not pg_try_advisory_xact_lock(x'{session.LOCK:X}'::bigint) then
    raise exception 'a run of fixes is active in this database' using hint = 'Wait until it ends.';
  end if;
  if to_regclass('order_audit.deployed') is not null then
    delete from order_audit.deployed as d where d.project = %project% and d.change = 'journal';
    select string_agg(distinct d.project, '; ') as names into part from order_audit.deployed as d
    where d.project <> %project%;
    if part.names is not null then
      raise notice 'the schema order_audit stays: projects for % are deployed', part.names;
      return;
    end if;
  end if;
  if to_regclass('order_audit.journal') is not null then
    lock table order_audit.journal in share mode;
    select count(*) into items from order_audit.journal as j where j.reverted_at is null;
    if items > 0 then
      raise exception 'order_audit.journal has changes that are not reverted: %', items
        using hint = 'Only this table has the old values. Revert the other changes first, or keep the schema;'
          ' or drop schema order_audit cascade to give up the old values.';
    end if;
    -- new rows, copied from rows with a reference in place of a secret
    for part in
      select distinct j.tab, k.col
      from order_audit.journal as j
      cross join lateral jsonb_each_text(j.after) as k (col, value)
      where k.value ~ 'secret-ref:order-audit/' and to_regclass(j.tab) is not null
    loop
      execute format(
        $count$ select count(*) from %s where %I::text ~ 'secret-ref:order-audit\\\\?/[0-9]' $count$, part.tab, part.col
      )
      into items;
      if items > 0 then
        raise exception '% rows of % refer to secrets that order_audit.secret keeps', items, part.tab
          using hint = 'Put the secrets, or references to another place, into these rows first.';
      end if;
    end loop;
  end if;
  if exists (
    select
    from pg_catalog.pg_depend as d
    join pg_catalog.pg_proc as p on p.oid = d.refobjid
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    where d.refclassid = 'pg_proc'::regclass and n.nspname = 'order_audit'
      and d.classid in ('pg_constraint'::regclass, 'pg_trigger'::regclass)
  ) then
    raise exception 'guards are installed that need the schema order_audit'
      using hint = 'Revert the guards first, or keep the schema.';
  end if;
  -- without a notice for each object; the schema belongs to this program, and nothing in it is still needed
  set local client_min_messages = warning;
  drop schema if exists order_audit cascade;
end
$$;

commit;"""
_THERE: Final = """select
  'order_audit.todo'::regclass,
  'order_audit.journal'::regclass,
  'order_audit.secret'::regclass,
  'order_audit.apply(text, text, text, integer, integer, integer)'::regprocedure,
  'order_audit.revert(text, integer, integer, integer)'::regprocedure,
  'order_audit.verify(text, text, text)'::regprocedure;"""
