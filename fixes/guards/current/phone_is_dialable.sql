-- title: CHECK rejects invalid customer phone numbers
-- protects: customers.phone_is_dialable

-- check customers:
translate(customer_phone::text, ' ().-', '') ~ '^[+]?[0-9]+$'
and case left(translate(customer_phone::text, ' ().-', ''), 1)
  when '+' then length(translate(customer_phone::text, ' ().-', '')) between 9 and 16
  when '1' then length(translate(customer_phone::text, ' ().-', '')) in (10, 11)
  else length(translate(customer_phone::text, ' ().-', '')) = 10
end
