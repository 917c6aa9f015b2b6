-- title: Original delivery arguments rejected by jsonb
-- severity: critical
-- key: order_id
-- why: json accepts two kinds of escapes that jsonb rejects: U+0000 and unpaired surrogates. Such an original cannot
--   be compared with the stored arguments, and changes of the arguments are rejected.
select t.order_id
from sales_private.delivery_originals as t
where strpos(t.args_text, '\u') > 0
  -- Escaped backslashes are first replaced by U+0001, which JSON text cannot contain: a u after one is not an escape.
  -- The pattern then finds U+0000, a high surrogate without a low one, and a low one without a high one.
  and replace(t.args_text, '\\', chr(1))
    ~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
order by t.order_id
