"""The change of a fix."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from order_audit.fixes.emission.journal_change import JOURNAL
from order_audit.fixes.emission.script import call, deployed, forgotten, literal, refuse_others, script, where_there
from order_audit.fixes.emission.sqitch import Change
from order_audit.fixes.fix import AUTOMATIC, Fix


def fix_change(
    fix: Fix,
    listings: Mapping[str, str],
    does: Mapping[str, Sequence[str]],
    counted: str,
    schema: str,
    before: Collection[str],
    own: Collection[str],
) -> Change:
    """Return the change that applies options of a fix.

    `listings` has the SQL that lists each option's rows, `does` its effects in words, `counted` where its rows were
    counted, `schema` the search path of the tables, `before` the earlier changes, `own` the qualified names of the
    tables that it changes.
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
        f"Locks: ROW EXCLUSIVE on {', '.join(tables)}, like any update; row locks until a batch commits. Locked rows"
        " are skipped and retried; lock_timeout is 100 ms. Batch size adapts to the previous batch, for 1/8 s at most."
        " An atomic group is always one batch, and no server timeout limits one batch of a CALL. Only"
        " 'order-audit fixes apply' enforces --max-lock-wait. At the end,"
        " VACUUM takes SHARE UPDATE EXCLUSIVE, which blocks neither reads nor writes.",
        "",
        "order_audit.journal keeps each old and new value; the revert file restores old values. May be interrupted"
        " and run again. Do not run it in a transaction.",
    ]
    return Change(
        name=rule,
        requires=(JOURNAL, *after),
        note=fix.rule.title,
        deploy=script(
            head,
            schema,
            "\n\n".join(
                [deployed(rule, schema), *(call("apply", rule, *listing) for listing in listings.items()), vacuum]
            ),
        ),
        revert=script(
            [
                f"Reverts the changes of {rule}, the last first. A row that has changed since is a conflict: it stays,"
                " with its atomic group, and a notice names it.",
                "",
                "Revert all later changes before this one. Locks as when deployed. May be interrupted and run again. Do"
                " not run it in a transaction.",
            ],
            schema,
            "\n\n".join(
                [
                    refuse_others(rule, schema),
                    f"set order_audit.tables = {literal(json.dumps(sorted(own), ensure_ascii=False))}; -- others stay",
                    where_there(f"call order_audit.revert({literal(rule)});", "raise notice 'no fix is applied';"),
                    forgotten(rule, schema),
                    vacuum,
                ]
            ),
        ),
        verify=script(
            [f"Fails if {rule} still has rows to change. Changes nothing."],
            schema,
            "\n\n".join(
                ["begin;", *(call("verify", rule, *listing) for listing in listings.items()), "rollback;"],
            ),
        ),
    )


_VACUUM: Final = "-- removes dead rows; skips a table under autovacuum, and (with a warning) one of another role"
