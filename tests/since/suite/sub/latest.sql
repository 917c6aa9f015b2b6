-- title: sub latest
-- severity: warning
-- key: id
select p.id, l.amount from person as p cross join lateral (select i.amount from item as i where
  i.person_id = p.id order by i.amount desc, i.a, i.b limit 1) as l where l.amount < 40
