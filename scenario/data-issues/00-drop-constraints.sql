-- Data issues, labelled. Load these files after current/schema.sql and sample-data.sql, in the order of their
-- names. README.md is the rubric; truth.csv is every violation that is then in the database.
--
-- How a row is labelled, in the comment above it:
--
--   planted: <rule> <key> ...   the fault that the row is there for, the rule that names it, and the violating keys
--   follows: <rule> <key> ...   what turns red too, because of it
--   control: ...                a row that looks like a fault and is none: no rule may name it
--
-- Keys are those of the rule: customer_id for customers.* and recreation.customer_is_not_overcommitted, else
-- order_id. truth.csv has these labels and the violations of the sample data.
--
-- This first file takes away the two constraints under which two of the rules cannot be violated. Databases
-- without them are real: constraints get dropped for a bulk load and are never restored, and old copies never had
-- them.

-- Without it: orders.status_is_known.
alter table orders drop constraint chk_status;

-- Without it: orders.customer_exists. The name is the one that PostgreSQL gave it.
alter table orders drop constraint orders_customer_id_fkey;
