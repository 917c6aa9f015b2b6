-- title: CHECK rejects negative customer balances
-- protects: customers.balance_is_not_negative
-- assumes: a debit that the balance does not cover is to be refused. Where customers may owe, this guard is to be left out.

-- check customers:
customer_balance >= 0
