-- Recreation: orders are only recreated if the balance is greater than the order's amount. Each customer here has
-- one balance that puts one question, and the orders that go with it.

insert into customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
)
values
    (151, 'Kelp Bay Equal', 'billing-151@example.com', 'Isadora Cole', '808-555-0151',
     '151 Kelp Bay, Hilo', 'HI', 60),
    (152, 'Kelp Bay Short', 'billing-152@example.com', 'Augustin Frome', '808-555-0152',
     '152 Kelp Bay, Hilo', 'HI', 45),
    -- Not a number: the result of an unchecked division. The column's type accepts it.
    -- planted: customers.balance_is_finite 153
    (153, 'Kelp Bay Nan', 'billing-153@example.com', 'Melisande Orr', '808-555-0153',
     '153 Kelp Bay, Hilo', 'HI', 'NaN'),
    -- An "unlimited" customer.
    -- planted: customers.balance_is_finite 154
    (154, 'Kelp Bay Endless', 'billing-154@example.com', 'Balthazar Nye', '808-555-0154',
     '154 Kelp Bay, Hilo', 'HI', 'Infinity'),
    -- planted: customers.balance_is_finite 155
    -- planted: customers.balance_is_not_negative 155
    (155, 'Kelp Bay Abyss', 'billing-155@example.com', 'Philomena Drew', '808-555-0155',
     '155 Kelp Bay, Hilo', 'HI', '-Infinity'),
    (157, 'Kelp Bay Spent', 'billing-157@example.com', 'Cornelius Ives', '808-555-0157',
     '157 Kelp Bay, Hilo', 'HI', 30),
    (158, 'Kelp Bay Stretched', 'billing-158@example.com', 'Arabella Monk', '808-555-0158',
     '158 Kelp Bay, Hilo', 'HI', 500),
    (159, 'Kelp Bay Exact', 'billing-159@example.com', 'Gideon Sparrow', '808-555-0159',
     '159 Kelp Bay, Hilo', 'HI', 300),
    -- The next number above 343 that the type can hold.
    -- planted: customers.balance_is_whole_cents 160
    (160, 'Kelp Bay Drift', 'billing-160@example.com', 'Rowena Teague', '808-555-0160',
     '160 Kelp Bay, Hilo', 'HI', 343.00000000000006),
    -- Part of a cent, from a price per lead with three decimals.
    -- planted: customers.balance_is_whole_cents 161
    (161, 'Kelp Bay Mill', 'billing-161@example.com', 'Jolyon Ashby', '808-555-0161',
     '161 Kelp Bay, Hilo', 'HI', 99.004);

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, order_amount, order_status
)
select
    v.order_id,
    v.order_ref,
    v.customer_id,
    repeat('1', 336)::bit(336),
    'bulk_delivery',
    v.order_amount,
    v.order_status
from (
    values
        -- A balance of 60 against 60. "Greater than" was programmed as "at least". The sum of the customer's live
        -- orders is not above the balance, so the customer is not overcommitted.
        -- planted: recreation.is_covered_by_balance 2102
        (2101, 2101, 151, 40, 'recreated'),
        (2102, 2101, 151, 60, 'active'),
        -- A balance of 45. The amount was raised after the first run, and the check still saw the old one.
        -- planted: recreation.is_covered_by_balance 2104
        -- follows: recreation.customer_is_not_overcommitted 152
        (2103, 2103, 152, 40, 'recreated'),
        (2104, 2103, 152, 90, 'active'),
        -- NaN. PostgreSQL sorts it above every number, so that "balance > amount" is true: the order is recreated
        -- for ever.
        -- planted: recreation.is_covered_by_balance 2106
        -- follows: recreation.closed_is_covered_by_balance 2105
        -- follows: recreation.customer_is_not_overcommitted 153
        (2105, 2105, 153, 70, 'recreated'),
        (2106, 2105, 153, 70, 'active'),
        -- control: infinity is a number, and greater than any amount. Only the customer is named.
        (2107, 2107, 154, 80, 'recreated'),
        (2108, 2107, 154, 80, 'active'),
        -- Minus infinity. The order is a first one and not a recreation: only the customer is named.
        -- follows: recreation.customer_is_not_overcommitted 155
        (2109, 2109, 155, 90, 'pending'),

        -- A balance of 30 today. Whether it was enough on the day, the schema does not keep: suspected, not
        -- proven.
        -- planted: recreation.closed_is_covered_by_balance 2110 2111 2112
        (2110, 2110, 157, 81, 'recreated'),
        (2111, 2110, 157, 82, 'recreated'),
        (2112, 2110, 157, 83, 'expired'),
        -- control: one that was cancelled, and one that expired without ever having been recreated.
        (2113, 2110, 157, 84, 'cancelled'),
        (2114, 2114, 157, 85, 'expired'),

        -- A balance of 500 covers each of two live orders, and not both. No order is named, the customer is.
        -- planted: recreation.customer_is_not_overcommitted 158
        (2115, 2115, 158, 290, 'active'),
        (2116, 2116, 158, 310, 'paused'),
        -- control: 100 and 200 out of 300 is all of it, and not too much.
        (2118, 2118, 159, 100, 'active'),
        (2119, 2119, 159, 200, 'paused'),

        -- 343.00000000000006 against 343: recreated today, but not with the correct balance.
        -- planted: recreation.decision_survives_rounding 2120
        (2120, 2120, 160, 343, 'active'),
        -- 99.004 against 99: the same with a part of a cent, and on a recreation (which the balance covers, as it
        -- stands).
        -- planted: recreation.decision_survives_rounding 2122
        (2121, 2121, 161, 50, 'recreated'),
        (2122, 2121, 161, 99, 'active')
) as v (order_id, order_ref, customer_id, order_amount, order_status);
