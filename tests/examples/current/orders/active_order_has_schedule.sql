-- fails: 1
-- passes: 2, 3, 4, 5, 6, 7, 8

-- a NULL schedule can only be planted without the constraint
alter table orders alter column order_schedule drop not null;

insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');

insert into orders (order_id, order_ref, customer_id, order_status, order_schedule)
values
    (1, 1, 1, 'active', repeat('0', 336)::bit(336)), -- violates: can never run
    (2, 2, 1, 'active', ('1' || repeat('0', 335))::bit(336)), -- fine: runs in the first half-hour of the week
    (3, 3, 1, 'active', (repeat('0', 335) || '1')::bit(336)), -- fine: runs in the last one
    (4, 4, 1, 'active', repeat('1', 336)::bit(336)), -- fine: runs always
    (5, 5, 1, 'pending', repeat('0', 336)::bit(336)), -- fine: not active yet
    (6, 6, 1, 'paused', repeat('0', 336)::bit(336)), -- fine: paused
    (7, 7, 1, 'cancelled', repeat('0', 336)::bit(336)), -- fine: closed
    (8, 8, 1, 'active', null); -- fine here: no schedule to judge
