-- fails: 3, 4, 5, 6, 7, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
-- passes: 1, 2, 8, 9, 10, 11, 12

-- a NULL reference can only be planted without the constraint
alter table orders alter column order_ref drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id)
values
    (1, 1, 1), -- fine: a root refers to itself, which is one step and no cycle
    (2, 1, 1), -- fine: ends at a root
    (3, 4, 1), -- violates: 3, 4, 3 is a cycle of two
    (4, 3, 1), -- violates: see 3
    (5, 6, 1), -- violates: 5, 6, 7, 5 is a cycle of three
    (6, 7, 1), -- violates: see 5
    (7, 5, 1), -- violates: see 5
    (8, 5, 1), -- fine here: leads into the cycle of three and never comes back to itself
    (9, 8, 1), -- fine here: leads into it in two steps
    (10, 99, 1), -- fine here: ends at an order that does not exist
    (11, 10, 1), -- fine here: ends there in two steps
    (12, null, 1); -- fine here: ends at nothing

-- violates: one long cycle, 20 to 31 and back to 20
insert into orders (order_id, order_ref, customer_id)
select order_id, case order_id when 31 then 20 else order_id + 1 end, 1
from generate_series(20, 31) as long_cycle (order_id);
