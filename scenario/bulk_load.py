"""SQL that makes a bulk load fast: settings, and constraints that are dropped before it and added after it."""

from __future__ import annotations

from typing import Final

#: Loads are fastest without them; they are created again, with the same names, on the loaded tables.
DROP: Final = """
alter table orders drop constraint orders_customer_id_fkey, drop constraint orders_pkey, drop constraint chk_status;
alter table customers drop constraint customers_pkey;
"""
#: Sorts and hash tables have millions of rows. Merge joins would sort rows that are already in order.
MEMORY: Final = """
set local work_mem = '256MB';
set local hash_mem_multiplier = 4;
set local maintenance_work_mem = '512MB';
set local enable_mergejoin = off;
set local jit = off;
"""
KEYS: Final = """
alter table customers add constraint customers_pkey primary key (customer_id);
alter table orders add constraint orders_pkey primary key (order_id);
select setval(pg_get_serial_sequence('customers', 'customer_id'), max(customer_id)) from customers having count(*) > 0;
select setval(pg_get_serial_sequence('orders', 'order_id'), max(order_id)) from orders having count(*) > 0;
"""
FOREIGN_KEY: Final = """
alter table orders add constraint orders_customer_id_fkey foreign key (customer_id) references customers (customer_id)
"""
CHECK: Final = """
alter table orders add constraint chk_status check (
    order_status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
)
"""
