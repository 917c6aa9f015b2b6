-- assumes: senders of the same name are the same sender.
-- leave: the senders stay separate.

-- given moved: the letters of duplicate senders
select l.letter_id, v.first_id
from violation as v
join letters as l on l.sender_id = v.sender_id;

-- option merge (recommended): letters move to the sender with the smallest id; the others are deleted
-- update letters by letter_id:
select m.letter_id, m.first_id as sender_id, m.first_id as unit
from moved as m;
-- delete senders by sender_id:
select v.sender_id, v.first_id as unit
from violation as v;
