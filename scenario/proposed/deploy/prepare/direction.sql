-- A part of prepare.sql, which runs it once.
-- How a write to one side is copied to the other once, and not back again: the setting migration.direction. A function
-- that copies sets it for its own duration. Triggers that would copy the write back read it in their WHEN conditions.
--
--   direction         set by                                                  stops the triggers
--   to_new            the functions that copy old rows: copy_to_new.sql, to_new.sql   of the new tables, in to_old.sql
--   opening_balances  one statement of copy_valid_customers                   the same, and number_entry, since the
--                                                                             statement numbers its entries itself
--   to_old            the functions that copy new rows: to_old.sql            of the old tables, in synchronise.sql
--   empty or unset    everything else                                         none
--
-- Only the owner's functions can use it. Any role may change the setting, so each condition asks, too, whether the
-- role that writes has the owner's privileges. A function that runs with these would lend them to its caller's setting.
-- So each such function that writes to either side sets a direction, or clears the caller's: by a SET clause in writes.sql,
-- by sales.lock_customer for the nightly job, and by the trigger clear_direction for number_entry. sales.correcting, the
-- other setting of these functions, is explained at sales.may_correct, and counts for the owner only, too.

-- Return a trigger's condition, as text: true unless the owner copies in one of these directions.
create function migration.unless_copying(variadic directions text[]) returns text
language sql stable
return format(
  'coalesce(current_setting(''migration.direction'', true), '''') <> all (%L::text[])'
    ' or not pg_has_role(%s::oid, ''USAGE'')',
  directions, current_user::regrole::oid
);

-- Clear the setting of another role before number_entry writes the customer's balance with the owner's privileges.
create function migration.clear_direction() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('migration.direction', '', true);
  return new;
end
$$;
do $$
begin
  execute format(
    'create trigger clear_direction before insert on sales.ledger_entries for each row when ('
      'coalesce(current_setting(''migration.direction'', true), '''') <> '''' and not pg_has_role(%s::oid, ''USAGE'')'
      ') execute function migration.clear_direction()',
    current_user::regrole::oid
  );
  execute format(
    'create or replace trigger number_entry before insert on sales.ledger_entries for each row when (%s)'
      ' execute function sales.number_entry()',
    migration.unless_copying('opening_balances')
  );
end
$$;
alter table sales.ledger_entries enable always trigger clear_direction;
alter table sales.ledger_entries enable always trigger number_entry;
