-- title: parted join
-- severity: warning
-- key: id
select q.id, q.day from part as q left join person as p on p.id = q.person_id where p.id is null or
  p.score > 95
