-- title: E-mail delivery without a valid address
-- severity: warning
-- key: order_id
-- why: The order delivers its leads by e-mail, but the argument email_address is missing or no valid address. The
--   leads may not arrive.
-- limitations: that the leads are lost. The script may have a default address.
-- follows_from: orders.delivery_args_are_object
-- highlight: delivery_script_args
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount,
  o.delivery_script_name, o.delivery_script_args
from orders as o
cross join lateral (
  -- include: readable_args
  offset 0
) as d
where o.delivery_script_name::text = 'email_delivery'
  and case
    when json_typeof(d.args) = 'object' and json_typeof(d.args -> 'email_address') = 'string'
    then d.args ->> 'email_address'
        ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
      and not (length(d.args ->> 'email_address') > 65 and split_part(d.args ->> 'email_address', '@', 2) ~ '[^.]{64}')
  end is not true
order by o.order_id
