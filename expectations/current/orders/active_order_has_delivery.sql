-- title: Active order without a delivery script
-- severity: warning
-- key: order_id
-- why: Leads are bought for this order and go nowhere: there is no script that would deliver them.
-- highlight: delivery_script_name
select o.order_id, o.order_ref, o.customer_id, o.order_status, o.order_amount, o.delivery_script_name
from orders as o
where o.order_status::text = 'active'
  and coalesce(btrim(o.delivery_script_name::text, E' \t\n\r\f\x0b'), '') = ''
order by o.order_id
