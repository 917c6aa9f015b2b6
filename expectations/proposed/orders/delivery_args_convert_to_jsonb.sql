-- title: Original delivery arguments rejected by jsonb
-- severity: critical
-- key: order_id
-- why: json accepts two kinds of escapes that jsonb rejects: U+0000 and unpaired surrogates. Such an original cannot
--   be compared with the stored arguments, and changes of the arguments are rejected.
select t.order_id
from sales_private.delivery_originals as t
where strpos(t.args_text, '\u') > 0
  -- an escaped backslash before the u is no escape: such pairs are first put out of the way, under U+0001,
  -- which cannot stand in JSON text. Left are U+0000, a high surrogate without a low one, and the reverse.
  and replace(t.args_text, '\\', chr(1))
    ~ '\\u0000|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}'
order by t.order_id
