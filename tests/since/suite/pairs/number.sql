-- title: a person with few items of a kind
-- severity: warning
-- key: person_id
with used as (
  select i.person_id, w.value
  from item as i
  cross join lateral unnest(array[i.kind, i.kind || (i.person_id % 5)]) as w (value)
)
select x.person_id, x.value, x.others
from (
  select u.person_id, u.value, count(*) over (partition by u.value collate "C") as others
  from used as u
) as x
where x.others < 40
