-- A part of prepare.sql, which runs it once.
-- The entry to copying: any rows of an old table, all at once or else one by one, and rows that another session holds.

-- Copy rows of an old table (`the_tab`: customers or orders), whatever they are: all at once. After an unexpected error, one
-- by one; the failing row goes into quarantine with the server's message. Applications only get errors that ask for a
-- retry. `made_now`: an application creates them in this transaction, so their time is known.
create function migration.copy_to_new(the_tab text, ids bigint[], made_now boolean default false) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set extra_float_digits = 1
set jit = off
-- a batch is small and the tables are large, but the planner may have statistics of empty tables
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
set migration.direction = 'to_new'
set sales.correcting = 'on'
as $$
declare
  one bigint;
begin
  for again in 1 .. 2 loop
    begin
      case the_tab
        when 'customers' then perform migration.copy_or_quarantine_customers(ids, made_now);
        when 'orders' then perform migration.copy_or_quarantine_orders(ids, made_now);
      end case;
      return;
    exception
      when integrity_constraint_violation or data_exception or program_limit_exceeded or raise_exception then
        exit when cardinality(ids) > 1;
        -- another session copied the same row concurrently: try again, now that the row exists
        continue when again = 1 and sqlstate = '23505';
        case the_tab
          when 'customers' then perform migration.quarantine_customers(ids, sqlerrm);
          when 'orders' then perform migration.quarantine_orders(ids, sqlerrm);
        end case;
        return;
    end;
  end loop;
  foreach one in array ids loop
    perform migration.copy_to_new(the_tab, array[one], made_now);
  end loop;
end
$$;
-- For people, by names that say it.
create function migration.copy_customers_to_new(ids bigint[], made_now boolean default false) returns void
language sql
as $$
  select migration.copy_to_new('customers', ids, made_now)
$$;
create function migration.copy_orders_to_new(ids bigint[], made_now boolean default false) returns void
language sql
as $$
  select migration.copy_to_new('orders', ids, made_now)
$$;

-- Return rows without those that another session holds, and write a note of the latter: a new application that has locked
-- a row will merge it. It requests the old row next, and waiting for it here would deadlock. Notes of the others end
-- before their rows are read, so that a note that comes later stays.
create function migration.postpone_locked(the_tab text, ids bigint[], here bigint[], free bigint[]) returns bigint[]
language plpgsql
as $$
declare
  held bigint[] := array(select h.id from unnest(here) as h (id) where h.id <> all(free));
begin
  if held <> '{}' then
    insert into migration.pending (tab, id) select the_tab, h.id from unnest(held) as h (id) on conflict do nothing;
    ids := array(select i.id from unnest(ids) as i (id) where i.id <> all(held));
  end if;
  delete from migration.pending as p where p.tab = the_tab and p.id = any(ids);
  return ids;
end
$$;
