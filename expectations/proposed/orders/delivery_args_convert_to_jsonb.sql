-- title: Original delivery arguments rejected by jsonb
-- severity: critical
-- key: order_id
-- requires: sales_old.delivery_texts.args_text
-- why: json accepts what jsonb rejects: escapes of U+0000, unpaired surrogates, and numbers beyond numeric. Such an
--   original cannot be compared with the stored arguments, and changes of the arguments are rejected.
select o.order_id, o.customer_id
from sales.orders as o
join sales_old.delivery_texts as t on t.delivery_id = o.delivery_id
where (
  -- include: rejected_by_jsonb
)
order by o.order_id
