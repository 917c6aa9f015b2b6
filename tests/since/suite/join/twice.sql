-- title: join twice
-- severity: warning
-- key: id
select p.id from person as p join person as b on p.boss_id = b.id join person as g on g.id =
  b.boss_id where g.city_id <> p.city_id and g.score > 70
