-- title: sub in or
-- severity: warning
-- key: id
select p.id from person as p where p.score > 97 or p.id in (select i.person_id from item as i where
  i.amount < 3)
