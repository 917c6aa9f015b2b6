-- title: Unrecorded past recreation not covered
-- severity: warning
-- key: order_id
-- why: Each of these was recreated, or led to a recreation, although the customer's present balance does
--   not cover the amount; and it is of a time before recreations were written down. Those that are, are
--   judged by the balance of that moment.
-- limitations: that the money was missing when it was recreated. No balance as of then is kept: it may have been there, and been
--   spent since.
-- highlight: balance, amount
select o.order_id, o.first_ancestor_id, o.customer_id, c.balance, o.amount, o.order_status
-- include: not_covered_by_balance
  and (
    o.first_ancestor_id <> o.order_id
      and o.order_status in ('recreated', 'expired')
      and not exists (select from sales.recreations as r where r.order_id = o.order_id)
    or o.first_ancestor_id = o.order_id
      and o.order_status = 'recreated'
      and not exists (select from sales.recreations as r where r.predecessor_id = o.order_id)
  )
order by o.order_id
