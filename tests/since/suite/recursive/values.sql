-- title: recursive values
-- severity: warning
-- key: id
select p.id from person as p where exists (with recursive n as (select 1 as i union all select i + 1
  from n where i < 3) select from n where n.i * 33 = p.city_id * 3)
