-- A part of expand.sql, which runs it once.
-- Recreations of orders, once a business day.

create table sales.recreations (
  order_id bigint primary key,
  first_ancestor_id bigint not null,
  predecessor_id bigint not null,
  business_day date not null default sales.business_day(now()),
  customer_id bigint not null,
  entry_number bigint not null,
  balance numeric(18, 2) not null check (balance <> 'NaN'),
  amount numeric(12, 2) not null check (amount >= 0 and amount <> 'NaN'),
  created_at timestamptz not null default now(),
  -- the business rule
  constraint recreations_balance_covers_amount check (balance > amount),
  constraint recreations_not_of_root check (order_id <> first_ancestor_id),
  -- numbers grow, so that predecessors make no cycle
  constraint recreations_predecessor_is_earlier check (predecessor_id < order_id),
  constraint recreations_once_a_day unique (first_ancestor_id, business_day),
  constraint recreations_one_successor unique (predecessor_id),
  -- a run that begins before midnight may end after it
  constraint recreations_day check (
    business_day between sales.business_day(created_at) - 1 and sales.business_day(created_at)
  ),
  -- both in one lineage
  constraint recreations_order foreign key (order_id, first_ancestor_id, customer_id)
    references sales.orders (order_id, first_ancestor_id, customer_id) deferrable initially deferred,
  constraint recreations_predecessor foreign key (predecessor_id, first_ancestor_id, customer_id)
    references sales.orders (order_id, first_ancestor_id, customer_id) deferrable initially deferred,
  constraint recreations_balance_is_in_ledger foreign key (customer_id, entry_number, balance)
    references sales.ledger_entries (customer_id, entry_number, balance_after),
  -- for the order's reference
  constraint recreations_as_ordered unique (order_id, amount)
);
create index recreations_balance_is_in_ledger on sales.recreations (customer_id, entry_number);
comment on table sales.recreations is 'Recreations of orders, with the balance that allowed them.';
comment on column sales.recreations.order_id is 'The new order.';
comment on column sales.recreations.first_ancestor_id is 'First ancestor of both orders.';
comment on column sales.recreations.predecessor_id is 'The recreated order, which has no other successor.';
comment on column sales.recreations.business_day is
  'Business day: one recreation per lineage. That of its time, or the day before it for a run across midnight.';
comment on column sales.recreations.customer_id is 'Customer of both orders.';
comment on column sales.recreations.entry_number is 'The ledger entry that the balance was read from.';
comment on column sales.recreations.balance is 'Balance of the customer after that entry, in US dollars.';
comment on column sales.recreations.amount is 'Initial amount of the new order, in US dollars.';
comment on column sales.recreations.created_at is 'When. Set by the database.';

-- References alone would allow the balance of an earlier entry, and a record that is dated back to a day without one.
-- Locks the customer's row, so that the balance stays until the end of the transaction.
create function sales.record_now() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if sales.may_correct(tg_relid) then
    return new;
  end if;
  new.created_at := now();
  perform from sales.customers as c
  where c.customer_id = new.customer_id and c.entry_number = new.entry_number
  for no key update;
  if not found then
    raise check_violation using
      message = format('entry %s is not the last ledger entry of customer %s', new.entry_number, new.customer_id);
  end if;
  if exists (
    select from sales.recreations as r
    where r.first_ancestor_id = new.first_ancestor_id and r.business_day > new.business_day
  ) then
    raise check_violation using
      message = format('lineage %s was recreated on a later day than %s', new.first_ancestor_id, new.business_day);
  end if;
  return new;
end
$$;
comment on function sales.record_now() is 'Sets the time of a recreation, and rejects an outdated balance or day.';
create trigger record_now before insert on sales.recreations for each row execute function sales.record_now();
alter table sales.recreations enable always trigger record_now;

-- The record, which has the order's lineage and customer, has its amount, too.
alter table sales.orders add constraint orders_recreation_is_written_down
  foreign key (order_id, recreated_amount) references sales.recreations (order_id, amount) deferrable initially deferred;
