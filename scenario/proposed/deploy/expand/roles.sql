-- A part of expand.sql, which runs it once.
-- Privileges of the roles. ../../roles.sql creates these.

-- Return the roles that do not exist. Can be called at any time, by the owner: after the roles are created, and after
-- functions are added, since default privileges of a schema cannot take a function from PUBLIC.
create function sales_private.grant_roles() returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  roles text[] := '{sales_app,sales_job,sales_delivery,sales_reader,sales_auditor}';
  -- those that read all of the schema sales
  readers text[] := '{sales_app,sales_reader,sales_auditor}';
  -- null without the objects that the auditor reads
  auditor_of_texts text := case when to_regclass('sales_old.delivery_texts') is not null then 'sales_auditor' end;
  auditor_of_quarantine text := case when to_regclass('migration.step') is not null then 'sales_auditor' end;
  owner regrole := (select n.nspowner from pg_namespace as n where n.nspname = 'sales');
  part record;
begin
  -- Functions that can write are for the roles below. PUBLIC keeps the others: constraints call them with the privileges
  -- of the role that writes a row.
  for part in
    select p.oid::regprocedure as name from pg_proc as p
    where p.pronamespace in (
        select n.oid from pg_namespace as n where n.nspname in ('sales', 'sales_private', 'sales_old', 'migration')
      )
      and (p.provolatile = 'v' or p.prosecdef)
  loop
    execute format('revoke all on routine %s from public', part.name);
  end loop;
  -- taken back first: an auditor reads secrets only while there are originals of old applications to compare with
  if to_regrole('sales_auditor') is not null then
    revoke all on sales_private.secrets from sales_auditor;
  end if;

  for part in
    select r.name, g.privileges
    from unnest(roles) as r (name)
    join (values
      ('all', 'usage on schema sales'),
      ('read', 'select on all tables in schema sales'),
      ('sales_app', 'insert (name), update (name) on sales.customers'),
      ('sales_app', 'insert (customer_id, name, email, phone, is_main) on sales.contacts'),
      ('sales_app', 'update (name, email, phone, is_main), delete on sales.contacts'),
      ('sales_app', 'insert (customer_id, street, state_code, is_main) on sales.addresses'),
      ('sales_app', 'update (street, state_code, is_main), delete on sales.addresses'),
      ('sales_app', 'insert (half_hours) on sales.schedules'),
      ('sales_app', 'insert (customer_id, schedule_id, delivery_id, amount, order_status) on sales.orders'),
      ('sales_app', 'update (schedule_id, delivery_id, amount, order_status) on sales.orders'),
      ('sales_app', 'insert (customer_id, amount, reason, order_id) on sales.ledger_entries'),
      ('sales_app', 'execute on function sales.delivery(bigint, text, jsonb)'),
      ('sales_job', 'select on sales.orders_due'),
      ('sales_job', 'select (order_id, customer_id, first_ancestor_id, amount, order_status) on sales.orders'),
      ('sales_job', 'select (customer_id, balance) on sales.customers'),
      ('sales_job', 'execute on procedure sales.recreate_due(date)'),
      ('sales_job', 'execute on function sales.recreate_for_customer(bigint, date)'),
      ('sales_delivery', 'usage on schema sales_private'),
      ('sales_delivery', 'select (order_id, customer_id, schedule_id, delivery_id, order_status) on sales.orders'),
      ('sales_delivery', 'select on sales.deliveries, sales.schedules, sales.schedule_ranges'),
      ('sales_delivery', 'select (secret_id, secret) on sales_private.secrets'),
      ('sales_auditor', 'usage on schema sales_private'),
      ('sales_auditor', 'select (secret_id, customer_id, mark, created_at, updated_at) on sales_private.secrets'),
      (auditor_of_texts, 'usage on schema sales_old'),
      (auditor_of_texts, 'select on sales_old.delivery_texts'),
      (auditor_of_texts, 'select on sales_private.secrets'),
      (auditor_of_quarantine, 'usage on schema migration'),
      (auditor_of_quarantine, 'select on migration.quarantined_customer, migration.quarantined_order')
    ) as g (whose, privileges)
      on g.whose in (r.name, 'all') or (g.whose = 'read' and r.name = any(readers))
    where to_regrole(r.name) is not null
  loop
    execute format('grant %s to %I', part.privileges, part.name);
  end loop;
  -- tables and views that the owner adds later
  for part in select r.name from unnest(readers) as r (name) where to_regrole(r.name) is not null loop
    execute format(
      'alter default privileges for role %s in schema sales grant select on tables to %I', owner, part.name
    );
  end loop;
  return array(select r.name from unnest(roles) as r (name) where to_regrole(r.name) is null);
end
$$;
comment on function sales_private.grant_roles() is
  'Grants the roles of the schema their privileges; returns the roles that do not exist.';
do $$
declare
  missing text[] := sales_private.grant_roles();
begin
  if missing <> '{}' then
    raise notice 'roles that do not exist: %', array_to_string(missing, ', ')
      using hint = 'An administrator creates them with roles.sql; then: select sales_private.grant_roles()';
  end if;
end
$$;
