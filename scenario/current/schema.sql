-- The current schema of the lead marketplace, as it runs today. It is unchanged, faults included: the
-- audit checks it, and the migrations start from it.
--
-- Loads into an empty database, or into any schema that search_path puts first, with any client: no name is
-- qualified, and nothing below is a command of psql's own. PostgreSQL 15 or newer.

create table customers (
    customer_id serial primary key,
    customer_name text not null,
    customer_email text not null,
    customer_contact_name varchar(100) not null,
    customer_phone varchar(20),
    address text not null,
    address_state text not null,
    -- Money in binary floating point.
    customer_balance float not null default 0.0
);

create table orders (
    order_id serial primary key,
    order_ref int not null,
    customer_id int not null references customers (customer_id),
    -- 7 days x 24 hours x 2 half-hours, each on or off; the first bit is the first half-hour of the first day.
    order_schedule bit(336) not null default repeat('0', 336)::bit(336),
    -- Name of the delivery, where there is one, and the arguments for it.
    delivery_script_name text,
    delivery_script_args json,
    order_amount int not null default 0,
    order_status text not null default 'pending',
    constraint chk_status check (
        order_status in ('pending', 'active', 'paused', 'cancelled', 'expired', 'recreated')
    )
);

-- The schema says "parent"; the business says "first ancestor". Both are in use, and the data shows it.
comment on column orders.order_ref is 'Reference to the parent order, for performance tracking';
