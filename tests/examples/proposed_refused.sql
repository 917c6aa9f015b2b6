-- Violations that the proposed schema rejects: rule, object in the error message, and statement.
-- The database is that of WORLD in tests/scan/test_suite_proposed.py.

-- customers.balance_is_finite: overflow
insert into sales.ledger_entries (customer_id, amount) values (1, 'Infinity');

-- customers.balance_is_finite: customers_balance_check
insert into sales.ledger_entries (customer_id, amount) values (1, 'NaN');

-- customers.balance_is_not_negative: balance_check
insert into sales.ledger_entries (customer_id, amount) values (1, -100.01);

-- customers.email_is_valid: contacts_email_check
update sales.contacts set email = 'ann@acme';

-- customers.email_is_unique: contacts_email
update sales.contacts set email = 'ANN@acme.example' where customer_id = 2;

-- customers.required_text_is_present: customers_name_check
update sales.customers set name = ' ';

-- customers.required_text_is_present: contacts_name_check
update sales.contacts set name = e'\t';

-- customers.required_text_is_present: addresses_street_check
update sales.addresses set street = '';

-- customers.required_text_is_present: addresses_state_code_fkey
update sales.addresses set state_code = '';

-- customers.state_is_usps_code: addresses_state_code_fkey
update sales.addresses set state_code = 'ca';

-- customers.contact_has_customer: contacts_customer_id_fkey
update sales.contacts set customer_id = 9 where customer_id = 2;

-- customers.address_has_customer: addresses_customer_id_fkey
update sales.addresses set customer_id = 9 where customer_id = 2;

-- lineage.order_ref_exists: orders_first_ancestor_is_root
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (30, 1, 99, 5);

-- lineage.order_ref_exists: orders_first_ancestor_is_root
select sales_private.erase_orders(array[10::bigint]);

-- lineage.order_ref_is_first_ancestor: orders_first_ancestor_is_root
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 1, 1000, 5, 'pending', null);

-- lineage.is_acyclic: orders_first_ancestor_is_root
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 1, 31, 5, 'pending', null), (31, 1, 30, 5, 'pending', null);

-- lineage.keeps_customer: orders_first_ancestor_is_root
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 2, 10, 5, 'pending', null);

-- lineage.keeps_customer: orders_first_ancestor_is_root
update sales.orders set customer_id = 2, delivery_id = null where order_id = 10;

-- lineage.predecessor_is_of_lineage: recreations_predecessor
set local sales.correcting = 'on';
update sales.recreations set predecessor_id = 20;

-- lineage.predecessor_is_of_lineage: recreations_predecessor_is_earlier
set local sales.correcting = 'on';
update sales.recreations set predecessor_id = 1000;

-- lineage.predecessor_is_of_lineage: recreations_order
set local sales.correcting = 'on';
update sales.recreations set first_ancestor_id = 20;

-- recreation.was_covered_at_the_time: recreations_balance_covers_amount
set local sales.correcting = 'on';
update sales.recreations set balance = amount;

-- recreation.is_recorded: orders_recreation_is_written_down
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 1, 10, 5, 'pending', now());

-- recreation.is_recorded: orders_recreation_is_written_down
set local sales.correcting = 'on';
delete from sales.recreations;

-- recreation.record_is_of_recreation: recreations_order
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (99, 10, 20, sales.business_day(now()) - 1, 1, 1, 100, 5);

-- orders.amount_is_not_negative: orders_amount_check
update sales.orders set amount = -0.01;

-- orders.amount_is_finite: overflow
update sales.orders set amount = 'Infinity';

-- orders.customer_exists: orders_customer_id_fkey
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status, created_at) values (30, 9, 30, 5, 'pending', null);

-- orders.status_is_known: orders_order_status_check
update sales.orders set order_status = 'done';

-- orders.active_order_has_schedule: orders_active_has_schedule
update sales.orders set schedule_id = null;

-- orders.active_order_has_schedule: schedules_half_hours_check
update sales.schedules set half_hours = '{}';

-- orders.schedule_exists: orders_schedule_id_fkey
update sales.orders set schedule_id = 8;

-- orders.delivery_exists: orders_delivery
update sales.orders set delivery_id = 99 where order_id = 20;

