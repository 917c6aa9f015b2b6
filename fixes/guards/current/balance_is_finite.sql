-- title: CHECK rejects missing, NaN and infinite customer balances
-- protects: customers.balance_is_finite

-- check customers:
customer_balance is not null and customer_balance::text not in ('NaN', 'Infinity', '-Infinity')
