-- fails: 1, 2
-- passes: 3, 4

insert into sales.states (state_code, state_name) values ('XX', 'Nowhere');
insert into sales.addresses (address_id, customer_id, street, state_code)
values
    (1, 1, '1 Main Street', 'XX'), -- violates, though it is in the table of states
    (2, 2, '2 Oak Avenue', 'ca'), -- violates
    (3, 3, '3 Elm Street', 'CA'), -- fine
    (4, 4, 'Box 4', 'AE'); -- fine: the armed forces
