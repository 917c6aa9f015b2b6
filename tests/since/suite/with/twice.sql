-- title: with twice
-- severity: warning
-- key: id
with rich as (select p.id, p.boss_id from person as p where p.score > 75) select r.id from rich as r
  join rich as b on b.id = r.boss_id
