-- The planted violations and their consequences, from the labels of the kinds, without running a rule.

create temp table truth on commit drop as
select b.rule, s.order_id as key
from lineage as l
join label as b on b.kind = l.kind and (b.variant is null or b.variant = l.variant)
join slot as s
    on s.lineage = l.lineage
    and s.step between pg_temp.step(b.first_step, l.length) and pg_temp.step(b.last_step, l.length)
union all
select r.rule, s.order_id
from slot as s
join lineage as l on l.lineage = s.lineage
join content as c
    on c.kind_place = s.hit_kind
    and c.variant = s.hit_round % c.variants
cross join lateral (
    select unnest(c.rules)
    union all
    select c.rule_when_active
    where c.rule_when_active is not null and l.last_status = 'active' and s.step = l.length - 1
) as r (rule)
union all
select 'orders.schedule_repeats_by_day', s.order_id
from lineage as l
join slot as s on s.lineage = l.lineage and s.step = l.filled_step
union all
select k.kind, 1000 + c.n
from client as c
join text_kind as k on k.place = c.hit_kind
union all
select b.rule, 1000 + c.n
from client as c
join client_group as g on g.group_name = c.group_name
join client_label as b on b.kind = c.group_name and (b.variant is null or b.variant = c.place % 3)
-- several lineages of the kind are dealt out in turns
where not b.shared or g.lineages > g.customers + c.place;
