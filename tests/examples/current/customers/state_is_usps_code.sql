-- fails: 101, 102, 103, 104, 105, 106, 107, 108, 109
-- passes: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60

-- a NULL state can only be planted without the constraint
alter table customers alter column address_state drop not null;

-- fine: every code there is, 1 to 59
insert into customers
    (customer_id, address_state, customer_name, customer_email, customer_contact_name, address)
select id, state, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street'
from regexp_split_to_table(
    'AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO '
    'MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY '
    'DC AS GU MP PR VI AA AE AP',
    ' '
) with ordinality as code (state, id);

insert into customers
    (customer_id, address_state, customer_name, customer_email, customer_contact_name, address)
select id, state, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street'
from (
    values
        (60, null), -- fine here: NULL is not another state
        (101, 'ca'), -- violates: lower case
        (102, 'Ca'), -- violates: half of it
        (103, 'CA '), -- violates: space after
        (104, ' CA'), -- violates: space before
        (105, 'California'), -- violates: a name, not a code
        (106, 'XX'), -- violates: two capital letters are not enough
        (107, 'ON'), -- violates: a province of Canada
        (108, 'CA NY'), -- violates: two of them
        (109, '') -- violates: empty
) as example (id, state);
