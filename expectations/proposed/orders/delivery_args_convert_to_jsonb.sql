-- title: Original delivery arguments rejected by jsonb
-- severity: critical
-- key: order_id
-- why: json accepts what jsonb rejects: escapes of U+0000, unpaired surrogates, and numbers beyond numeric. Such an
--   original cannot be compared with the stored arguments, and changes of the arguments are rejected.
select t.order_id
from sales_private.delivery_originals as t
where (
  -- include: rejected_by_jsonb
)
order by t.order_id
