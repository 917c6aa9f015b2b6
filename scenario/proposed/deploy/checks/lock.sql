-- A part of the files that take strong locks. Can be run again: it creates a function of this session.
-- Lock tables, one after another, within one lock timeout in all. So sessions that wait for the first table wait no longer
-- than that, however many tables follow, and whichever of them another session holds. What is left of it is the lock
-- timeout of the rest of the transaction.
-- An autovacuum ends for a session that has waited for deadlock_timeout. Only a superuser, or a role with the privilege,
-- may make that shorter than a lock timeout; without, a step waits until the autovacuum has ended by itself.

create or replace function pg_temp.lock_tables(tables text[], how text default 'access exclusive') returns void
language plpgsql
as $$
declare
  tab text;
  ends timestamptz;
begin
  select clock_timestamp() + s.setting::integer * interval '1 millisecond' into ends
  from pg_catalog.pg_settings as s where s.name = 'lock_timeout' and s.setting <> '0';
  -- for monitoring.sql, and for all who look at sessions
  perform set_config('application_name', 'order-audit migrate', true);
  perform set_config('deadlock_timeout', '20ms', true) where has_parameter_privilege('deadlock_timeout', 'set');
  foreach tab in array tables loop
    execute format('lock table %s in %s mode', tab, how);
    perform set_config(
      'lock_timeout', greatest(1, floor(extract(epoch from ends - clock_timestamp()) * 1000))::text, true
    ) where ends is not null;
  end loop;
end
$$;
