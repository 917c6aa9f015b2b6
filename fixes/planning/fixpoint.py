"""Fixpoint passes: each fix once, in order, and again after later changes that may cause new violations.

A later fix can do that where a decision was left open before it: it gives a circle a first ancestor, say, or an order
without a customer one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import psycopg

from order_audit.expectations import shipped
from order_audit.fixes.engine.work_list import Namespace, columns
from order_audit.fixes.fix import Fix, Option

#: How often a fix may run. Two that undo each other's work would go on for ever.
MAX_PASSES: Final = 8


def run_to_fixpoint(
    connection: psycopg.Connection,
    fixes: Mapping[str, Fix],
    namespace: Namespace,
    take: Callable[[Fix, int], Iterable[Option]],
    passes: int = MAX_PASSES,
    due: Iterable[str] | None = None,
) -> tuple[str, ...]:
    """Run fixes in passes, until none that may have something to do is left.

    `take` is called with a fix and the number of the pass, from 1; it gives the options by which it changed something.
    The first pass runs all, or the rules in `due`.
    Returns the rules that do not converge: they would be due once more after the last pass.
    """
    waiting = dict.fromkeys(fixes if due is None else due)
    words = {id: _words(fix) for id, fix in fixes.items()}
    written: dict[tuple[str, str], set[str]] = {}
    for number in range(1, passes + 1):
        for id, fix in fixes.items():
            if id not in waiting:
                continue
            del waiting[id]
            for option in take(fix, number):
                if (id, option.name) not in written:
                    written[id, option.name] = columns(connection, fix, option, namespace)
                waiting |= {
                    other: None
                    for other, read in words.items()
                    if (other != id or (fix.automatic and option is not fix.automatic))
                    and (read is None or read & written[id, option.name])
                }
        if not waiting:
            break
    return tuple(waiting)


def _words(fix: Fix) -> set[str] | None:
    """The words of a fix's SQL, which has all columns that it reads; None where it may read more than it names."""
    if fix.rule.suite not in shipped():
        return None
    options = [*([fix.automatic] if fix.automatic else []), *fix.options]
    queries = [fix.rule.sql]
    for change in (change for option in options for change in option.changes):
        queries += [change.sql, *(text for _, text in change.given)]
    return set(re.findall(r"\w+", " ".join(queries).lower()))
