-- Revert sales:expand from pg
-- All that is new goes, with what stands in it: the current tables hold all of it.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '5min';
set local client_min_messages = warning;

do $$
begin
  if to_regclass('migration.step') is not null then
    raise exception 'the current tables are still kept equal to these: revert synchronise first';
  end if;
end
$$;

drop schema if exists sales_private, sales cascade;

commit;
