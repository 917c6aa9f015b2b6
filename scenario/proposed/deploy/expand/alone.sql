-- What these tables have that is another while they are kept equal with others, as it is when they are alone.

create or replace trigger number_entry before insert on sales.ledger_entries
  for each row execute function sales.number_entry();
alter table sales.ledger_entries enable always trigger number_entry;
create or replace trigger receive_args before insert or update on sales.order_deliveries
  for each row execute function sales.receive_args();
alter table sales.order_deliveries enable always trigger receive_args;

-- A function of its own, for as long as old applications hold other rows it must hold those too.
create or replace function sales.hold_customer(the_id bigint) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  perform from sales.customers as c where c.customer_id = the_id for no key update;
end
$$;
comment on function sales.hold_customer(bigint) is 'Holds a customer until the end of the transaction.';
