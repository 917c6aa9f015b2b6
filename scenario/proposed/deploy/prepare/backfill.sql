-- A part of prepare.sql, which runs it once.
-- Backfill of existing rows, in batches.
--
-- A batch locks no row, because each lock would write the old row's page, and the log of both. It keeps writers of its rows
-- waiting instead, by advisory locks of blocks of numbers:
--   1. A batch takes the exclusive locks of its blocks, and only those that it gets at once. So it never waits for them.
--   2. A trigger of an old table that has to copy a changed or deleted row takes the shared lock of its block first, until
--      the end of the transaction.
-- Only then either looks up which rows the new tables have. So where a trigger has run, a batch reads the row only once the
-- change is committed. A trigger that runs later sees the row that the batch has copied, and changes or deletes it.
-- Where a block is not free, the batch locks the rows themselves, without those that others have locked (`held`).
-- A new row needs no lock: a batch sees it once its trigger has copied it. Nor does a row that the new tables have already.
-- A trigger holds at most 1,024 locks for each table, whatever its statements change: a block has 1,024 numbers, and every
-- 1,024th block has the same lock.

-- The lock of a number, beside the table that it is of. Advisory locks have two numbers.
create function migration.block(id bigint) returns integer
language sql immutable
return ((id >> 10) & 1023)::integer;
create function migration.lock_space(the_tab text) returns integer
language sql stable
return to_regclass('sales.' || the_tab)::oid::integer;

-- Keep writers of rows waiting until the end of the transaction; return the blocks of which that is possible at once.
create function migration.keep_writers_waiting(the_tab text, ids bigint[]) returns integer[]
language plpgsql
as $$
begin
  return array(
    select b.block
    from (select distinct migration.block(i.id) as block from unnest(ids) as i (id) offset 0) as b
    where pg_try_advisory_xact_lock(migration.lock_space(the_tab), b.block)
  );
end
$$;

-- For triggers: copy changed or deleted rows, once no batch copies them; and keep later batches from them until the end of
-- the transaction. A snapshot that is older than the locks may not show a copy. So rows without a visible copy get a note,
-- and a session with a later snapshot copies them, as the pass that ends the backfill.
create function migration.copy_changed(the_tab text, ids bigint[]) returns void
language plpgsql
as $$
declare
  visible bigint[];
begin
  perform pg_advisory_xact_lock_shared(migration.lock_space(the_tab), b.block)
  from (select distinct migration.block(i.id) as block from unnest(ids) as i (id) offset 0) as b;
  -- after the switch, which moves the table, each row has a copy
  if current_setting('transaction_isolation') <> 'read committed' and to_regclass('migration.' || the_tab) is null then
    visible := migration.visible_copies(the_tab, ids);
    insert into migration.pending (tab, id)
    select the_tab, i.id from unnest(ids) as i (id) where i.id <> all(visible) on conflict do nothing;
    ids := visible;
  end if;
  perform migration.copy_to_new(the_tab, ids) where ids <> '{}';
end
$$;

-- Return those of the rows that the new tables or the quarantine have by this snapshot. Fails with 40001 if another session
-- has removed one since. Rows that another session is removing are left out.
create function migration.visible_copies(the_tab text, ids bigint[]) returns bigint[]
language plpgsql
as $$
begin
  if the_tab = 'customers' then
    return array(
      select r.customer_id from migration.customer_row as r where r.customer_id = any(ids) order by r.customer_id
      for key share skip locked
    );
  end if;
  return array(
    select r.order_id from migration.order_row as r where r.order_id = any(ids) order by r.order_id
    for key share skip locked
  );
end
$$;

-- The numbers of the rows that the old tables have, and that the new tables or the quarantine have.
create view migration.old_number as
  select 'customers' as tab, c.customer_id as id from migration.old_customers as c
  union all
  select 'orders', o.order_id from migration.old_orders as o;
create view migration.copied_number as
  select 'customers' as tab, r.customer_id as id from migration.customer_row as r
  union all
  select 'orders', r.order_id from migration.order_row as r;

-- Lock rows of an old table; return those that no other session has locked. The server locks no row of a union.
create function migration.lock_old_rows(the_tab text, ids bigint[]) returns bigint[]
language plpgsql
as $$
begin
  if the_tab = 'customers' then
    return array(
      select c.customer_id from migration.old_customers as c where c.customer_id = any(ids) order by c.customer_id
      for no key update skip locked
    );
  end if;
  return array(
    select o.order_id from migration.old_orders as o where o.order_id = any(ids) order by o.order_id
    for no key update skip locked
  );
end
$$;

-- Copy the next rows of an old table, by number, that are neither in the new table nor in quarantine. Rows that others
-- change or lock are skipped (`held`): the trigger of their writer copies them. `last` is null at the end.
create function migration.backfill(
  the_tab text, after_id bigint, at_most integer, out last bigint, out taken integer, out held integer
)
language plpgsql
as $$
declare
  next_ids bigint[];
  blocks integer[];
  missing bigint[];
  to_lock bigint[];
  free bigint[];
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise object_not_in_prerequisite_state using
      message = 'a batch needs the isolation level read committed: a later one hides changes that precede its locks';
  end if;
  next_ids := array(
    select n.id from migration.old_number as n where n.tab = the_tab and n.id > after_id order by n.id limit at_most
  );
  last := next_ids[cardinality(next_ids)];
  blocks := migration.keep_writers_waiting(the_tab, next_ids);
  -- after the locks, in a statement with a snapshot of its own
  missing := array(
    select n.id from migration.old_number as n
    where n.tab = the_tab and n.id > after_id and n.id <= last
      and (select c.id from migration.copied_number as c where c.tab = the_tab and c.id = n.id limit 1) is null
    order by n.id
  );
  free := array(select m.id from unnest(missing) as m (id) where migration.block(m.id) = any(blocks));
  to_lock := array(select m.id from unnest(missing) as m (id) where migration.block(m.id) <> all(blocks));
  if to_lock <> '{}' then
    free := free || migration.lock_old_rows(the_tab, to_lock);
  end if;
  taken := cardinality(free);
  held := cardinality(missing) - taken;
  perform migration.copy_to_new(the_tab, free) where taken > 0;
end
$$;

-- Copy all rows in batches, each committed; then, once, the rows that were left for later. May be interrupted and called again.
-- Rows that others have locked are copied in a later pass: as many as `passes`, a tenth of a second apart.
create procedure migration.backfill_all(at_most integer default 500, passes integer default 600)
language plpgsql
as $$
declare
  part text;
  done record;
  place bigint;
  left_over bigint;
begin
  foreach part in array array['customers', 'orders'] loop
    for pass in 1 .. passes loop
      place := -9223372036854775808;
      left_over := 0;
      loop
        select * into done from migration.backfill(part, place, at_most);
        commit;
        exit when done.last is null;
        place := done.last;
        left_over := left_over + done.held;
      end loop;
      exit when left_over = 0;
      if pass = passes then
        raise lock_not_available using
          message = format('other sessions have locked rows of %s (%s), in %s passes', part, left_over, passes),
          hint = 'What is copied stays. Wait until these sessions end, or end them, and run it again.';
      end if;
      perform pg_sleep(0.1);
    end loop;
  end loop;
  foreach part in array array['customers', 'orders'] loop
    place := -9223372036854775808;
    loop
      select * into done from migration.copy_next_left_over(part, place, at_most);
      commit;
      exit when done.last is null;
      place := done.last;
    end loop;
  end loop;
end
$$;
