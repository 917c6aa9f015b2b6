-- Tables for the plan, a row of settings, and the kinds of defects with their labels.

create temp table setting (
    orders bigint,
    customers int,
    base bigint,
    text_customers bigint,
    text_hits bigint,
    text_kinds int,
    order_hits bigint,
    order_kinds int,
    longest_head bigint,
    full_of_defects boolean,
    schedules int
) on commit drop;

create temp table kind (
    place int,
    name text,
    units bigint,
    lineages int,
    length int,
    grow int,
    heads boolean,
    purged boolean,
    free_first int,
    free_last int,
    filled int
) on commit drop;

create temp table label (
    kind text,
    rule text,
    first_step int,
    last_step int,
    variant int
) on commit drop;

create temp table content (
    kind_place int,
    variant int,
    variants int,
    rules text[],
    rule_when_active text,
    script text,
    args text,
    status text,
    negative boolean,
    drifts boolean
) on commit drop;

create temp table text_kind (
    place int,
    kind text
) on commit drop;

create temp table client_group (
    group_name text,
    first_n int,
    customers int,
    lineages bigint
) on commit drop;

create temp table client_label (
    kind text,
    rule text,
    variant int,
    shared boolean
) on commit drop;

-- 0 is never on; those below zero drift through the day.
create temp table schedule (
    id int,
    bits bit(336)
) on commit drop;

-- A step of a lineage, counted from its end where it is negative.
create or replace function pg_temp.step(place int, length int) returns int
language sql immutable
return case when place < 0 then length + place else place end;

-- Days that a lineage lasts: often one, mostly less than a week, rarely half a year.
create or replace function pg_temp.days(draw bigint) returns int
language sql immutable
return case
    when draw % 1000 < 450 then 1
    when draw % 1000 < 800 then 2 + draw / 1000 % 6
    when draw % 1000 < 930 then 8 + draw / 1000 % 14
    when draw % 1000 < 985 then 22 + draw / 1000 % 39
    else 61 + draw / 1000 % 120
end::int;

-- The amount of any order of a customer with a faulty balance.
create or replace function pg_temp.price(customer_id int) returns int
language sql immutable
return 100 + pg_temp.draw(customer_id, 12)::int % 900;
