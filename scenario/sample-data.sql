-- The sample data that comes with the schema as "clean, standard data". Load it after current/schema.sql.
--
-- It is not quite clean, and unchanged. The expected findings:
--
--   customers.phone_is_dialable           customers 1 to 5: seven digits, no area code
--   orders.delivery_args_hold_no_secret   orders 1002 and 1008: an API key in plain text
--   orders.schedule_repeats_by_day        orders 1001, 1007 and 1010: "office hours" that drift (see below)
--   lineage.one_live_order                orders 1004 and 1005: three live orders in the lineage of 1004
--
-- Every other rule passes. All ids are given explicitly, and the sequences behind the two keys are left where they
-- were, on purpose: the next customer that an application inserts is given id 1, which is taken. Do not add a
-- setval here.

insert into customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
)
values
    (1, 'Golden Gate Solar', 'accounts@goldengatesolar.example.com', 'Maren Oduya', '555-1234',
     '18 Fulton Street, San Francisco', 'CA', 1000),
    (2, 'Hudson Home Insurance', 'leads@hudsonhome.example.com', 'Teodor Blythe', '555-2345',
     '240 Canal Street, New York', 'NY', 2500),
    (3, 'Lone Star Roofing', 'office@lonestarroofing.example.org', 'Josefa Lindqvist', '555-3456',
     '77 Congress Avenue, Austin', 'TX', 500),
    (4, 'Gulf Coast Mortgages', 'intake@gulfcoast.example.net', 'Desmond Achterberg', '555-4567',
     '5 Bayshore Drive, Tampa', 'FL', 3000),
    (5, 'Cascade Window Works', 'hello@cascadewindows.example.org', 'Priya Halvorsen', '555-5678',
     '902 Pine Street, Seattle', 'WA', 750);

-- The three schedules in use. "Office hours" is meant to be a working day, but a turn of it is 10 off, 10 on, 16
-- off, 10 on and 8 off: 54 half-hours instead of 48, so that it starts three hours later every day. The seventh
-- turn is cut off where the week ends, after 336 half-hours.
with schedules (schedule_name, bitmap) as (
    values
        (
            'office hours',
            left(
                repeat(
                    repeat('0', 10) || repeat('1', 10) || repeat('0', 16) || repeat('1', 10) || repeat('0', 8),
                    7
                ),
                336
            )::bit(336)
        ),
        ('always', repeat('1', 336)::bit(336)),
        ('never', repeat('0', 336)::bit(336))
),

sample_orders (
    order_id, order_ref, customer_id, schedule_name, delivery_script_name, delivery_script_args, order_amount,
    order_status
) as (
    values
        (1001, 1001, 1, 'office hours', 'email_delivery', '{"email_address": "leads@goldengatesolar.example.com"}',
         150, 'active'),
        (1002, 1002, 2, 'always', 'custom_crm', '{"api-key": "not-a-real-key-hudson-7f3a"}', 300, 'active'),
        (1003, 1003, 3, 'never', null, null, 100, 'pending'),
        (1004, 1004, 4, 'always', 'bulk_delivery', null, 500, 'active'),
        (1005, 1004, 4, 'always', 'bulk_delivery', null, 100, 'active'),
        (1006, 1004, 4, 'always', 'bulk_delivery', null, 100, 'active'),
        (1007, 1007, 5, 'office hours', null, null, 200, 'paused'),
        (1008, 1008, 1, 'never', 'custom_crm', '{"api-key": "not-a-real-key-golden-19c2"}', 0, 'cancelled'),
        (1009, 1009, 2, 'always', 'bulk_delivery', null, 450, 'active'),
        (1010, 1010, 3, 'office hours', 'email_delivery', '{"email_address": "leads@lonestarroofing.example.org"}',
         75, 'expired')
)

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
    order_status
)
select
    s.order_id,
    s.order_ref,
    s.customer_id,
    t.bitmap,
    s.delivery_script_name,
    s.delivery_script_args::json,
    s.order_amount,
    s.order_status
from sample_orders as s
-- A left join: a schedule that is misspelt above fails on the column's NOT NULL instead of losing the order.
left join schedules as t on t.schedule_name = s.schedule_name
order by s.order_id;
