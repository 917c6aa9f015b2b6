-- The roles of the proposed schema. Can be run again: it creates those that are missing.
-- Roles belong to the cluster, so an administrator runs this file with psql, once for each cluster:
--   psql -v ON_ERROR_STOP=1 -f roles.sql
-- Databases that have the schema already need the privileges afterwards, from the owner of the schema:
--   select sales_private.grant_roles();
-- The owner is no role of this file: it is the role that owns the old tables and runs the migration. No application may
-- be a member of it. Logins become members of the others: grant sales_app to LOGIN.

do $$
declare
  part record;
begin
  for part in
    select r.name, r.purpose
    from (values
      ('sales_app', 'Applications: read the schema sales, and write what they may change.'),
      ('sales_job', 'The nightly job: calls sales.recreate_due, and nothing else.'),
      ('sales_delivery', 'Applications that deliver leads: read orders, their schedules and deliveries, and secrets.'),
      ('sales_reader', 'Reports: read the schema sales.'),
      ('sales_auditor', 'Audits: read what the rules of the suite proposed read.')
    ) as r (name, purpose)
    where not exists (select from pg_catalog.pg_roles as e where e.rolname = r.name)
  loop
    begin
      execute format('create role %I nologin', part.name);
      execute format('comment on role %I is %L', part.name, part.purpose);
    exception
      -- another session creates it now
      when duplicate_object or unique_violation then
        null;
    end;
  end loop;
end
$$;
