"""Fixes of violations.

A fix is one SQL file with the path of its rule: `fixes/current/orders/status_is_known.sql` fixes the violations of
`expectations/current/orders/status_is_known.sql`. It has queries for the new values, not statements that change rows:

    -- after lineage.is_acyclic: why the other rule's fix comes first
    -- assumes: an assumption that data cannot prove;
    --   continued here
    -- leave: the consequence of leaving the rows unchanged, or why there is no option

    -- given merged: a query that later ones may read under this name
    select ...;

    -- automatic: the effect, where data determine the right value
    -- update orders by order_id:
    select v.order_id, 'active' as order_status
    from violation as v
    ...;

    -- option cancel (recommended): the effect, where a person has to choose
    -- update orders by order_id:
    select ...;

Each option has one or more changes: `update TABLE by KEY`, `delete TABLE by KEY`, `insert TABLE by KEY` (into a table
of the schema order_audit), each with a query. Its columns are the key, the new values, and optionally `unit`, which
names an atomic group: all rows of a group change, or none. Options that change several tables require it. Rows of a
group that keep their values must not have changed since they were read. A row to delete stays, with its group, while a
row outside the group references it. A query may read the tables and `violation`, the rows of its rule.
`order_audit.as_stored` returns a value as a column stores it. Other options apply to the rows that `automatic` leaves.

The program writes a query's rows to the work list, each with a hash of the whole row. It then changes them in batches:
only rows that are unchanged since, with old and new values written to the undo log in the same transaction.

Guards prevent new violations of a rule that passes: see `order_audit.fixes.guarding.guard_file`.
"""
