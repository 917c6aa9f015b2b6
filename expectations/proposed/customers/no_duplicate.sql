-- title: Duplicate customer
-- severity: warning
-- key: customer_id
-- why: A customer with a smaller id has the same name, address and state, apart from capitals and spaces. The balance
--   may be split between the two, so an order can lack money that the other one holds. Reports list both.
-- limitations: that the two are one customer. Two companies with the same name can share an address.
-- highlight: customer_name, street, state_code
select s.customer_id, s.name as customer_name, s.street, s.state_code, s.first_customer_id
from (
  select n.*,
    min(n.customer_id) over (
      partition by n.name_key collate "C", n.street_key collate "C", n.state_code collate "C"
    ) as first_customer_id
  from (
    -- small letters; white space becomes single spaces and is removed at both ends
    select c.customer_id, c.name, a.street, a.state_code,
      regexp_replace(btrim(translate(lower(c.name), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as name_key,
      regexp_replace(btrim(translate(lower(a.street), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as street_key
    from sales.customers as c
    join sales.addresses as a on a.customer_id = c.customer_id and a.is_main
  ) as n
  where n.name_key <> '' and n.street_key <> ''
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