-- orders.delivery_exists: orders_delivery
update sales.orders set delivery_id = (select d.delivery_id from sales.deliveries as d where d.customer_id = 1) where order_id = 20;

-- orders.delivery_exists: because orders share it
update sales.deliveries set args = '{"email_address": "ann@acme.example"}' where customer_id = 2;

-- orders.delivery_args_need_script: null value
insert into sales.deliveries (customer_id, args) values (1, '{}');

-- orders.delivery_args_are_object: deliveries_args_check
insert into sales.deliveries (customer_id, script_name, args) values (1, 'bulk_delivery', '[1]');

-- orders.delivery_script_is_known: there is no delivery script carrier_pigeon
insert into sales.deliveries (customer_id, script_name) values (1, 'carrier_pigeon');

-- orders.script_name_is_identifier: delivery_scripts_script_name_check
insert into sales.delivery_scripts (script_name) values ('Carrier Pigeon');

-- orders.email_delivery_has_address: deliveries_args_fit_script
insert into sales.deliveries (customer_id, script_name, args) values (2, 'email_delivery', '{"email_address": "bob"}');

-- orders.email_delivery_has_address: deliveries_args_fit_script
set local sales.correcting = 'on';
update sales.deliveries set script_name = 'email_delivery', checked_as = 'email_address';

-- orders.custom_crm_has_key: deliveries_args_fit_script
insert into sales.deliveries (customer_id, script_name) values (1, 'custom_crm');

-- orders.delivery_args_hold_no_secret: deliveries_args_hold_no_secret
set local sales.correcting = 'on';
update sales.deliveries set args = '{"api-key": "k-1"}';

-- ledger.order_is_of_customer: customer 2 has no order 10
insert into sales.ledger_entries (customer_id, amount, order_id) values (2, -5, 10);

-- ledger.adds_up: ledger_entries_add_up
set local sales.correcting = 'on';
update sales.ledger_entries set amount = amount + 1;

-- ledger.goes_on: ledger_entries_previous
set local sales.correcting = 'on';
update sales.ledger_entries set balance_before = 60, amount = -10 where entry_number = 2;

-- ledger.goes_on: ledger_entries_begin_with_0
set local sales.correcting = 'on';
update sales.ledger_entries set balance_before = 1, amount = amount - 1 where entry_number = 1;

-- ledger.has_no_gap: ledger_entries_previous
set local sales.correcting = 'on';
delete from sales.ledger_entries where entry_number = 1 and customer_id = 2;

-- ledger.has_no_gap: ledger_entries_previous
set local sales.correcting = 'on';
update sales.ledger_entries set entry_number = 3 where entry_number = 2;

-- ledger.ends_with_balance: changed by ledger entries only
update sales.customers set balance = 1000;

-- ledger.ends_with_balance: changed by ledger entries only
update sales.customers set balance = 70, entry_number = 1 where customer_id = 2;

-- ledger.ends_with_balance: customers_balance_is_in_ledger
update sales.customers set balance = 99, entry_number = entry_number + 1;

-- ledger.ends_with_balance: customers_balance_has_entry
insert into sales.customers (customer_id, name, balance) values (3, 'Cedar', 5);

-- ledger.ends_with_balance: customers_balance_is_in_ledger
set local sales.correcting = 'on';
delete from sales.ledger_entries where entry_number = 2;

-- ledger.customer_exists: there is no customer 9
insert into sales.ledger_entries (customer_id, amount) values (9, 5);

-- history.goes_on: order_status_changes_differ
set local sales.correcting = 'on';
update sales.order_status_changes set status_before = status_after;

-- history.order_exists: order_status_changes_order_id_fkey
set local sales.correcting = 'on';
insert into sales.order_status_changes values (99, 1, 'active', 'paused');

-- recreation.record_is_of_recreation: recreations_not_of_root
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount)
values (20, 20, 10, 2, 2, 50, 5);

-- recreation.was_covered_at_the_time: recreations_balance_check
set local sales.correcting = 'on';
update sales.recreations set balance = 'NaN';

-- orders.amount_is_finite: orders_amount_check
update sales.orders set amount = 'NaN';

-- recreation.is_recorded: orders_recreation_is_written_down
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, created_at) values (30, 1, 10, 5, null);

