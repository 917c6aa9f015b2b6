-- title: join chain
-- severity: warning
-- key: a
select i.a, i.b from item as i join person as p on p.id = i.person_id left join city as c on c.id =
  p.city_id left join country as k on k.code = c.country where k.region = 'x' or c.id is null
