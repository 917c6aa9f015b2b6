"""Makes it true: fixes of what the rules find.

A fix is one SQL file with the name of its rule: `fixes/current/orders/status_is_known.sql` puts right what
`expectations/current/orders/status_is_known.sql` finds. It says what rows become, and nothing of how they are changed:

    -- after lineage.is_acyclic: why the other rule's fix comes first
    -- assumes: what nobody can prove
    --   and goes on here
    -- leave: what it means to leave the rows as they are, or why nothing else can be done

    -- given merged: a query that those below may read under this name
    select ...;

    -- automatic: what it does where there is one right answer
    -- update orders by order_id:
    select v.order_id, 'active' as order_status
    from violation as v
    ...;

    -- option cancel (recommended): what it does where a person has to choose
    -- update orders by order_id:
    select ...;

Each option is one or more changes: `update TABLE by KEY`, `delete TABLE by KEY`, `insert TABLE by KEY` (into a table of
our own schema), each a query. Its columns are the key, the new values, and at will `unit`, which names an atomic
group: rows that are changed together or not at all (the options that change more than one table need it); of its rows,
those that keep their values must still be as they were read. A row that is to be deleted stays, with its group, while a
foreign key leads to it from a row that the group does not change. A query may read `violation`, the rows of its rule,
and the tables, and ask `order_audit.as_stored` what a column makes of a value. Options beside `automatic` are for the
rows that this leaves.

The program lists what a query gives, with each whole row as it was read, and then changes it in batches: only rows that
are still the same, with the values before and after written into a journal in the same transaction.

What keeps a rule that passes from ever failing again is a guard: see `order_audit.fixes.guarding.guard_file`.
"""
