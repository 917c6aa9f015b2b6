-- A sound balance covers the dearest order, and all live ones together; who owns lineages with a defect has the
-- balance that is the defect.

insert into customers (
    customer_id, customer_name, customer_email, customer_contact_name, customer_phone, address, address_state,
    customer_balance
)
select
    1000 + c.n,
    case
        when k.kind = 'customers.no_duplicate' and v.variant = 1 then upper(replace(c.earlier_name, ' ', '  '))
        when k.kind = 'customers.no_duplicate' then c.earlier_name
        when k.kind = 'customers.text_is_clean' and v.variant = 0 then c.customer_name || ' '
        when k.kind = 'customers.text_is_normalised' and v.variant = 0 then c.customer_name || e' Cafe\u0301'
        when k.kind = 'customers.required_text_is_present' and v.variant = 1 then ''
        when k.kind = 'customers.text_is_not_placeholder' and v.variant = 1 then 'Test'
        -- without an address, the name alone tells customers of one state apart
        when k.kind = 'customers.text_is_not_placeholder' and v.variant = 2 then c.customer_name || ' ' || c.n
        else c.customer_name
    end,
    case
        when k.kind = 'customers.email_is_unique' then c.earlier_email
        when k.kind = 'customers.email_is_canonical' then upper(left(c.customer_email, 1)) || substr(c.customer_email, 2)
        when k.kind = 'customers.email_is_valid' and v.variant = 0 then replace(c.customer_email, '@', '.')
        when k.kind = 'customers.email_is_valid' and v.variant = 1 then split_part(c.customer_email, '.example', 1)
        when k.kind = 'customers.email_is_valid' then c.customer_email || '; billing@desk.example.com'
        else c.customer_email
    end,
    case
        when k.kind = 'customers.required_text_is_present' and v.variant = 0 then ''
        when k.kind = 'customers.text_is_clean' and v.variant = 1 then c.customer_contact_name || e'\u200b'
        when k.kind = 'customers.text_is_normalised' and v.variant > 0 then c.customer_contact_name || e' Andre\u0301'
        when k.kind = 'customers.text_is_not_placeholder' and v.variant = 0 then 'N/A'
        else c.customer_contact_name
    end,
    case
        when k.kind <> 'customers.phone_is_dialable' or k.kind is null then c.customer_phone
        when v.variant = 0 then '555-' || lpad((c.n % 10000)::text, 4, '0')
        when v.variant = 1 then '212-555-0100 x' || c.n
        else ''
    end,
    case
        when k.kind = 'customers.no_duplicate' and v.variant = 1 then upper(c.earlier_address)
        when k.kind = 'customers.no_duplicate' then c.earlier_address
        when k.kind = 'customers.text_is_clean' and v.variant = 2 then replace(c.address, ', ', e',\u00a0')
        when k.kind = 'customers.required_text_is_present' and v.variant = 2 then ''
        when k.kind = 'customers.text_is_not_placeholder' and v.variant = 2 then 'unknown'
        else c.address
    end,
    case
        when k.kind = 'customers.no_duplicate' then c.earlier_state
        when k.kind = 'customers.state_is_usps_code' and v.variant = 0 then lower(c.address_state)
        when k.kind = 'customers.state_is_usps_code' and v.variant = 1 then 'California'
        when k.kind = 'customers.state_is_usps_code' then 'ZZ'
        else c.address_state
    end,
    case c.group_name
        when 'recreation.is_covered_by_balance'
        then case c.place % 3 when 0 then p.price when 1 then p.price - 1 else 'NaN'::float8 end
        when 'recreation.closed_is_covered_by_balance' then case c.place % 2 when 0 then p.price - 0.01 else 0 end
        -- the next float above, and less than half a cent
        when 'recreation.decision_survives_rounding'
        then case c.place % 2 when 0 then p.price::float8 * (1 + 2.220446049250313e-16::float8) else p.price + 0.004 end
        when 'recreation.customer_is_not_overcommitted' then p.price * 1.5
        when 'customers.balance_is_finite' then (array['NaN', 'Infinity', '-Infinity'])[1 + c.place % 3]::float8
        when 'customers.balance_is_not_negative' then - (1 + p.cents % 50000) / 100.0
        when 'customers.balance_is_whole_cents'
        then case c.place % 2 when 0 then 0.1::float8 + 0.2::float8 else p.cents / 100.0 + 0.004 end
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
        -- an order that should have ended is live as well
        sum(l.amount * case when l.kind = 'lineage.one_live_order' then 2 else 1 end)
            filter (where l.last_status in ('active', 'paused', 'pending')) as live
    from lineage as l
    cross join lateral (
        values (l.customer_id), (l.other_customer_id)
    ) as u (customer_id)
    where u.customer_id is not null
    group by u.customer_id
) as o on o.customer_id = 1000 + c.n
order by c.n;
