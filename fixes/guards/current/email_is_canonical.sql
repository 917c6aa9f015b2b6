-- title: CHECK rejects e-mail addresses with capitals or surrounding spaces
-- protects: customers.email_is_canonical

-- check customers:
customer_email::text = lower(btrim(customer_email::text))
