-- title: Customer that is there already, under a smaller id
-- severity: warning
-- key: customer_id
-- why: Same name, address and state. The balance is split in two: an order is refused for lack of money
--   that lies on the other one, and the customer appears twice in every ranking.
select s.customer_id, s.customer_name, s.address, s.address_state, s.first_customer_id
from (
  select n.*, min(n.customer_id) over (partition by n.name_key, n.address_key, n.state_key) as first_customer_id
  from (
    select c.customer_id, c.customer_name, c.address, c.address_state,
      btrim(regexp_replace(lower(c.customer_name::text), '[ \t\n\r\f\v]+', ' ', 'g')) as name_key,
      btrim(regexp_replace(lower(c.address::text), '[ \t\n\r\f\v]+', ' ', 'g')) as address_key,
      btrim(regexp_replace(lower(c.address_state::text), '[ \t\n\r\f\v]+', ' ', 'g')) as state_key
    from customers as c
  ) as n
  where n.name_key <> '' and n.address_key <> '' and n.state_key <> ''
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
