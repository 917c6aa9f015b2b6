-- title: a value that is computed from other rows
-- severity: warning
-- key: id
with before as (
  select p.id, p.tag, lag(p.tag) over (partition by p.city_id order by p.id) as former
  from person as p
)
select x.id, x.others
from (select b.id, count(*) over (partition by b.former collate "C") as others from before as b) as x
where x.others > 3
