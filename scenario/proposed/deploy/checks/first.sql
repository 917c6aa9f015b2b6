-- A part of expand.sql. Can be run again, in a transaction.
-- What must hold before the first step, for `order-audit migrate`, Sqitch and psql alike. Each refusal is one line.

do $$
declare
  found text;
begin
  if current_setting('server_version_num')::integer < 150000 then
    raise exception 'the migration needs PostgreSQL 15 or newer: this server is %', current_setting('server_version');
  end if;
  if to_regclass('public.customers') is null or to_regclass('public.orders') is null then
    raise exception 'the migration is for the scenario''s tables public.customers and public.orders; this database lacks them';
  end if;
  if not has_database_privilege(current_database(), 'temporary') then
    raise exception '%', format(
      'the steps create temporary functions: grant temporary on database %I to %I', current_database(), current_user
    );
  end if;
  select string_agg(quote_ident(n.nspname), ', ' order by n.nspname) into found
  from pg_catalog.pg_namespace as n
  where n.nspname in ('sales', 'sales_private', 'sales_old', 'migration');
  if found is not null then
    if exists (
      select from pg_catalog.pg_class as c
      join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
      where n.nspname = 'sales' and c.relname = 'order_status_changes'
    ) then
      raise exception '%', format(
        'the migration has begun already in this database (schemas %s): continue it the way it began, by order-audit migrate,'
          ' Sqitch or psql. They do not mix', found
      );
    end if;
    raise exception 'there is a schema of the name already: %. Rename or drop it first', found;
  end if;
end
$$;

\ir tables.sql

-- SQL cannot ask how much is free.
do $$
begin
  raise notice '%', format(
    'the old tables take %s on disk: have twice as much free for the new ones. The steps write 5 to 17 times as much to the'
      ' write-ahead log', pg_size_pretty(pg_total_relation_size('public.customers') + pg_total_relation_size('public.orders'))
  );
end
$$;
