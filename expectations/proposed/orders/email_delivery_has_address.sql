-- title: E-mail delivery without a valid address
-- severity: warning
-- key: order_id
-- why: The order delivers its leads by e-mail, but the argument email_address is missing or no valid address. The
--   leads may not arrive.
-- limitations: that the leads are lost. The script may have a default address.
-- highlight: args
select o.order_id, o.customer_id, d.script_name, d.args
from sales.orders as o
join sales.deliveries as d on d.delivery_id = o.delivery_id
where d.script_name = 'email_delivery'
  and case
    when jsonb_typeof(d.args) = 'object' and jsonb_typeof(d.args -> 'email_address') = 'string'
    then d.args ->> 'email_address'
        ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
      and not (length(d.args ->> 'email_address') > 65 and split_part(d.args ->> 'email_address', '@', 2) ~ '[^.]{64}')
  end is not true
order by o.order_id
