-- Violations that the proposed schema allows, without a constraint or because they may be correct, with their rule.
-- The database is that of WORLD in tests/scan/test_suite_proposed.py.

-- customers.email_is_canonical
update sales.contacts set email = 'Bob@birch.example' where customer_id = 2;

-- customers.has_main_address
update sales.addresses set is_main = false;

-- customers.has_main_contact
delete from sales.contacts;

-- customers.no_duplicate
update sales.customers set name = 'acme';
update sales.addresses set street = 'x', state_code = 'CA';

-- customers.phone_is_dialable
update sales.contacts set phone = '555-0100';

-- customers.state_is_usps_code
insert into sales.states values ('XX', 'Nowhere');
update sales.addresses set state_code = 'XX';

-- customers.text_is_clean
update sales.customers set name = 'Acme ';

-- customers.text_is_normalised
update sales.customers set name = e'Cafe\u0301';

-- customers.text_is_not_placeholder
update sales.customers set name = 'n/a';

-- lineage.ancestor_is_older
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, origin, created_at) values (5, 1, 10, 5, 'cancelled', 'migrated', null);

-- lineage.one_live_order
update sales.orders set order_status = 'paused' where order_id = 10;

-- lineage.recreated_order_has_successor
update sales.orders set order_status = 'recreated';

-- lineage.root_is_not_closed
update sales.orders set order_status = 'cancelled' where order_id = 10;

-- recreation.closed_is_covered_by_balance
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, origin, created_at) values (30, 1, 10, 500, 'expired', 'migrated', null);

-- recreation.customer_is_not_overcommitted
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 1, 30, 96, 'pending', now());

-- recreation.follows_latest_state
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, origin, created_at) values (1001, 1, 10, 5, 'migrated', null);
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1002, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1002, 10, 1000, sales.business_day(now()) - 1, 1, 1, 100, 5);

-- recreation.happens_daily
update sales.orders set created_at = created_at - interval '1 day' where order_id = 10;

-- recreation.is_covered_by_balance
insert into sales.ledger_entries (customer_id, amount) values (1, -95);

-- orders.active_order_has_delivery
update sales.orders set delivery_id = null;

-- orders.api_key_belongs_to_one_customer
update sales.orders set delivery_id = sales.delivery(2, 'custom_crm', '{"apikey": "k-1"}') where order_id = 20;

-- orders.delivery_is_used
insert into sales.deliveries (customer_id, script_name) values (1, 'bulk_delivery');

-- orders.live_order_has_amount
update sales.orders set amount = 0;

-- orders.no_duplicate_live_order
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 1, 30, 5, 'pending', now()), (31, 1, 31, 5, 'pending', now());

-- orders.schedule_is_used
insert into sales.schedules (half_hours) values ('{[0,1)}');

-- orders.schedule_repeats_by_day
update sales.schedules set half_hours = (select range_agg(int4range(n, n + 10)) from generate_series(0, 320, 40) as n);

-- history.ends_with_status
set local sales.correcting = 'on';
insert into sales.order_status_changes values (20, 1, 'pending', 'paused');

-- history.goes_on
set local sales.correcting = 'on';
insert into sales.order_status_changes values (10, 2, 'active', 'paused');

-- history.has_no_gap
set local sales.correcting = 'on';
insert into sales.order_status_changes values (20, 2, 'pending', 'active');

-- secrets.reference_leads_to_secret
insert into sales.deliveries (customer_id, script_name, args) values (1, 'custom_crm', '{"apikey": "secret-ref:sales/999"}');

-- secrets.secret_is_referred_to
insert into sales_private.secrets (customer_id, secret) values (2, 'k-9');
