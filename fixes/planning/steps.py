"""Try the fixes, one after the other, on copies of the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import psycopg

from order_audit.canceled import refuse_canceled
from order_audit.fixes.engine.batches import apply, list_rows
from order_audit.fixes.engine.copies import Copies, change_on_copies, copies
from order_audit.fixes.engine.key_text import key_text
from order_audit.fixes.engine.rejected import rejected
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, obstacle
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix, FixError, Option
from order_audit.fixes.planning.decisions import Reviewed
from order_audit.fixes.planning.fingerprint import Review
from order_audit.fixes.planning.fixpoint import MAX_PASSES, run_to_fixpoint
from order_audit.fixes.planning.plan import OptionPreview, Step
from order_audit.fixes.planning.tables import unnamed
from order_audit.progress import NoteCallback, ignore_note
from order_audit.server_message import server_message


def try_steps(
    connection: psycopg.Connection,
    fixes: Mapping[str, Fix],
    before: Mapping[str, int | None],
    choices: Mapping[str, str],
    on_rule: NoteCallback = ignore_note,
    only: Mapping[str, str] | None = None,
) -> tuple[list[Step], dict[str, Reviewed]]:
    """Run the fixes in a dry run after the rules; return the steps, and the reviews.

    Of the options that are not chosen, all are listed, or `only` these.
    """
    reviews = {id: Review(fix) for id, fix in fixes.items()}
    for id, review in reviews.items():
        if before[id]:
            review.add_violations(connection)
    steps = {id: Step(fix, before[id] or 0) for id, fix in fixes.items()}

    def take(fix: Fix, number: int) -> list[Option]:
        id = fix.rule.id
        choice = choices.get(id, LEAVE)
        changed: list[Option] = []
        if before[id] is None and (fix.automatic or fix.options):
            steps[id].problem = "its rule cannot be judged: these tables have not all that it reads"
        # what found nothing, and had nothing changed before it, has nothing to do
        touched = number > 1 or any(step.automatic or step.changed for step in steps.values())
        if before[id] is not None and (steps[id].found or touched):
            offered = {option.name for option in fix.options}
            if only is not None:
                offered &= {only.get(id, LEAVE)} if number == 1 else set()
            changed = _try(connection, steps[id], choice, reviews[id], offered, repeated=number > 1)
        if number == 1:
            on_rule(id)
        return changed

    not_converging = run_to_fixpoint(connection, fixes, STAGING, take)
    for id in not_converging:
        steps[id].problem = f"has more to do after {MAX_PASSES} passes: other fixes undo it, choose otherwise"
    return list(steps.values()), {id: review.reviewed(choices.get(id, LEAVE)) for id, review in reviews.items()}


def _try(
    connection: psycopg.Connection, step: Step, choice: str, review: Review, offered: Collection[str], *, repeated: bool
) -> list[Option]:
    """Try a fix in its pass, or once more; return the options by which it changed something.

    The offer of an option is its rows in its first pass or, without a choice, in its last.
    """
    fix, throttle = step.fix, Throttle(batch_size=1_000_000, max_lock_wait_ms=0, vacuum_after=0)
    chosen = fix.option(choice)
    done: dict[str, int] = {}
    offers: dict[str, OptionPreview] = {}

    def listed(option: Option, rows: int) -> None:
        """The work list has the rows it would change; the first round counts as its offer."""
        offers.setdefault(option.name, OptionPreview(option, rows, _keys(connection, fix)))
        if not repeated or option is chosen:
            review.add_listed(connection, option)

    try:
        with connection.transaction():
            if (automatic := fix.automatic) is not None:
                done[AUTOMATIC] = apply(
                    connection,
                    fix,
                    automatic,
                    STAGING,
                    throttle,
                    listed=lambda _rows: review.add_listed(connection, automatic),
                ).changed
            copied = copies(connection) if fix.options else {}
            for option in fix.options:
                if why := obstacle(connection, option) or _unnamed(connection, option, copied):
                    offers[option.name] = OptionPreview(option, obstacle=why)
                elif option is not chosen and option.name in offered and (not repeated or chosen is None):
                    with connection.transaction(force_rollback=True):
                        listed(option, list_rows(connection, fix, option, STAGING))
            if chosen is not None and choice in offers:
                step.problem = offers[choice].obstacle
            elif chosen is not None:
                step.choice = choice
                done[choice] = apply(
                    connection, fix, chosen, STAGING, throttle, listed=lambda rows: listed(chosen, rows)
                ).changed
            step.rejected = rejected(connection, STAGING, fix.rule.id)
    except (FixError, psycopg.Error) as error:
        refuse_canceled(connection, error)
        step.problem = problem(fix, error)
        done = {}
    if not repeated or chosen is None:
        step.offers = tuple(offers.get(option.name, OptionPreview(option)) for option in fix.options)
    for name, rows in done.items():
        if name == AUTOMATIC:
            step.automatic += rows
        else:
            step.changed += rows
    return [made for name, rows in done.items() if rows and (made := fix.option(name))]


def _unnamed(connection: psycopg.Connection, option: Option, copied: Copies) -> str:
    changes = (change_on_copies(change, copied) for change in option.changes)
    return next((why for change in changes if (why := unnamed(connection, change))), "")


def problem(fix: Fix, error: FixError | psycopg.Error) -> str:
    """Return an error of a fix in one line that names its file."""
    return str(error) if isinstance(error, FixError) else f"{fix.path}: {server_message(error)}"


def _keys(connection: psycopg.Connection, fix: Fix) -> tuple[str, ...]:
    rows = connection.execute(
        STAGING.text(
            f"select {key_text('t.key')} from order_audit.todo as t where t.rule = %s order by t.place, t.step limit 10"
        ).encode(),
        [fix.rule.id],
    ).fetchall()
    return tuple(dict.fromkeys(row[0] for row in rows))
