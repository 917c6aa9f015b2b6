hashtextextended(
  case
    when t.texts ~ '[\t-\r]' then translate(t.texts, E' \t\n\r\f\x0b', '')
    else replace(t.texts, ' ', '')
  end, 0
)
