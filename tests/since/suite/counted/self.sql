-- title: counted self
-- severity: warning
-- key: id
select a.id from person as a join person as b on b.city_id = a.city_id and b.id <> a.id where a.tag = 't1' and
  b.tag = 't3' and b.score > 80
