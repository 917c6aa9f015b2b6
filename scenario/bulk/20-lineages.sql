-- Lineages: those with a defect of their own first, then ordinary ones until all orders are used up. The last day is
-- today; an order is recreated every day until its lineage ends, or up to today.

create temp table lineage on commit drop as
with planted as (
    select
        row_number() over (order by k.place, i.i)::int as lineage,
        k.name as kind,
        i.i::int as i,
        (k.length + i.i % k.lineages * k.grow
            + case
                when k.heads
                then least(pg_temp.days(pg_temp.draw(k.place * 1000000000::bigint + i.i, 20)) - 1, s.longest_head)
                else 0
            end)::int as length,
        k.purged
    from kind as k
    cross join setting as s
    cross join lateral generate_series(0, k.units * k.lineages - 1) as i (i)
),
ordinary as (
    select
        n.n,
        pg_temp.days(pg_temp.draw(n.n, 20)) as length,
        r.orders
    from (
        select s.orders - (select coalesce(sum(p.length - p.purged::int), 0) from planted as p) as orders
        from setting as s
    ) as r
    -- the mean is eight days: a quarter is plenty
    cross join lateral generate_series(1, least(r.orders, r.orders / 4 + 1000)) as n (n)
),
summed as (
    select n, length, orders, sum(length) over (order by n rows unbounded preceding) - length as before
    from ordinary
),
every as (
    select lineage, kind, i, length, purged
    from planted
    union all
    select
        (n + (select count(*) from planted))::int,
        null,
        n::int,
        least(length, orders - before)::int,
        false
    from summed
    where before < orders
),
-- A duplicate is what the lineage before it is; keys are shared by neighbours.
sourced as (
    select
        e.*,
        e.lineage - case e.kind
            -- defects: source
            else 0
        end as source,
        e.lineage - case e.kind
            -- defects: pair
            else 0
        end as pair,
        g.first_n,
        g.customers as owners
    from every as e
    left join client_group as g on g.group_name = e.kind
),
owned as (
    select
        d.*,
        -- random numbers are squared: few customers have many lineages, many have few
        ((pg_temp.draw(d.pair, 21) * pg_temp.draw(d.pair, 21)) >> 30) * s.base >> 30 as base_place,
        case d.kind
            -- defects: owner_place
            else d.i % d.owners
        end as owner_place,
        pg_temp.draw(d.source, 22) % 100 as fate,
        s.base,
        s.full_of_defects
    from sourced as d
    cross join setting as s
),
placed as (
    select
        o.*,
        case o.kind
            -- defects: customer_id
            else case when o.owners is not null then 1000 + o.first_n + o.owner_place else 1001 + o.base_place end
        end::int as customer_id,
        case o.kind
            -- defects: other_customer_id
        end::int as other_customer_id,
        coalesce(
            case o.kind
                -- defects: variant
                else o.i % 2
            end, 0
        )::int as variant,
        case o.kind
            -- defects: last_status
            else case
                when o.fate < 30 then 'active'
                when o.fate < 40 then 'paused'
                when o.fate < 50 and o.length = 1 then 'pending'
                when o.fate < 75 then 'cancelled'
                else 'expired'
            end
        end as last_status
    from owned as o
),
scripted as (
    select
        p.*,
        case p.kind
            -- defects: script
            else case
                -- not set up yet, or never was
                when p.kind is null and p.last_status in ('pending', 'cancelled') and pg_temp.draw(p.source, 25) % 4 = 0
                then null
                else (array[
                    'email_delivery', 'email_delivery', 'email_delivery', 'email_delivery', 'custom_crm', 'custom_crm',
                    'bulk_delivery', 'bulk_delivery', 'bulk_delivery'
                ])[1 + pg_temp.draw(p.source, 26) % 9]
            end
        end as script
    from placed as p
),
priced as (
    select
        c.*,
        case
            when c.owners is not null then pg_temp.price(c.customer_id)
            -- without arguments, only the amount distinguishes a customer's live orders
            when coalesce(btrim(c.script), '') = '' and c.source = c.lineage
            then 100 + 5 * row_number() over (
                partition by c.customer_id, coalesce(btrim(c.script), '') order by c.lineage
            )
            else 25 * (2 + pg_temp.draw(c.source, 27) % 60)
        end::int as amount
    from scripted as c
)
select
    p.lineage,
    p.kind,
    p.length,
    p.purged,
    p.variant,
    p.source,
    p.customer_id,
    p.other_customer_id,
    -- the day of the first order: who is active is so today
    case
        when p.last_status = 'active' then 190 - p.length
        else pg_temp.draw(p.source, 28) % (191 - p.length)
    end::int as start_day,
    p.last_status,
    -- of the order that should have ended, or of the root
    case p.kind
        -- defects: earlier_status
    end as earlier_status,
    p.amount,
    -- until the step of the change, the amount was lower
    case p.kind
        -- defects: change_step
        else case
            when p.kind is null and pg_temp.draw(p.lineage, 30) % 3 = 0 then pg_temp.draw(p.lineage, 31) % p.length
            else 0
        end
    end::int as change_step,
    case p.kind
        -- defects: schedule_id
        else case
            when p.last_status = 'pending' and pg_temp.draw(p.source, 32) % 3 = 0 then 0
            else 1 + pg_temp.draw(p.source, 33) % s.schedules
        end
    end::int as schedule_id,
    p.script,
    case p.kind
        -- defects: args
        else case p.script
            when 'email_delivery'
            then format('{"email_address": "leads-%s@desk%s.example.com", "campaign": %1$s}', p.source, p.customer_id)
            when 'custom_crm'
            then format('{"api-key": "secret-ref:crm/customer-%s", "campaign": %s}', p.customer_id, p.source)
            when 'bulk_delivery'
            then format('{"batch": %s, "campaign": %s}', 25 * (1 + p.fate % 4), p.source)
        end
    end::json as args,
    -- an ordinary lineage may have a defect in any order
    case when p.kind is null then 0 else pg_temp.step(k.free_first, p.length) end as free_first,
    case p.kind
        -- defects: free_last
        else case when p.kind is null then p.length - 1 else pg_temp.step(k.free_last, p.length) end
    end as free_last,
    case when p.full_of_defects then pg_temp.step(k.filled, p.length) end as filled_step
from priced as p
cross join setting as s
left join kind as k on k.name = p.kind;

analyze lineage;
