-- Deploy sales:verify to pg. Can be run again at any time until contract: it compares again.
-- [requires: backfill]
-- Compares both sides value by value, on one snapshot, and records that they are equal. Else it names the first 20 ranges
-- or rows that differ.

begin isolation level repeatable read;
set local statement_timeout = '0';
-- a CHECK does not cover rows that are older than its function's last replacement
set local constraint_exclusion = off;

\ir checks/dropped.sql
do $$
declare
  found text;
begin
  if to_regclass('migration.step') is null then
    raise exception 'the objects of the migration do not exist: deploy prepare first';
  elsif not exists (select from migration.step as s where s.name = 'backfill') then
    raise exception 'the rows are not copied: deploy backfill first';
  end if;
  select string_agg(format('%s %s to %s', d.tab, d.first_id, d.last_id), '; ') into found
  from (
    select w.tab, r.first_id, r.last_id
    from (values ('customers'), ('orders')) as w (tab)
    cross join lateral migration.differing_ranges(w.tab, 10000) as r
    limit 20
  ) as d;
  if found is not null then
    raise exception 'the sides differ: %', found
      using hint = 'order-audit migrate verify lists the rows';
  end if;
  select string_agg(w.tab || ' ' || d.id, ', ' order by w.tab, d.id) into found
  from (values ('customers'), ('orders')) as w (tab)
  cross join lateral migration.differing_carried(w.tab, -9223372036854775808, 20) as d;
  if found is not null then
    raise exception 'the sides differ in a carried column: %', found;
  end if;
  select string_agg(format('%s %s: %s', d.tab, d.id, d.difference), '; ') into found
  from (select i.tab, i.id, i.difference from migration.differing_inside as i order by i.tab, i.id limit 20) as d;
  if found is not null then
    raise exception 'the new tables are inconsistent: %', found;
  end if;
  if exists (select from migration.differing_schedules) then
    raise exception 'old applications would read wrong schedules';
  end if;
  insert into migration.step (name) values ('verify')
  on conflict (name) do update set done_at = clock_timestamp();
end
$$;

commit;
