-- Changes of some people, and of what has their keys (:some).
update person set score = 100 - score where id = any(:some);

update person set city_id = 1 + (city_id * 7) % 44 where id = any(:some);

update person set boss_id = case when boss_id is null then 3 else (boss_id * 5) % 300 end where id =
  any(:some);

update person set email = upper(email), tag = 't1' where id = any(:some);

update person set id = id + 100000 where id = any(:some);

update item set amount = 100 - amount where person_id = any(:some);

update item set kind = case kind when 'k1' then null when 'k2' then 'k1' else 'k2' end where person_id = any(:some);

update person set tag = case tag when 't1' then 't3' else 't2' end where id = any(:some);

update item set person_id = person_id % 100 + 1 where a = any(:some);

update item set a = a + 100000 where a = any(:some);

update city set region = case when region = 'n' then 's' else 'n' end where id = any(:some);

update city set id = id + 1000 where id = any(:some);

update country set region = case when region is null then 'x' end where code = any(select 'c' || i from
  unnest(:some::int[]) as i);

update doc set person_id = person_id + 1, ts = null where person_id = any(:some);

update part set val = 100 - val where id = any(:some);

update part set day = day + 100 where id = any(:some) and day < '2026-08-01';

update part set person_id = 1 + person_id % 300 where id = any(:some);

delete from person where id = any(:some);

delete from item where person_id = any(:some);

delete from city where id = any(:some);

delete from doc where person_id = any(:some);

delete from part where id = any(:some);

insert into person select id + 200000 + (random() * 100000)::int, city_id, boss_id, email, name, score, born,
  tag from person where id = any(:some);
