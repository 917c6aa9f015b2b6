-- A part of prepare.sql, which runs it once.
-- Secrets that old applications no longer read, and the privileges of the roles on the objects above.

-- Settings of a transaction that takes strong locks. The lock timeout is below the default of deadlock_timeout: a session
-- in the way goes on. An autovacuum ends, as for the steps.
create function sales_old.limit_waits() returns void
language plpgsql
as $$
begin
  perform pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true),
    pg_catalog.set_config('lock_timeout', '500ms', true);
  perform pg_catalog.set_config('deadlock_timeout', '20ms', true)
  where pg_catalog.has_parameter_privilege('deadlock_timeout', 'set');
end
$$;
comment on function sales_old.limit_waits() is 'Limits the waits of a transaction that takes strong locks.';

-- The view for old applications shows references instead of secrets, for good. Can be called again after an error or a
-- kill, and continues. Only a backup can undo this.
-- 1. ACCESS EXCLUSIVE on the texts, for a moment: from then on a constraint rejects a text with a secret. A write that the
--    lock has kept waiting fails by it.
-- 2. Batches of 500 texts, each committed, lock only rows with secrets.
-- 3. SHARE UPDATE EXCLUSIVE on the texts to validate the constraint, which reads them all; no session waits for it.
-- 4. ACCESS EXCLUSIVE on the secrets, for a moment: the trigger that wrote changed secrets into texts goes.
create procedure sales_old.hide_secrets(inout hidden bigint default 0)
language plpgsql
as $$
declare
  texts constant regclass := 'sales_old.delivery_texts';
  place bigint := 0;
  upper bigint;
  changed bigint;
begin
  -- a procedure that commits sets them for each transaction
  perform sales_old.limit_waits();
  if exists (select from pg_namespace as n where n.nspname = 'migration') then
    raise object_not_in_prerequisite_state using
      message = 'secrets cannot be hidden before contract, because the old tables have them, too';
  end if;
  hidden := 0;
  if not exists (
    select from pg_constraint as k where k.conrelid = texts and k.conname = 'delivery_texts_hold_no_secret'
  ) then
    lock table sales_old.delivery_texts in access exclusive mode;
    create or replace function sales_old.shown(of_customer bigint, arguments json) returns json
    language plpgsql
    set search_path = pg_catalog, pg_temp
    as $shown$
    begin
      return case
        when sales.holds_secret(arguments::jsonb) then sales_private.store_secrets(of_customer, arguments::jsonb)::json
        else arguments
      end;
    end
    $shown$;
    create or replace function sales_old.write_text() returns trigger
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    as $write$
    begin
      insert into sales_old.delivery_texts (delivery_id, customer_id, args_text)
      values (new.delivery_id, new.customer_id, new.args::text)
      on conflict (delivery_id) do nothing;
      return null;
    end
    $write$;
    -- a secret that changes before its batch is hidden at once; in the order of the batches, against deadlocks
    create or replace function sales_old.write_secret() returns trigger
    language plpgsql
    security definer
    set search_path = pg_catalog, pg_temp
    as $secret$
    begin
      update sales_old.delivery_texts as t
      set args_text = d.args
      from (
        select l.delivery_id, d.args::text
        from sales_old.delivery_texts as l
        join sales.deliveries as d on d.delivery_id = l.delivery_id
        where d.customer_id = new.customer_id and sales.holds_secret(l.args_text::jsonb)
          and sales_private.refers_to(d.args, new.secret_id)
        order by l.delivery_id
        for update of l
      ) as d
      where t.delivery_id = d.delivery_id;
      return null;
    end
    $secret$;
    alter table sales_old.delivery_texts
      add constraint delivery_texts_hold_no_secret check (not sales.holds_secret(args_text::jsonb)) not valid;
    commit;
    perform sales_old.limit_waits();
  end if;
  if exists (
    select from pg_constraint as k
    where k.conrelid = texts and k.conname = 'delivery_texts_hold_no_secret' and not k.convalidated
  ) then
    loop
      select max(n.delivery_id) into upper
      from (
        select t.delivery_id from sales_old.delivery_texts as t
        where t.delivery_id > place order by t.delivery_id limit 500
      ) as n;
      exit when upper is null;
      update sales_old.delivery_texts as t
      set args_text = d.args
      from (
        select l.delivery_id, d.args::text
        from sales_old.delivery_texts as l
        join sales.deliveries as d on d.delivery_id = l.delivery_id
        where l.delivery_id > place and l.delivery_id <= upper and sales.holds_secret(l.args_text::jsonb)
        order by l.delivery_id
        for update of l
      ) as d
      where t.delivery_id = d.delivery_id;
      get diagnostics changed = row_count;
      hidden := hidden + changed;
      place := upper;
      commit;
      perform sales_old.limit_waits();
    end loop;
    alter table sales_old.delivery_texts validate constraint delivery_texts_hold_no_secret;
    commit;
    perform sales_old.limit_waits();
  end if;
  if exists (
    select from pg_trigger as t where t.tgrelid = 'sales_private.secrets'::regclass and t.tgname = 'write_text'
  ) then
    drop trigger write_text on sales_private.secrets;
  end if;
end
$$;
comment on procedure sales_old.hide_secrets(bigint) is
  'Shows old applications references instead of secrets, for good; gives the number of changed texts.';

do $$
begin
  perform sales_private.grant_roles();
end
$$;
