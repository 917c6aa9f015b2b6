-- Revert sales:backfill from pg. Can be run again.
-- Copied rows stay until the tables are dropped: both sides are equal as long as they are synchronised.
begin;
do $$
begin
  if to_regclass('migration.step') is null then
    return;
  elsif exists (select from migration.step as s where s.name in ('verify', 'switch')) then
    raise exception 'a later step is done: revert switch and verify first';
  end if;
  delete from migration.step as s where s.name in ('backfill', 'backfill of customers', 'backfill of orders');
end
$$;
commit;
