-- title: Order that is negative
-- severity: critical
-- key: "order"
select t."order" from trip as t where t."order" < 0
