-- Slots are read in the order of their ids, and the joins keep it: the other sides of the joins fit into memory.

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args, order_amount,
    order_status
)
select
    s.order_id,
    case l.kind
        -- defects: order_ref
        else e.root_id
    end,
    case when s.step = l.length - 1 then coalesce(l.other_customer_id, l.customer_id) else l.customer_id end,
    b.bits,
    case when c.args is null then l.script else c.script end,
    case when c.args is null then l.args else format(c.args, l.source, s.order_id)::json end,
    case when c.negative then -1 else 1 end * coalesce(
        case l.kind
            -- defects: order_amount
        end,
        case
            when s.step >= l.change_step then l.amount
            when l.kind is null then l.amount - l.amount / 5
            else l.amount / 2
        end
    ),
    coalesce(
        c.status,
        case when s.step = l.length - 1 then l.last_status end,
        case l.kind
            -- defects: order_status
        end,
        'recreated'
    )
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
