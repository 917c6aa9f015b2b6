-- title: counted both
-- severity: warning
-- key: id
select a.id from person as a where a.score > 50 and a.tag = 't2' and not exists (select from person as b where
  b.city_id = a.city_id and b.tag = 't1' and b.score < 50)
