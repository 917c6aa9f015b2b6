-- Lineage: faults of order_ref. No constraint guards the column: it has no foreign key and no check, and the
-- schema calls it a reference to the parent where the business means the first ancestor.
--
-- All orders here run always, by bulk_delivery, for customers who can pay; the amounts differ throughout, so that
-- none is a duplicate of another.

insert into orders (
    order_id, order_ref, customer_id, order_schedule, delivery_script_name, order_amount, order_status
)
select
    v.order_id,
    v.order_ref,
    v.customer_id,
    repeat('1', 336)::bit(336),
    'bulk_delivery',
    v.order_amount,
    v.order_status
from (
    values
        -- Orphans -------------------------------------------------------------------------------------------

        -- Brothers and sisters without their ancestor: order 9002 was purged as old, its recreations were not.
        -- planted: lineage.order_ref_exists 2001 2002 2003
        (2001, 9002, 101, 101, 'recreated'),
        (2002, 9002, 101, 102, 'recreated'),
        (2003, 9002, 101, 103, 'active'),
        -- An application that knew no ancestor and wrote its language's zero.
        -- planted: lineage.order_ref_exists 2004
        (2004, 0, 101, 104, 'paused'),

        -- Parent in place of first ancestor -----------------------------------------------------------------

        -- 2005 <- 2006 <- 2007 <- 2008. The comment on the column was taken at its word from 2007 on. The lineage
        -- falls into three, and yet each order but the last has a successor, which references connect with it.
        -- planted: lineage.order_ref_is_first_ancestor 2007 2008
        (2005, 2005, 101, 105, 'recreated'),
        (2006, 2005, 101, 106, 'recreated'),
        (2007, 2006, 101, 107, 'recreated'),
        (2008, 2007, 101, 108, 'active'),

        -- Cycles: no first ancestor at all. A recursive query that does not look out for them never ends ----

        -- Two orders, each the other's ancestor: ids swapped in a correction by hand.
        -- planted: lineage.is_acyclic 2010 2011
        -- follows: lineage.ancestor_is_older 2010
        (2010, 2011, 101, 110, 'paused'),
        (2011, 2010, 101, 111, 'active'),
        -- Three.
        -- planted: lineage.is_acyclic 2012 2013 2014
        -- follows: lineage.ancestor_is_older 2012 2013
        (2012, 2013, 101, 112, 'paused'),
        (2013, 2014, 101, 113, 'pending'),
        (2014, 2012, 101, 114, 'active'),
        -- Five, in no order: 2015 -> 2018 -> 2016 -> 2019 -> 2017 -> 2015.
        -- planted: lineage.is_acyclic 2015 2016 2017 2018 2019
        -- follows: lineage.ancestor_is_older 2015 2016
        (2015, 2018, 101, 115, 'paused'),
        (2016, 2019, 101, 116, 'paused'),
        (2017, 2015, 101, 117, 'paused'),
        (2018, 2016, 101, 118, 'paused'),
        (2019, 2017, 101, 119, 'paused'),
        -- Two steps into the cycle of three, and themselves on none: following order_ref never comes back to them.
        -- planted: lineage.order_ref_is_first_ancestor 2020 2021
        (2020, 2014, 101, 120, 'cancelled'),
        (2021, 2020, 101, 121, 'cancelled'),

        -- Between customers, and against time ---------------------------------------------------------------

        -- Recreated for another customer, who pays for it, while reports book it under the first.
        -- planted: lineage.keeps_customer 2023
        (2022, 2022, 101, 122, 'recreated'),
        (2023, 2022, 102, 123, 'active'),
        -- An ancestor with the greater id: two databases were merged, and ids were assigned again.
        -- planted: lineage.ancestor_is_older 2024
        (2024, 2025, 102, 124, 'recreated'),
        (2025, 2025, 102, 125, 'active'),

        -- A chain of recreations that was torn --------------------------------------------------------------

        -- The job died between marking the order and inserting its successor: the customer silently gets nothing
        -- more.
        -- planted: lineage.recreated_order_has_successor 2026 2028
        (2026, 2026, 102, 126, 'recreated'),
        (2027, 2027, 102, 127, 'recreated'),
        (2028, 2027, 102, 128, 'recreated'),
        -- The job ran three times: three live orders, each of which spends. Pending and paused count as live.
        -- planted: lineage.one_live_order 2029 2030
        (2029, 2029, 102, 129, 'pending'),
        (2030, 2029, 102, 130, 'active'),
        (2031, 2029, 102, 131, 'paused'),
        -- The customer cancelled, or the order expired; the job went on.
        -- planted: lineage.root_is_not_closed 2033 2035
        (2032, 2032, 102, 132, 'cancelled'),
        (2033, 2032, 102, 133, 'active'),
        (2034, 2034, 102, 134, 'expired'),
        (2035, 2034, 102, 135, 'paused'),

        -- control: a lineage as it should be.
        (2036, 2036, 102, 136, 'recreated'),
        (2037, 2036, 102, 137, 'recreated'),
        (2038, 2036, 102, 138, 'active')
) as v (order_id, order_ref, customer_id, order_amount, order_status);
