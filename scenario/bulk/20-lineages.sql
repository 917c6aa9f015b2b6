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
        e.lineage - case when e.kind = 'orders.no_duplicate_live_order' then e.i % 2 else 0 end as source,
        e.lineage - case
            when e.kind in ('orders.no_duplicate_live_order', 'orders.api_key_belongs_to_one_customer') then e.i % 2
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
        -- what is drawn is squared: few have many lineages, many have few
        ((pg_temp.draw(d.pair, 21) * pg_temp.draw(d.pair, 21)) >> 30) * s.base >> 30 as base_place,
        case
            when d.kind = 'recreation.customer_is_not_overcommitted' then d.i / 2
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
        case
            when o.kind = 'orders.customer_exists' then 1 + pg_temp.draw(o.lineage, 23) % 1000
            when o.owners is not null then 1000 + o.first_n + o.owner_place
            when o.kind = 'orders.api_key_belongs_to_one_customer' and o.i % 2 = 1
            then 1001 + (o.base_place + 1 + pg_temp.draw(o.pair, 24) % (o.base - 1)) % o.base
            else 1001 + o.base_place
        end::int as customer_id,
        case
            when o.kind = 'lineage.keeps_customer'
            then 1001 + (o.base_place + 1 + pg_temp.draw(o.pair, 24) % (o.base - 1)) % o.base
        end::int as other_customer_id,
        coalesce(
            case o.kind
                when 'recreation.is_covered_by_balance' then o.owner_place % 3
                when 'recreation.closed_is_covered_by_balance' then o.owner_place % 2
                when 'recreation.decision_survives_rounding' then o.owner_place % 2
                else o.i % 2
            end, 0
        )::int as variant,
        case
            when o.kind = 'lineage.is_acyclic' then 'cancelled'
            when o.kind = 'lineage.recreated_order_has_successor' then 'recreated'
            when o.kind = 'recreation.closed_is_covered_by_balance' then 'expired'
            when o.kind in ('orders.active_order_has_schedule', 'orders.active_order_has_delivery') then 'active'
            when o.kind in (
                'lineage.one_live_order', 'lineage.root_is_not_closed', 'recreation.is_covered_by_balance',
                'recreation.decision_survives_rounding', 'recreation.customer_is_not_overcommitted',
                'orders.live_order_has_amount', 'orders.no_duplicate_live_order'
            )
            then case when o.fate < 75 then 'active' when o.fate < 90 or o.length > 1 then 'paused' else 'pending' end
            when o.fate < 30 then 'active'
            when o.fate < 40 then 'paused'
            when o.fate < 50 and o.length = 1 then 'pending'
            when o.fate < 75 then 'cancelled'
            else 'expired'
        end as last_status
    from owned as o
),
scripted as (
    select
        p.*,
        case
            when p.kind = 'orders.active_order_has_delivery' then case p.variant when 1 then '  ' end
            when p.kind = 'orders.api_key_belongs_to_one_customer' then 'custom_crm'
            -- not set up yet, or never was
            when p.kind is null and p.last_status in ('pending', 'cancelled') and pg_temp.draw(p.source, 25) % 4 = 0 then null
            -- a key would change hands with the order
            when p.kind = 'lineage.keeps_customer' then 'bulk_delivery'
            else (array[
                'email_delivery', 'email_delivery', 'email_delivery', 'email_delivery', 'custom_crm', 'custom_crm',
                'bulk_delivery', 'bulk_delivery', 'bulk_delivery'
            ])[1 + pg_temp.draw(p.source, 26) % 9]
        end as script
    from placed as p
),
priced as (
    select
        c.*,
        case
            when c.owners is not null then pg_temp.price(c.customer_id)
            -- without arguments, the amount alone tells a customer's live orders apart
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
        when 'lineage.one_live_order' then (array['active', 'pending', 'paused'])[1 + pg_temp.draw(p.lineage, 29) % 3]
        when 'lineage.root_is_not_closed' then (array['cancelled', 'expired'])[1 + pg_temp.draw(p.lineage, 29) % 2]
    end as earlier_status,
    p.amount,
    -- until the step of the change, the amount was lower
    case
        when p.kind in ('recreation.is_covered_by_balance', 'recreation.decision_survives_rounding') then p.length - 1
        when p.kind is null and pg_temp.draw(p.lineage, 30) % 3 = 0 then pg_temp.draw(p.lineage, 31) % p.length
        else 0
    end::int as change_step,
    case
        when p.kind = 'orders.active_order_has_schedule' then 0
        when p.last_status = 'pending' and pg_temp.draw(p.source, 32) % 3 = 0 then 0
        else 1 + pg_temp.draw(p.source, 33) % s.schedules
    end::int as schedule_id,
    p.script,
    case
        when p.kind = 'orders.api_key_belongs_to_one_customer'
        then format('{"api-key": "secret-ref:crm/shared-%s", "campaign": %s}', p.pair, p.source)
        when p.script = 'email_delivery'
        then format('{"email_address": "leads-%s@desk%s.example.com", "campaign": %1$s}', p.source, p.customer_id)
        when p.script = 'custom_crm'
        then format('{"api-key": "secret-ref:crm/customer-%s", "campaign": %s}', p.customer_id, p.source)
        when p.script = 'bulk_delivery' then format('{"batch": %s, "campaign": %s}', 25 * (1 + p.fate % 4), p.source)
    end::json as args,
    -- an ordinary lineage may have a defect in any order
    case when p.kind is null then 0 else pg_temp.step(k.free_first, p.length) end as free_first,
    case
        when p.kind is null then p.length - 1
        -- with a balance of NaN, all of them are at fault already
        when p.kind = 'recreation.is_covered_by_balance' and p.variant = 2 then -1
        else pg_temp.step(k.free_last, p.length)
    end as free_last,
    case when p.full_of_defects then pg_temp.step(k.filled, p.length) end as filled_step
from priced as p
cross join setting as s
left join kind as k on k.name = p.kind;

analyze lineage;
