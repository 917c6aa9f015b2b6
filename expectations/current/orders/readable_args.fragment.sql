-- json functions raise an error at escapes that are not characters. Replace each by U+FFFD; in encodings other than
-- UTF-8, replace each escape beyond ASCII by ? and its digits. Escaped backslashes are first replaced by U+0001, which
-- JSON text cannot contain.
select case
  when position('\u' in o.delivery_script_args::text) = 0 then o.delivery_script_args::json
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
