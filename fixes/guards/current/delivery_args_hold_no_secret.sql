-- title: CHECK rejects plaintext secrets in delivery arguments
-- protects: orders.delivery_args_hold_no_secret

-- function:
create or replace function order_audit.delivery_args_hold_no_secret(script_name text, args json) returns boolean
language plpgsql immutable parallel safe
set search_path = pg_catalog, pg_temp
-- planning takes longer than executing
set plan_cache_mode = force_generic_plan
-- include: one_order
grant execute on function order_audit.delivery_args_hold_no_secret(text, json) to public

-- check orders:
-- Few arguments contain a secret, and in ASCII text without escapes its name is visible. Parse only the others.
delivery_script_args is null
or strpos(delivery_script_args::text, '\') = 0
  and octet_length(delivery_script_args::text) = char_length(delivery_script_args::text)
  and delivery_script_args::text
    !~* '(api[-_]?key|secret|token|password|passwd|pwd|credential|private[-_]?key|authorization)[^"]*"[ \t\n\r]*:[ \t\n\r]*"(?!"|secret-ref:[A-Za-z0-9_./-]+")'
  and replace(delivery_script_args::text, 'secret-ref:', '') not ilike '%secret-ref:%'
or order_audit.delivery_args_hold_no_secret(delivery_script_name::text, delivery_script_args::json)
