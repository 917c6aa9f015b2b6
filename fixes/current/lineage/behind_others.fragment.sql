from (select distinct order_ref from orders) as r
join orders as a on a.order_id = r.order_ref and a.order_ref is distinct from a.order_id
join orders as o on o.order_ref = a.order_id
