-- title: CHECK rejects delivery arguments that jsonb rejects
-- protects: orders.delivery_args_convert_to_jsonb

-- check orders:
strpos(delivery_script_args::text, '\u') = 0
-- escaped backslashes are first replaced by U+0001, which JSON text cannot contain: a u after one is not an escape
or replace(delivery_script_args::text, '\\', chr(1))
  !~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
