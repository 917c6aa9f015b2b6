-- title: join self
-- severity: warning
-- key: id
select p.id, b.score from person as p join person as b on b.id = p.boss_id where b.score < p.score -
  60