-- recreation.is_recorded: are set by the database
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, origin, created_at) values (30, 1, 10, 5, 'migrated', null);

-- recreation.is_recorded: are set by the database
update sales.orders set origin = 'migrated', created_at = null where order_id = 1000;

-- recreation.is_recorded: orders_migrated_have_no_time
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount, origin) values (30, 1, 10, 5, 'migrated');

-- recreation.is_recorded: rows of sales.recreations cannot be changed or deleted
delete from sales.recreations;

-- recreation.is_recorded: rows of sales.recreations cannot be changed or deleted
truncate sales.recreations cascade;

-- recreation.is_recorded: recreations_order
delete from sales.orders where order_id = 1000;

-- recreation.happens_once_a_day: recreations_once_a_day
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, 1, 1, 100, 5);

-- recreation.happens_once_a_day: null value
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, null, 1, 1, 100, 5);

-- recreation.day_follows_time: recreations_day
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, sales.business_day(now()) - 2, 1, 1, 100, 5);

-- recreation.day_follows_time: recreations_day
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, sales.business_day(now()) + 1, 1, 1, 100, 5);

-- recreation.day_follows_time: null value
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount, created_at)
values (1001, 10, 1000, 1, 1, 100, 5, null);

-- recreation.happens_once: recreations_one_successor
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 10, sales.business_day(now()) - 1, 1, 1, 100, 5);

-- lineage.predecessor_is_of_lineage: null value
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, null, sales.business_day(now()) - 1, 1, 1, 100, 5);

-- lineage.predecessor_is_earlier: recreations_predecessor_is_earlier
set local sales.correcting = 'on';
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (999, 10, 1000, sales.business_day(now()) - 1, 1, 1, 100, 5);

-- recreation.balance_is_in_ledger: recreations_balance_is_in_ledger
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, sales.business_day(now()) - 1, 1, 1, 99999999, 5);

-- recreation.balance_is_in_ledger: recreations_balance_is_in_ledger
set local sales.correcting = 'on';
update sales.recreations set balance = 77;

-- recreation.amount_is_of_order: orders_recreation_is_written_down
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, sales.business_day(now()) - 1, 1, 1, 100, 0);

-- recreation.amount_is_of_order: recreations_order
set local sales.correcting = 'on';
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, sales.business_day(now()) - 1, 2, 2, 50, 5);

-- recreation.amount_is_of_order: are set by the database
update sales.orders set recreated_amount = 1 where order_id = 1000;

-- ledger.has_no_gap: rows of sales.ledger_entries cannot be changed or deleted
update sales.ledger_entries set reason = 'other', created_at = null;

-- ledger.has_no_gap: ledger_entries_amount_check
insert into sales.ledger_entries (customer_id, amount) values (1, 0);

-- history.has_no_gap: rows of sales.order_status_changes cannot be changed or deleted
delete from sales.order_status_changes;

-- history.ends_with_status: written by the database
insert into sales.order_status_changes values (20, 1, 'pending', 'paused');

-- ledger.has_no_gap: rows of sales.ledger_entries cannot be changed or deleted
truncate sales.ledger_entries cascade;

-- history.has_no_gap: rows of sales.order_status_changes cannot be changed or deleted
truncate sales.order_status_changes;

-- recreation.balance_is_in_ledger: entry 1 is not the last ledger entry of customer 2
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 2, 20, 60);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount)
values (1001, 20, 20, 2, 1, 70, 60);

-- recreation.balance_is_in_ledger: is not the last ledger entry
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, customer_id, entry_number, balance, amount)
values (1001, 20, 20, 2, null, 70, 60);

-- lineage.predecessor_is_earlier: was recreated on a later day
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 1, 10, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount)
values (1001, 10, 1000, sales.business_day(now()) - 1, 1, 1, 100, 5);

-- recreation.day_follows_time: recreations_day
insert into sales.orders (order_id, customer_id, first_ancestor_id, amount) values (1001, 2, 20, 5);
insert into sales.recreations (order_id, first_ancestor_id, predecessor_id, business_day, customer_id, entry_number, balance, amount, created_at)
values (1001, 20, 20, sales.business_day(now()) - 2, 2, 2, 50, 5, now() - interval '2 days');
