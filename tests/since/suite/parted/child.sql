-- title: parted child
-- severity: warning
-- key: id
select p.id from person as p where (select sum(q.val) from part as q where q.person_id = p.id) > 110
