-- title: CHECK rejects delivery arguments that jsonb rejects
-- protects: orders.delivery_args_convert_to_jsonb

-- check orders:
strpos(delivery_script_args::text, '\u') = 0
-- an escaped backslash before the u is no escape: such pairs are first put out of the way, under U+0001, which cannot
-- stand in JSON text
or replace(delivery_script_args::text, '\\', chr(1))
  !~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
