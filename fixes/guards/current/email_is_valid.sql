-- title: CHECK rejects invalid customer e-mail addresses
-- protects: customers.email_is_valid

-- check customers:
-- The pattern of HTML's input type email, with at least one dot in the domain. The limit of 63 letters for a label is
-- tested separately.
customer_email::text
  ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
and (length(customer_email::text) <= 65 or split_part(customer_email::text, '@', 2) !~ '[^.]{64}')
