"""The options to apply, in order, and the passes in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import psycopg

from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.work_list import TARGET, work_list_sql
from order_audit.fixes.fix import Fix, FixError, Option
from order_audit.fixes.planning.fixpoint import run_to_fixpoint


def possible_steps(
    connection: psycopg.Connection, wanted: Iterable[tuple[Fix, Option]]
) -> tuple[list[tuple[Fix, Option]], dict[str, str]]:
    """Return the options that fit these tables, and by rule why others do not, before any change."""
    steps: list[tuple[Fix, Option]] = []
    unable: dict[str, str] = {}
    for fix, option in wanted:
        try:
            with connection.transaction():
                work_list_sql(connection, fix, option, TARGET)
        except psycopg.errors.InsufficientPrivilege:
            raise
        except (FixError, psycopg.ProgrammingError) as error:
            unable[fix.rule.id] = str(error).splitlines()[0]
        else:
            steps.append((fix, option))
    return steps, unable


def run_steps(
    connection: psycopg.Connection, steps: Sequence[tuple[Fix, Option]], change: Callable[[Fix, Option], OptionOutcome]
) -> tuple[tuple[tuple[str, str, OptionOutcome], ...], tuple[str, ...]]:
    """Run the steps in fixpoint passes; return what became of each, and the rules that do not converge."""
    done = {(fix.rule.id, option.name): OptionOutcome() for fix, option in steps}

    def run_fix(fix: Fix, _number: int) -> Iterator[Option]:
        for mine, option in steps:
            if mine is fix:
                became = change(fix, option)
                done[fix.rule.id, option.name].add(became)
                if became.changed:
                    yield option

    not_converging = run_to_fixpoint(connection, {fix.rule.id: fix for fix, _ in steps}, TARGET, run_fix)
    return tuple((rule, option, became) for (rule, option), became in done.items()), not_converging
