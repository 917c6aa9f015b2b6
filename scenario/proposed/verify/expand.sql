-- Verify sales:expand on pg. Can be run again: it only reads.
-- Each query fails if an object is missing.

begin;
select c.customer_id, c.name, c.balance, c.last_entry from sales.customers as c where false;
select e.customer_id, e.entry_number, e.balance_before, e.amount, e.balance_after from sales.ledger_entries as e where false;
select c.contact_id, c.email from sales.contacts as c where false;
select a.address_id, a.state_code from sales.addresses as a where false;
select s.schedule_id, s.weekday, s.starts_at, s.ends_at from sales.schedule_ranges as s where false;
select o.order_id, o.first_ancestor_id, o.delivery_id, o.recreated_amount from sales.orders as o where false;
select r.order_id, r.predecessor_id, r.business_day, r.entry_number, r.balance, r.amount from sales.recreations as r where false;
select h.order_id, h.change_number, h.status_after from sales.order_status_changes as h where false;
select d.delivery_id, d.customer_id, d.script_name, d.args from sales.deliveries as d where false;
select s.secret_id, s.customer_id, s.secret from sales_private.secrets as s where false;
select 1 / count(*) from sales.states;
rollback;
