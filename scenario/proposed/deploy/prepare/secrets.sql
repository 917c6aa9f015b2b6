-- A part of prepare.sql, which runs it once.
-- Secrets that old applications no longer read, and the privileges of the roles on the objects above.

-- From now on, the view for old applications shows references instead of secrets, and no text with a secret is stored: a
-- write that the lock below has kept waiting fails by the constraint. Only a backup can undo this.
create function sales_old.hide_secrets() returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
-- below deadlock_timeout: a session in its way goes on, and this can be called again
set lock_timeout = '500ms'
as $$
declare
  hidden bigint;
begin
  if exists (select from pg_namespace as n where n.nspname = 'migration') then
    raise object_not_in_prerequisite_state using
      message = 'secrets cannot be hidden before contract, because the old tables have them, too';
  elsif exists (
    select from pg_constraint as k
    where k.conrelid = 'sales_old.delivery_texts'::regclass and k.conname = 'delivery_texts_hold_no_secret'
  ) then
    return 0;
  end if;
  -- waits for writers, whose texts are changed below, too
  lock table sales.deliveries in share row exclusive mode;
  lock table sales_private.secrets, sales_old.delivery_texts in access exclusive mode;
  drop trigger write_text on sales_private.secrets;
  create or replace function sales_old.shown(of_customer bigint, arguments json) returns json
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $shown$
  begin
    return case
      when sales.holds_secret(arguments::jsonb) then sales_private.put_away(of_customer, arguments::jsonb)::json
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
  update sales_old.delivery_texts as t
  set args_text = d.args::text
  from sales.deliveries as d
  where d.delivery_id = t.delivery_id and sales.holds_secret(t.args_text::jsonb);
  get diagnostics hidden = row_count;
  -- a pending check would keep the table from being altered
  set constraints all immediate;
  alter table sales_old.delivery_texts
    add constraint delivery_texts_hold_no_secret check (not sales.holds_secret(args_text::jsonb));
  return hidden;
end
$$;
comment on function sales_old.hide_secrets() is 'Shows old applications references instead of secrets, for good; returns the number of changed texts.';

do $$
begin
  perform sales_private.grant_roles();
end
$$;
