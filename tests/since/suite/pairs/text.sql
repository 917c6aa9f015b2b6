-- title: people of several cities share a word of their addresses
-- severity: warning
-- key: id
with held as materialized (
  select p.city_id, p.email, k.word
  from (
    select distinct q.city_id, q.email::text collate "C" as email
    from person as q
    where q.email <> ''
    offset 0
  ) as p
  cross join lateral (
    select lower(split_part(p.email, '@', n.place)) as word
    from generate_series(1, 2) as n (place)
  ) as k
  where k.word <> 'ex'
)
select p.id, p.email, h.least, h.most
from person as p
join (
  select distinct on (c.email) c.email, c.least, c.most
  from (
    select k.email, k.word, min(k.city_id) over same_word as least, max(k.city_id) over same_word as most
    from held as k
    window same_word as (partition by k.word collate "C")
  ) as c
  where c.least <> c.most
  order by c.email, c.least, c.most, c.word
) as h on h.email = p.email::text collate "C"
where p.score > 5
