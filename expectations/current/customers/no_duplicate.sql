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
    -- small letters, every white space a space, none at the ends, none doubled
    select c.customer_id, c.customer_name, c.address, c.address_state,
      regexp_replace(btrim(translate(lower(c.customer_name::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as name_key,
      regexp_replace(btrim(translate(lower(c.address::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as address_key,
      regexp_replace(btrim(translate(lower(c.address_state::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as state_key
    from customers as c
  ) as n
  where n.name_key <> '' and n.address_key <> '' and n.state_key <> ''
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
