-- title: full join
-- severity: warning
-- key: id
select p.id from person as p full join item as i on i.person_id = p.id where i.a is null
