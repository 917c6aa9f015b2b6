-- A part of revert/prepare.sql and of contract.sql, which run it once.
-- Restores the objects of `expand` that `prepare` replaced: the new tables stand alone again.

create or replace trigger number_entry before insert on sales.ledger_entries
  for each row execute function sales.number_entry();
alter table sales.ledger_entries enable always trigger number_entry;
drop trigger clear_direction on sales.ledger_entries;

-- no locks on old rows any more
create or replace function sales.lock_customer(the_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from sales.customers as c where c.customer_id = the_id for no key update;
end
$$;
