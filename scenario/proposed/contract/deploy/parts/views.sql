-- A part of contract.sql, which runs it once.
-- The views for old applications, without the quarantine; with the carried columns, if any.

do $do$
declare
  carried text;
begin
  select string_agg(format(', r.%I', c.name), '' order by c.place) into carried
  from sales_old.carried as c where c.tab = 'customers';
  execute format($view$
create or replace view public.customers as
  select r.customer_id::integer as customer_id, r.name as customer_name,
    coalesce((select k.email from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '') as customer_email,
    coalesce((select k.name from sales.contacts as k where k.customer_id = r.customer_id and k.is_main), '')::varchar(100)
      as customer_contact_name,
    (select k.phone from sales.contacts as k where k.customer_id = r.customer_id and k.is_main)::varchar(20) as customer_phone,
    coalesce((select a.street from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '') as address,
    coalesce((select a.state_code from sales.addresses as a where a.customer_id = r.customer_id and a.is_main), '')
      as address_state,
    r.balance::text::float8 as customer_balance%s
  from sales.customers as r
  $view$, carried);

  select string_agg(format(', r.%I', c.name), '' order by c.place) into carried
  from sales_old.carried as c where c.tab = 'orders';
  execute format($view$
create or replace view public.orders as
  select r.order_id::integer as order_id, r.first_ancestor_id::integer as order_ref, r.customer_id::integer as customer_id,
    coalesce(
      (select b.bits from sales_old.schedule_bits as b where b.schedule_id = r.schedule_id)::bit(336),
      repeat('0', 336)::bit(336)
    )::bit(336) as order_schedule,
    (select d.script_name from sales.deliveries as d where d.delivery_id = r.delivery_id) as delivery_script_name,
    case
      when r.delivery_id is null then (select 'null'::json from sales_old.null_args as n where n.order_id = r.order_id)
      else (select t.args_text from sales_old.delivery_texts as t where t.delivery_id = r.delivery_id)::json
    end as delivery_script_args,
    r.amount::integer as order_amount, r.order_status as order_status%s
  from sales.orders as r
  $view$, carried);
end
$do$;
