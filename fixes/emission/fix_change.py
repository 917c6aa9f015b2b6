"""The change that applies a fix."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from order_audit.fixes.emission.journal_change import JOURNAL
from order_audit.fixes.emission.script import call, literal, script, where_there
from order_audit.fixes.emission.sqitch import Change
from order_audit.fixes.fix import AUTOMATIC, Fix


def fix_change(
    fix: Fix,
    listings: Mapping[str, str],
    does: Mapping[str, Sequence[str]],
    counted: str,
    schema: str,
    before: Collection[str],
) -> Change:
    """The change that applies options of a fix: for each the SQL that lists its rows, and what it does in words.

    `counted` says in what its rows were counted, `schema` is the search path that finds the tables, `before`
    are the changes that come before it.
    """
    rule = fix.rule.id
    after = {other: why for other, why in fix.after.items() if other in before}
    options = [option for option in map(fix.option, listings) if option is not None]
    tables = dict.fromkeys(change.table for option in options for change in option.changes if change.op != "insert")
    vacuum = "\n".join([_VACUUM, *(f"vacuum (skip_locked, truncate off) {table};" for table in tables)])
    head = [f"{rule}: {fix.rule.title}"]
    for option in options:
        chosen = "" if option.name == AUTOMATIC else " (chosen)"
        head += ["", f"{option.name}{chosen}: {option.does}", *(f"  {line}" for line in does[option.name])]
    head += ["", f"Counted {counted}."]
    if fix.assumes:
        head += ["", f"Assumes: {fix.assumes}"]
    head += ["", *(f"Comes after {other}: {why}" for other, why in after.items())] if after else []
    head += [
        "",
        f"Locks: ROW EXCLUSIVE on {', '.join(tables)}, as any change of rows takes it; and the rows of a batch, until"
        " it is committed. Rows that others hold are passed over and tried again, and a lock is waited for no longer"
        " than 100 ms. A batch is made smaller where it takes longer than an eighth of a second; but no timeout of the"
        " server holds for one batch of a CALL, and rows that change together are one batch, however many they are:"
        " 'order-audit fixes apply' ends each after --max-lock-wait. VACUUM takes SHARE UPDATE EXCLUSIVE at the end,"
        " for which nobody who reads or writes waits.",
        "",
        "Each value is journaled in order_audit.journal with what it was before; the revert file puts it back. May be"
        " stopped at any moment and run again; not to be wrapped in a transaction.",
    ]
    return Change(
        name=rule,
        requires=(JOURNAL, *after),
        note=fix.rule.title,
        deploy=script(
            head, schema, "\n\n".join([*(call("apply", rule, *listing) for listing in listings.items()), vacuum])
        ),
        revert=script(
            [
                f"Puts back what {rule} changed, the last first. A row that somebody changed since is left alone, with"
                " those that were changed together with it; a notice names it.",
                "",
                "The changes after this one are to be reverted before it. Locks as when deployed. May be stopped at any"
                " moment and run again; not to be wrapped in a transaction.",
            ],
            schema,
            where_there(f"call order_audit.revert({literal(rule)});", "raise notice 'nothing is applied';")
            + f"\n\n{vacuum}",
        ),
        verify=script(
            [f"Fails where {rule} has something left to change. Changes nothing."],
            schema,
            "\n\n".join(
                ["begin;", *(call("verify", rule, *listing) for listing in listings.items()), "rollback;"],
            ),
        ),
    )


_VACUUM: Final = """-- makes room of the rows as they were before; passes over a table that autovacuum is at, and,
-- with a warning, over one of another role"""
