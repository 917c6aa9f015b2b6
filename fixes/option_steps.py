"""The options to apply, in order, and the passes in which they run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import psycopg

from order_audit.expectations import shipped
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.work_list import TARGET, work_list_sql
from order_audit.fixes.fix import Fix, FixError, Option
from order_audit.fixes.planning.fixpoint import run_to_fixpoint
from order_audit.fixes.planning.steps import problem


def possible_steps(
    connection: psycopg.Connection, wanted: Iterable[tuple[Fix, Option]]
) -> tuple[list[tuple[Fix, Option]], dict[str, str], set[str]]:
    """Return the options that fit these tables, and by rule why others do not, before any change.

    The last part are those of these rules that can be judged, so that the fix is wrong, and not the place. A shipped
    fix may need a table that its rule does not.
    """
    steps: list[tuple[Fix, Option]] = []
    unable: dict[str, str] = {}
    wrong: set[str] = set()
    for fix, option in wanted:
        try:
            with connection.transaction():
                work_list_sql(connection, fix, option, TARGET)
        except psycopg.errors.InsufficientPrivilege:
            raise
        except (FixError, psycopg.ProgrammingError) as error:
            unable[fix.rule.id] = problem(fix, error)
            if fix.rule.suite not in shipped() and _can_be_judged(connection, fix):
                wrong.add(fix.rule.id)
        else:
            steps.append((fix, option))
    return steps, unable, wrong


def _can_be_judged(connection: psycopg.Connection, fix: Fix) -> bool:
    try:
        with connection.transaction():
            connection.execute(f"select from (\n{fix.rule.sql}\n) as violation limit 0".encode())
    except psycopg.Error:
        return False
    return True


def run_steps(
    connection: psycopg.Connection, steps: Sequence[tuple[Fix, Option]], change: Callable[[Fix, Option], OptionOutcome]
) -> tuple[tuple[tuple[str, str, OptionOutcome], ...], tuple[str, ...], dict[str, str]]:
    """Run the steps in fixpoint passes; return what became of each, the rules that do not converge, errors by rule.

    A fix whose query fails on the rows changes nothing more; the others go on.
    """
    done = {(fix.rule.id, option.name): OptionOutcome() for fix, option in steps}
    errors: dict[str, str] = {}

    def run_fix(fix: Fix, _number: int) -> Iterator[Option]:
        for mine, option in steps:
            if mine is not fix or fix.rule.id in errors:
                continue
            try:
                became = change(fix, option)
            except FixError as error:
                errors[fix.rule.id] = str(error)
                continue
            done[fix.rule.id, option.name].add(became)
            if became.changed:
                yield option

    not_converging = run_to_fixpoint(connection, {fix.rule.id: fix for fix, _ in steps}, TARGET, run_fix)
    return tuple((rule, option, became) for (rule, option), became in done.items()), not_converging, errors
