-- fails: 1, 2
-- passes: 3, 4

insert into sales.contacts (contact_id, customer_id, name, email)
values
    (1, 1, 'Ann', 'Ann@acme.example'), -- violates: a capital
    (2, 2, 'Bob', ' bob@birch.example'), -- violates: a space before it
    (3, 3, 'Cid', 'cid@cedar.example'), -- fine
    (4, 4, 'Dot', null); -- fine here
