-- Orders: status, amount, schedule, delivery script, duplicates, customers that are gone. All of them are first
-- orders (order_ref = order_id), and the amounts differ, but where duplicates are the point.

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
    order_status
)
values
    -- Status ------------------------------------------------------------------------------------------------

    -- A capital and a space behind: every query for active orders passes it by, so that it never runs and never
    -- ends.
    -- planted: orders.status_is_known 2201
    (2201, 2201, 103, repeat('1', 336)::bit(336), 'bulk_delivery', null, 201, 'Active '),
    -- American spelling.
    -- planted: orders.status_is_known 2202
    (2202, 2202, 103, repeat('1', 336)::bit(336), 'bulk_delivery', null, 202, 'canceled'),

    -- Amount ------------------------------------------------------------------------------------------------

    -- A refund, booked as an order: each run adds to the balance, and any balance covers it.
    -- planted: orders.amount_is_not_negative 2203
    (2203, 2203, 103, repeat('1', 336)::bit(336), 'bulk_delivery', null, -50, 'active'),
    -- The column's default. Leads for nothing, for as long as the balance is above zero.
    -- planted: orders.live_order_has_amount 2204 2205
    (2204, 2204, 103, repeat('1', 336)::bit(336), 'bulk_delivery', null, 0, 'active'),
    (2205, 2205, 104, repeat('1', 336)::bit(336), 'bulk_delivery', null, 0, 'pending'),

    -- Schedule ----------------------------------------------------------------------------------------------

    -- Active, with the column's default: it never runs.
    -- planted: orders.active_order_has_schedule 2206
    (2206, 2206, 103, repeat('0', 336)::bit(336), 'bulk_delivery', null, 206, 'active'),
    -- A turn of 50 half-hours, written as a day: one hour later every day.
    -- planted: orders.schedule_repeats_by_day 2207
    (2207, 2207, 103,
     left(repeat(repeat('0', 20) || repeat('1', 30), 7), 336)::bit(336),
     'bulk_delivery', null, 207, 'active'),
    -- A turn of 160, which is seen only twice in the week and begun a third time: 3 days and 8 hours. Any status.
    -- planted: orders.schedule_repeats_by_day 2208
    (2208, 2208, 103,
     left(repeat(repeat('0', 60) || repeat('1', 100), 3), 336)::bit(336),
     'bulk_delivery', null, 208, 'cancelled'),
    -- control: a turn of 72 half-hours is a day and a half. Two of them are three days: it keeps to the day.
    (2209, 2209, 103,
     left(repeat(repeat('0', 30) || repeat('1', 42), 5), 336)::bit(336),
     'bulk_delivery', null, 209, 'active'),
    -- control: nine to half past five on five days, and a weekend off: does not repeat within the week at all.
    (2210, 2210, 103,
     (repeat(repeat('0', 18) || repeat('1', 17) || repeat('0', 13), 5) || repeat('0', 96))::bit(336),
     'bulk_delivery', null, 210, 'active'),

    -- Delivery script ---------------------------------------------------------------------------------------

    -- Active and without a delivery: leads are bought, and go nowhere.
    -- planted: orders.active_order_has_delivery 2211
    (2211, 2211, 103, repeat('1', 336)::bit(336), null, null, 211, 'active'),
    -- The same, only not NULL: "is not null" is no check of a text.
    -- planted: orders.active_order_has_delivery 2212
    -- follows: orders.script_name_is_identifier 2212
    (2212, 2212, 103, repeat('1', 336)::bit(336), '  ', null, 212, 'active'),
    -- The name that people use, instead of the identifier.
    -- planted: orders.script_name_is_identifier 2213
    (2213, 2213, 103, repeat('1', 336)::bit(336), 'Bulk Delivery', null, 213, 'active'),
    -- A path: what runs scripts by this name would run any file.
    -- planted: orders.script_name_is_identifier 2214
    (2214, 2214, 103, repeat('1', 336)::bit(336), '../bulk_delivery', null, 214, 'active'),
    -- A line end behind the right name. A "$" that matches before a last newline lets it through.
    -- planted: orders.script_name_is_identifier 2215
    (2215, 2215, 103, repeat('1', 336)::bit(336), E'bulk_delivery\n', null, 215, 'active'),

    -- Duplicates --------------------------------------------------------------------------------------------

    -- A form that was sent twice: one order, bought twice, in two lineages. The first stands, the second is named,
    -- though it has been paused in the meantime.
    -- planted: orders.no_duplicate_live_order 2217
    (2216, 2216, 103, repeat('1', 336)::bit(336), 'bulk_delivery', '{"list": "summer"}', 216, 'active'),
    (2217, 2217, 103, repeat('1', 336)::bit(336), 'bulk_delivery', '{"list": "summer"}', 216, 'paused'),
    -- Three, without a delivery. NULL counts as equal to NULL here; with "=" none of them is found.
    -- planted: orders.no_duplicate_live_order 2219 2220
    (2218, 2218, 103, repeat('1', 336)::bit(336), null, null, 218, 'pending'),
    (2219, 2219, 103, repeat('1', 336)::bit(336), null, null, 218, 'pending'),
    (2220, 2220, 103, repeat('1', 336)::bit(336), null, null, 218, 'pending'),
    -- control: another equal order, but a closed one.
    (2221, 2221, 103, repeat('1', 336)::bit(336), null, null, 218, 'cancelled'),
    -- control: arguments are compared as text, and a space more is another text.
    (2222, 2222, 103, repeat('1', 336)::bit(336), 'bulk_delivery', '{"list": "winter"}', 222, 'active'),
    (2223, 2223, 103, repeat('1', 336)::bit(336), 'bulk_delivery', '{"list":"winter"}', 222, 'active'),

    -- Customer ----------------------------------------------------------------------------------------------

    -- The customer was deleted while the foreign key was off. The order has no balance to compare with, so the
-- rules on recreation skip it.
    -- planted: orders.customer_exists 2224
    (2224, 2224, 9101, repeat('1', 336)::bit(336), 'bulk_delivery', null, 224, 'active');
