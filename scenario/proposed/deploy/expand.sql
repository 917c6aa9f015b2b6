-- Deploy sales:expand to pg. Runs once: run again, it stops with one line, because the schema sales exists.
-- Creates the proposed schema next to the current one, for later use. Takes no lock on the current tables, whatever
-- their size. First come the checks of all that the migration needs.

begin;
set local lock_timeout = '2s';
set local statement_timeout = '1min';

\ir checks/dropped.sql
\ir checks/first.sql

create schema sales;
comment on schema sales is 'Customers, their balances and contacts, and their orders of leads.';
create schema sales_private;
comment on schema sales_private is 'Restricted data: secrets of deliveries.';
revoke all on schema sales_private from public;

\ir expand/functions.sql
\ir expand/customers.sql
\ir expand/deliveries.sql
\ir expand/orders.sql
\ir expand/recreations.sql
\ir expand/records.sql
\ir expand/job.sql
\ir expand/sequences.sql
\ir expand/erasure.sql
\ir expand/persons.sql

-- a change of a row sets its updated_at
do $$
declare
  tab text;
begin
  foreach tab in array array[
    'sales.customers', 'sales.contacts', 'sales.addresses', 'sales.schedules', 'sales.orders', 'sales.deliveries',
    'sales_private.secrets'
  ] loop
    execute format(
      'create trigger touch before update on %s for each row execute function sales.touch()',
      tab
    );
  end loop;
end
$$;

\ir expand/roles.sql

commit;
