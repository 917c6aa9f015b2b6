-- title: CHECK rejects customer texts outside Unicode NFC
-- protects: customers.text_is_normalised
-- requires: encoding utf8

-- check customers:
customer_name::text is nfc normalized
and customer_email::text is nfc normalized
and customer_contact_name::text is nfc normalized
and customer_phone::text is nfc normalized
and address::text is nfc normalized
and address_state::text is nfc normalized
