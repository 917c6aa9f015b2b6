-- Slots are read in the order of their ids, and the joins keep it: what is joined to them fits into memory.

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
    order_status
)
select
    s.order_id,
    case l.kind
        when 'lineage.is_acyclic' then coalesce(p.parent_id, e.last_id)
        when 'lineage.order_ref_is_first_ancestor' then coalesce(p.parent_id, e.root_id)
        when 'lineage.ancestor_is_older' then e.last_id
        else e.root_id
    end,
    case when s.step = l.length - 1 then coalesce(l.other_customer_id, l.customer_id) else l.customer_id end,
    b.bits,
    case when c.args is null then l.script else c.script end,
    case when c.args is null then l.args else format(c.args, l.source, s.order_id)::json end,
    case when c.negative then -1 else 1 end * case
        when l.kind = 'orders.live_order_has_amount' and s.step = l.length - 1 then 0
        when s.step >= l.change_step then l.amount
        when l.kind is null then l.amount - l.amount / 5
        else l.amount / 2
    end,
    case
        when c.status is not null then c.status
        when s.step = l.length - 1 then l.last_status
        when l.kind = 'lineage.one_live_order' and s.step = l.length - 2 then l.earlier_status
        when l.kind = 'lineage.root_is_not_closed' and s.step = 0 then l.earlier_status
        when l.kind = 'lineage.is_acyclic' then 'expired'
        else 'recreated'
    end
from slot as s
join lineage as l on l.lineage = s.lineage
join ends as e on e.lineage = s.lineage
left join parent as p on p.order_id = s.order_id
left join content as c
    on c.kind_place = s.hit_kind
    and c.variant = s.hit_round % c.variants
join schedule as b
    on b.id = case when c.drifts or s.step = l.filled_step then -1 - l.source % 4 else l.schedule_id end
where not (l.purged and s.step = 0);
