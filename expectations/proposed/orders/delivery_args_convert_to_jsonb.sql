-- title: Original delivery arguments rejected by jsonb
-- severity: critical
-- key: order_id
-- why: json keeps any text, jsonb must be able to read it: a zero character or half a surrogate pair stops
--   it. Nobody can compare such an original with the arguments, and each change of them is refused.
select t.order_id
from sales_private.delivery_originals as t
where strpos(t.args_text, '\u') > 0
  -- an escaped backslash before the u is no escape: such pairs are first put out of the way, under U+0001,
  -- which cannot stand in JSON text. Left are U+0000, a high surrogate without a low one, and the reverse.
  and replace(t.args_text, '\\', chr(1))
    ~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
order by t.order_id
