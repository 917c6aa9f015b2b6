-- One scan of orders that reads every column: the last one is found by walking all before it.
select count(*) filter (where order_status = '') as "none" from orders;
