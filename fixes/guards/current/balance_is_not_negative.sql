-- title: CHECK rejects negative customer balances
-- protects: customers.balance_is_not_negative
-- assumes: a debit that the balance does not cover must be rejected. Omit this guard if customers may owe money.

-- check customers:
customer_balance >= 0
