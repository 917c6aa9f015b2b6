-- title: Duplicate customer
-- severity: warning
-- key: customer_id
-- why: A customer with a smaller id has the same name, address and state, apart from capitals and spaces. The balance
--   may be split between the two, so an order can lack money that the other one holds. Reports list both.
-- limitations: that the two are one customer. Two companies with the same name can share an address.
-- highlight: customer_name, address, address_state
select s.customer_id, s.customer_name, s.address, s.address_state, s.first_customer_id
from (
  select n.*,
    min(n.customer_id) over (
      -- Equal keys have equal hashes. An audit since an earlier one finds neighbours by those.
      partition by n.texts_hash, n.name_key collate "C", n.address_key collate "C", n.state_key collate "C"
    ) as first_customer_id
  from (
    -- small letters; white space becomes single spaces and is removed at both ends
    select t.customer_id, t.customer_name, t.address, t.address_state,
      regexp_replace(btrim(translate(lower(t.customer_name::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as name_key,
      regexp_replace(btrim(translate(lower(t.address::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as address_key,
      regexp_replace(btrim(translate(lower(t.address_state::text), E'\t\n\r\f\x0b', '     ')), '  +', ' ', 'g') as state_key,
      -- include: texts_hash
      as texts_hash
    from (
      select c.customer_id, c.customer_name, c.address, c.address_state,
        lower(c.customer_name::text) collate "C" || '|' || lower(c.address::text) || '|'
          || lower(c.address_state::text) as texts
      from customers as c
      where c.customer_id in (
        -- Cheap test first: equal texts are also equal without white space, and have equal hashes.
        select h.customer_id
        from (
          select t.customer_id,
            count(*) over (
              partition by
                -- include: texts_hash
            ) as customers
          from (
            select a.customer_id,
              lower(a.customer_name::text) collate "C" || '|' || lower(a.address::text) || '|'
                || lower(a.address_state::text) as texts
            from customers as a
            offset 0
          ) as t
        ) as h
        where h.customers > 1
      )
    ) as t
    offset 0  -- or the planner would normalise all before it asks for the few
  ) as n
  where n.name_key <> '' and n.address_key <> '' and n.state_key <> ''
) as s
where s.first_customer_id < s.customer_id
order by s.customer_id
