"""The change that all others need: work list and journal."""

from __future__ import annotations

from typing import Final

from order_audit import session
from order_audit.fixes.emission.script import script
from order_audit.fixes.emission.sqitch import Change
from order_audit.fixes.fix import journal

#: The change that all others need.
JOURNAL: Final = "journal"


def journal_change(schema: str) -> Change:
    """The change that makes list and journal."""
    return Change(
        name=JOURNAL,
        requires=(),
        note="What all fixes need: a list of what is to be changed, and a journal of what was",
        deploy=script(
            [], schema, f"set client_min_messages = warning; -- no notice of what is there already\n\n{journal()}"
        ),
        revert=script(
            [
                "Drops the schema order_audit: the journal, and the secrets that were taken out of rows. Fails, and"
                " drops nothing, where something is applied that was not put back.",
                "",
                "Locks: none on any table but its own.",
            ],
            schema,
            _DROP,
        ),
        verify=script(["Fails where the journal is not there. Changes nothing."], schema, _THERE),
    )


_DROP: Final = f"""begin;

do $$
declare
  items bigint;
  part record;
begin
  if not pg_try_advisory_xact_lock(x'{session.LOCK:X}'::bigint) then
    raise exception 'a run of fixes is at work on this database' using hint = 'Wait until it has ended.';
  end if;
  if to_regclass('order_audit.journal') is not null then
    lock table order_audit.journal in share mode;
    select count(*) into items from order_audit.journal as j where j.reverted_at is null;
    if items > 0 then
      raise exception '% changes are journaled that were not put back', items
        using hint = 'What stood there before stands in order_audit.journal alone. Revert the other changes first;'
          ' or keep the journal; or, if nobody will ever need it, drop schema order_audit cascade.';
    end if;
    -- rows that somebody made meanwhile, of rows in which a reference stood in the place of a secret
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
      using hint = 'Revert them first, or keep it.';
  end if;
end
$$;

-- without a notice for each object
set local client_min_messages = warning;
-- the schema is ours alone, and holds nothing that is still needed
-- squawk-ignore ban-drop-schema
drop schema if exists order_audit cascade;

commit;"""
_THERE: Final = """select
  'order_audit.todo'::regclass,
  'order_audit.journal'::regclass,
  'order_audit.secret'::regclass,
  'order_audit.apply(text, text, text, integer, integer, integer)'::regprocedure,
  'order_audit.revert(text, integer, integer, integer)'::regprocedure,
  'order_audit.verify(text, text, text)'::regprocedure;"""
