-- title: CHECK rejects invalid customer e-mail addresses
-- protects: customers.email_is_valid

-- check customers:
-- the pattern of HTML's input type email, with at least one dot in the domain; that a label has 63 letters at most is
-- tested apart
customer_email::text
  ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_{|}~`-]+@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)+$'
and (length(customer_email::text) <= 65 or split_part(customer_email::text, '@', 2) !~ '[^.]{64}')
