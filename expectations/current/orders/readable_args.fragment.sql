-- json functions raise at an escape that is no character: read each of those as U+FFFD (as ? and its digits where
-- the database is not UTF-8 and an escape beyond ASCII may have no character in it). Escaped backslashes are first
-- put out of the way, under U+0001, which cannot stand in JSON text.
select case
  when strpos(o.delivery_script_args::text, '\u') = 0 then o.delivery_script_args::json
  when current_setting('server_encoding') = 'UTF8' then replace(
    regexp_replace(
      replace(o.delivery_script_args::text, '\\', chr(1)),
      '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}',
      '\\ufffd', 'g'
    ), chr(1), '\\'
  )::json
  else replace(
    regexp_replace(
      replace(o.delivery_script_args::text, '\\', chr(1)), '\\u(0000|(?!00[0-7])[0-9a-fA-F]{4})', '?\1', 'g'
    ), chr(1), '\\'
  )::json
end as args
