"""Install guards while applications run, and remove them.

A guard is installed only if its rules find no violation, before and after. NOT VALID would not help: a CHECK applies to
every later update of an old bad row. The rules of all guards are judged together, before the first guard and after the
last one. Each statement runs in its own transaction. Checks and foreign keys are added NOT VALID and then validated;
indexes are built CONCURRENTLY.

A statement that blocks other sessions has a lock timeout of a fifth of the allowed wait and retries with growing
pauses. A guard fails after some minutes, with the sessions that hold the tables in its message; later guards then fail
sooner. The next run completes the objects of a killed one: it validates constraints, and builds invalid indexes again.
A constraint that cannot be validated is removed.

Equivalent objects with any name are accepted: an equal index, a foreign key on the same columns, checks that (as the
planner proves) reject every row that the guard would reject. Another object with a guard's name is never changed, and
the guard fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import psycopg
from psycopg import pq

from order_audit.canceled import CanceledError, refuse_canceled
from order_audit.expectations import Rule
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.guarding.foreign_objects import foreign_obstacle
from order_audit.fixes.guarding.guard import Guard, home
from order_audit.fixes.guarding.guard_error import GuardError, HeldError, refused_by_server
from order_audit.fixes.guarding.guard_object import GuardObject, State
from order_audit.fixes.guarding.guard_state import error_line, refuses, state, worst_state
from order_audit.fixes.guarding.object_changes import GuardSite, create_object, drop_objects, run_statement
from order_audit.fixes.guarding.prerequisites import missing_prerequisite
from order_audit.fixes.guarding.tables import CustomStatement
from order_audit.fixes.guarding.triggers import Function
from order_audit.progress import ProgressCallback, ignore_progress

#: Counts the violations of rules, by id, as the connection sees the tables. Those that it cannot judge are missing.
Count = Callable[[psycopg.Connection, Sequence[Rule]], Mapping[str, int]]


def install(connection: psycopg.Connection, guard: Guard, throttle: Throttle) -> bool:
    """Create the missing objects of a guard while applications run; return whether any was missing.

    The connection commits by itself. Raises GuardError where a rule of the guard finds a violation, where the database
    lacks what it needs, where something else has its name, or where others never let go of the tables; what was made
    is taken away again then.
    """
    installed, errors_by_guard = install_all(connection, [guard], throttle)
    if errors_by_guard:
        raise errors_by_guard[guard.name]
    return bool(installed)


def install_all(
    connection: psycopg.Connection,
    wanted: Sequence[Guard],
    throttle: Throttle,
    count: Count = lambda _connection, _rules: {},
    on_progress: ProgressCallback = ignore_progress,
) -> tuple[list[str], dict[str, GuardError]]:
    """Install guards in their order, like `install`; return the names of the installed ones, and errors of the others.

    Rows that `count` does not count are checked for each guard. `on_progress` receives the number of finished guards,
    the total, and a note.
    """
    if not connection.autocommit or connection.info.transaction_status != pq.TransactionStatus.IDLE:
        raise ValueError("guards are installed outside a transaction, on a connection in autocommit mode")
    missing = [guard for guard in wanted if state(connection, guard) != "valid"]
    if not missing:
        return [], {}
    on_progress(0, len(missing), "judging what guards would refuse")
    counts = count(connection, rules_of(missing))
    created: dict[Guard, list[GuardObject]] = {}
    errors_by_guard: dict[str, GuardError] = {}
    site = GuardSite(connection, throttle)
    for number, guard in enumerate(missing):

        def on_note(note: str, number: int = number, guard: Guard = guard) -> None:
            on_progress(number, len(missing), f"{note}{note and ', '}guard {guard.name}")

        on_note("")
        try:
            created[guard] = _install(replace(site, on_note=on_note), guard, counts)
        except GuardError as error:
            errors_by_guard[guard.name] = error
            if isinstance(error, HeldError):
                site = replace(site, hurried=True)
        except psycopg.Error as error:  # this server does not support the object, so its state is unknown
            if connection.closed:
                raise
            refuse_canceled(connection, error)
            errors_by_guard[guard.name] = refused_by_server(guard, error)
    on_progress(len(missing), len(missing), "judging what came in meanwhile")
    counts = count(connection, rules_of(created)) if created else {}
    for guard in created:
        try:
            if needed := next((name for name in guard.after if name in errors_by_guard), ""):
                raise GuardError(guard, f"it builds on the guard {needed}, which is not")
            _judge(connection, guard, counts)
        except GuardError as error:
            errors_by_guard[guard.name] = error
        except psycopg.Error as error:
            if connection.closed:
                raise
            refuse_canceled(connection, error)
            errors_by_guard[guard.name] = refused_by_server(guard, error)
    for guard in [guard for guard in reversed(created) if guard.name in errors_by_guard]:
        try:
            drop_objects(GuardSite(connection, throttle), created.pop(guard), guard)
        except HeldError as error:
            errors_by_guard[guard.name] = error
    return [guard.name for guard in created], errors_by_guard


def preview(
    connection: psycopg.Connection, wanted: Sequence[Guard], counts: Mapping[str, int | None]
) -> tuple[list[str], dict[str, GuardError]]:
    """The guards that could be installed as things stand, and why others could not. Nothing is made, nothing locked.

    `counts` are the violations of rules as they stand.
    """
    known = {rule: rows for rule, rows in counts.items() if rows is not None}
    ready: list[str] = []
    errors_by_guard: dict[str, GuardError] = {}
    for guard in wanted:
        try:
            with connection.transaction():
                objects = _parts(connection, guard, ready)
                _judge(connection, guard, known)
            if set(objects.values()) != {"valid"}:
                ready.append(guard.name)
        except GuardError as error:
            errors_by_guard[guard.name] = error
        except psycopg.Error as error:
            refuse_canceled(connection, error)
            errors_by_guard[guard.name] = GuardError(guard, f"it cannot be judged: {error_line(error)}")
    return ready, errors_by_guard


def rules_of(guards: Iterable[Guard]) -> list[Rule]:
    """Return the rules that count the rows which guards would reject, each once."""
    return list({rule.id: rule for guard in guards if not guard.refuses for rule in guard.protects}.values())


def _install(site: GuardSite, guard: Guard, counts: Mapping[str, int]) -> list[GuardObject]:
    """Create the missing objects of a guard; return those to drop if the guard turns out to reject rows.

    Raises GuardError, after removing the created objects, if one cannot be created.
    """
    connection = site.connection
    before = _parts(connection, guard)
    missing = [guard_object for guard_object, before_state in before.items() if before_state != "valid"]
    # a function that was there in another version is in use
    fresh = [
        guard_object
        for guard_object in missing
        if not (isinstance(guard_object, Function) and before[guard_object] == "invalid")
    ]
    try:
        _judge(connection, guard, counts)
        for statement in home(guard):
            run_statement(site, statement, guard)
        for guard_object in missing:
            create_object(site, guard_object, before[guard_object], guard)
        if (
            worst_state(
                [
                    guard_object.state(connection)
                    for guard_object in guard.objects
                    if not isinstance(guard_object, CustomStatement)
                ]
            )
            != "valid"
        ):
            raise GuardError(guard, "it was made, and is not valid now")
        if foreign := foreign_obstacle(connection, guard):
            raise GuardError(guard, foreign)
    except (GuardError, CanceledError, psycopg.Error) as error:
        if connection.closed:
            raise
        drop_objects(site, fresh, guard)
        if not isinstance(error, psycopg.Error):
            raise
        raise refused_by_server(guard, error) from error
    return fresh


def _parts(connection: psycopg.Connection, guard: Guard, coming: Iterable[str] = ()) -> dict[GuardObject, State]:
    """Return the states of a guard's objects. Raises GuardError if it is impossible here; guards in `coming` count."""
    if lack := missing_prerequisite(connection, guard, coming):
        raise GuardError(guard, lack)
    states = {guard_object: guard_object.state(connection) for guard_object in guard.objects}
    if taken := [guard_object.name for guard_object in states if states[guard_object] == "different"]:
        raise GuardError(guard, f"{taken[0]} already exists with another definition: rename or drop it")
    return states


def _judge(connection: psycopg.Connection, guard: Guard, counts: Mapping[str, int]) -> None:
    """Raise GuardError where a guard would refuse a row that is there."""
    if rows := refuses(connection, guard, counts):
        rules = ", ".join(rule.id for rule in guard.protects)
        raise GuardError(guard, f"{rows} rows are left that it would refuse ({rules})", rows)


def remove(connection: psycopg.Connection, guard: Guard, throttle: Throttle) -> bool:
    """Remove a guard; return whether an object existed. Objects of others stay, whatever their effect.

    Guards that need this one are to be removed before. Raises GuardError where others never let go of the tables.
    """
    return drop_objects(GuardSite(connection, throttle), list(guard.objects), guard)
