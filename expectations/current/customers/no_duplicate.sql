-- title: Customer that is there already, under a smaller id
-- severity: warning
-- key: customer_id
-- why: Same name, address and state. The balance is split in two: an order is refused for lack of money
--   that lies on the other one, and the customer appears twice in every ranking.
select s.customer_id, s.customer_name, s.address, s.address_state, s.first_customer_id
from (
  select n.*,
    min(n.customer_id) over (
      partition by n.name_key collate "C", n.address_key collate "C", n.state_key collate "C"
    ) as first_customer_id
  from (
    select c.customer_id, c.customer_name, c.address, c.address_state,
      -- few texts have two spaces in a row: only those pay for a pattern
      case when strpos(k.name, '  ') > 0 then regexp_replace(k.name, '  +', ' ', 'g') else k.name end as name_key,
      case
        when strpos(k.address, '  ') > 0 then regexp_replace(k.address, '  +', ' ', 'g') else k.address
      end as address_key,
      case when strpos(k.state, '  ') > 0 then regexp_replace(k.state, '  +', ' ', 'g') else k.state end as state_key
    from customers as c
    cross join lateral (
      -- small letters, every white space a space, none at the ends
      select btrim(translate(lower(c.customer_name::text), E'\t\n\r\f\x0b', '     ')) as name,
        btrim(translate(lower(c.address::text), E'\t\n\r\f\x0b', '     ')) as address,
        btrim(translate(lower(c.address_state::text), E'\t\n\r\f\x0b', '     ')) as state
      offset 0
    ) as k
  ) as n
  where n.name_key <> '' and n.address_key <> '' and n.state_key <> ''
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
