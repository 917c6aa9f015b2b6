-- title: recursive rows
-- severity: warning
-- key: id
with recursive up as (select p.id, p.boss_id, 1 as depth from person as p where p.boss_id is not
  null union all select u.id, b.boss_id, u.depth + 1 from up as u join person as b on b.id =
  u.boss_id where u.depth < 5) select distinct u.id from up as u where u.depth = 5
