-- Revert sales:expand from pg
-- Drops all new objects with their rows: the current tables have all of them.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '5min';
set local client_min_messages = warning;

do $$
begin
  if to_regclass('migration.step') is not null then
    raise exception 'the sides are still synchronised: revert synchronise first';
  end if;
end
$$;

drop schema if exists sales_private, sales cascade;

commit;
