-- Changes of some orders or customers (:orders, :customers); :number is a random number.
update orders set order_status = (array['recreated','active','expired','cancelled','paused','pending'])[1 +
  :number % 6] where order_id = any(:orders);

update orders set order_amount = order_amount * -1 where order_id = any(:orders);

update orders set order_amount = 0 where order_id = any(:orders);

update orders set order_ref = order_id where order_id = any(:orders);

update orders set order_ref = 1 + :number % 500 where order_id = any(:orders);

update orders set order_ref = null where order_id = any(:orders);

update orders as o set order_ref = a.order_ref from orders as a where a.order_id = o.order_id - 1 and
  o.order_id = any(:orders);

update orders as o set order_ref = a.order_id from orders as a where a.order_ref = o.order_id and o.order_id =
  any(:orders);

update orders set customer_id = 1 + :number % 60 where order_id = any(:orders);

update orders set customer_id = 9999 where order_id = any(:orders);

update orders as o set delivery_script_args = a.delivery_script_args, delivery_script_name =
  a.delivery_script_name from orders as a where a.order_id = 1 + :number % 700 and o.order_id = any(:orders);

update orders set delivery_script_args = '{"api_key": "k:number", "a": 1, "a": 2}' where order_id =
  any(:orders);

update orders set delivery_script_args = 'null', delivery_script_name = '' where order_id = any(:orders);

update orders set order_schedule = repeat('0', length(order_schedule))::bit(336) where order_id = any(:orders);

update orders set order_id = order_id + 100000 where order_id = any(:orders);

delete from orders where order_id = any(:orders);

insert into orders (order_id, order_ref, customer_id, order_status, order_amount, order_schedule,
  delivery_script_name, delivery_script_args) select order_id + 300000 + :number, order_ref, customer_id,
  order_status, order_amount, order_schedule, delivery_script_name, delivery_script_args from orders where
  order_id = any(:orders) on conflict do nothing;

update customers set customer_balance = customer_balance - 500 where customer_id = any(:customers);

update customers set customer_balance = 'NaN' where customer_id = any(:customers);

update customers set customer_balance = (select o.order_amount + 0.001 from orders as o where o.order_id = 1 +
  :number % 700) where customer_id = any(:customers);

update customers as c set customer_email = upper(a.customer_email) || ' ' from customers as a where
  a.customer_id = c.customer_id + 1 and c.customer_id = any(:customers);

update customers as c set customer_name = ' ' || a.customer_name, address = a.address, address_state =
  a.address_state from customers as a where a.customer_id = c.customer_id + 1 and c.customer_id =
  any(:customers);

update customers set customer_email = 'u:number@example.org', customer_name = 'n/a' where customer_id =
  any(:customers);

update customers set customer_phone = '', address_state = 'ZZ' where customer_id = any(:customers);

delete from customers where customer_id = any(:customers);

update customers set customer_id = customer_id + 1000 where customer_id = any(:customers);
