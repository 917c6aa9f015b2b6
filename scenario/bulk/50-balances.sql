-- A sound balance covers the most expensive order, and all live ones together. The owner of a lineage with a balance
-- defect has the faulty balance.

insert into customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
)
select
    1000 + c.n,
    case k.kind
        -- defects: customer_name
        else c.customer_name
    end,
    case k.kind
        -- defects: customer_email
        else c.customer_email
    end,
    case k.kind
        -- defects: customer_contact_name
        else c.customer_contact_name
    end,
    case k.kind
        -- defects: customer_phone
        else c.customer_phone
    end,
    case k.kind
        -- defects: address
        else c.address
    end,
    case k.kind
        -- defects: address_state
        else c.address_state
    end,
    case c.group_name
        -- defects: customer_balance
        -- of whole units and cents, not of floats that are added up
        else ((coalesce(o.live, 0) + coalesce(o.dearest, 0) + 1) * 100 + p.cents)::numeric / 100
    end
from client as c
cross join lateral (
    select pg_temp.price(1000 + c.n) as price, pg_temp.draw(c.n, 11) % 300000 as cents
) as p
left join text_kind as k on k.place = c.hit_kind
cross join lateral (select c.hit_round % 3 as variant) as v
left join (
    select
        u.customer_id,
        max(l.amount) as dearest,
        sum(
            l.amount * case l.kind
                -- defects: live_orders
                else 1
            end
        )
            filter (where l.last_status in ('active', 'paused', 'pending')) as live
    from lineage as l
    cross join lateral (
        values (l.customer_id), (l.other_customer_id)
    ) as u (customer_id)
    where u.customer_id is not null
    group by u.customer_id
) as o on o.customer_id = 1000 + c.n
order by c.n;
