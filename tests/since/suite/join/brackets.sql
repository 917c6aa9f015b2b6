-- title: join brackets
-- severity: warning
-- key: id
select p.id from person as p left join (item as i join city as c on c.id = i.a) on i.person_id =
  p.id where i.a is null and p.score > 50
