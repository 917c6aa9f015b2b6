-- fails: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34
-- passes: 1, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52

-- violates: in any of the text columns
insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state)
values
    (1, 'Acme', 'ann@acme.example', 'Ann', '555 0100 001', '1 Main Street', 'CA'), -- fine
    (2, 'Acme ', 'ann@acme.example', 'Ann', null, '1 Main Street', 'CA'), -- space at the end
    (3, 'Acme', ' ann@acme.example', 'Ann', null, '1 Main Street', 'CA'), -- space at the start
    (4, 'Acme', 'ann@acme.example', e'\tAnn', null, '1 Main Street', 'CA'), -- tab at the start
    (5, 'Acme', 'ann@acme.example', 'Ann', e'5550100001\n', '1 Main Street', 'CA'), -- line feed at the end
    (6, 'Acme', 'ann@acme.example', 'Ann', null, e'1 Main Street\r', 'CA'), -- carriage return at the end
    (7, 'Acme', 'ann@acme.example', 'Ann', null, '1 Main Street', e'CA\x0b'), -- vertical tab at the end
    (8, ' ', 'ann@acme.example', 'Ann', null, '1 Main Street', 'CA'); -- nothing but a space

insert into customers
    (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
select id, name, 'ann@acme.example', 'Ann', '1 Main Street', 'CA'
from (
    values
        -- violates: control characters, wherever they stand
        (9, e'Ac\u0001me'), -- the first of them
        (10, e'Ac\tme'), -- a tab
        (11, e'Ac\nme'), -- a line feed
        (12, e'Ac\u001fme'), -- the last before the space
        (13, e'Ac\u007fme'), -- delete
        (14, e'Ac\u0085me'), -- next line
        (15, e'Ac\u009fme'), -- the last of them
        (16, e'\fAcme'), -- form feed at the start
        -- violates: invisible characters and those that change the direction
        (17, e'Ac\u00a0me'), -- no-break space
        (18, e'Ac\u00adme'), -- soft hyphen
        (19, e'Ac\u200bme'), -- zero width space
        (20, e'Ac\u200dme'), -- zero width joiner
        (21, e'Ac\u200fme'), -- right-to-left mark
        (22, e'Ac\u202ame'), -- left-to-right embedding
        (23, e'Ac\u202eme'), -- right-to-left override
        (24, e'Ac\u2060me'), -- word joiner
        (25, e'Ac\u2064me'), -- invisible plus
        (26, e'Ac\u2066me'), -- left-to-right isolate
        (27, e'Ac\u2069me'), -- pop directional isolate
        (28, e'\ufeffAcme'), -- byte order mark
        (29, e'Acme\u200b'), -- zero width space at the end
        (30, e'Ac\u200cme'), -- zero width non-joiner
        (31, e'Ac\u202cme'), -- pop directional formatting
        (32, e'Ac\u0080me'), -- the first control character after delete
        (33, e'Ac\u200eme'), -- left-to-right mark
        -- violates: the rest of a lost character
        (34, e'Ac\ufffdme'), -- replacement character
        -- fine: near misses
        (40, 'Acme  Leads'), -- two spaces within
        (41, ''), -- empty, so it neither starts nor ends with anything
        (42, e'Ac\u00a1me'), -- next to the no-break space
        (43, e'Ac\u00acme\u00ae'), -- next to the soft hyphen
        (44, e'Ac\u200ame\u2010'), -- next to the zero width characters, a hair space and a hyphen
        (45, e'Ac\u2029me\u202f'), -- next to the embeddings, a paragraph separator and a narrow space
        (46, e'Ac\u2065me'), -- between the invisible and the isolates
        (47, e'Ac\u205fme\u206a'), -- next to either
        (48, e'Acme \u2603 \U0001f600'), -- a snowman and a smile
        (49, e'\u00c5cm\u00e9'), -- accents
        (50, e'\u2003Acme\u2003'), -- em spaces are not counted as white space
        (51, e'Ac\ufefeme'), -- next to the byte order mark
        (52, e'Ac~me\ufffc') -- next to delete, next to the replacement character
) as example (id, name);
