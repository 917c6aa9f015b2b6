"""Install guards while applications work, and remove them.

Only where none of its rules finds a violation, before and after: NOT VALID is no shelter, a CHECK is enforced on every
later update of an old bad row. The rules of all guards that are to be made are judged together, once before the first
is made and once after the last. Each statement runs in a transaction of its own. Checks and foreign keys are added NOT
VALID and then validated, indexes are built CONCURRENTLY. A statement that others may have to wait for gives up after a
fifth of what they may wait (`Pace.wait`) and is tried again, with a growing pause; the others lock nobody out. A guard
is given up after some minutes, with a line that names who holds the tables; those after it then sooner. What a killed
run has left is finished by the next: a constraint is validated, an invalid index is dropped and built again. What
cannot be validated is taken away again. What is there already is left as it is, under whatever name: an equal index, a
foreign key from the same columns to the same, checks that rule out (the planner proves it) every row that the guard's
would refuse. An object of a guard's name that is something else is never touched, and the guard refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count as numbers
from typing import Final

import psycopg
from psycopg import errors, pq

from order_audit import session
from order_audit.errors import OrderAuditError
from order_audit.expectations import Rule
from order_audit.fixes.engine.batches import Throttle, back_off
from order_audit.fixes.guarding.guard import Guard, error_line, home, missing_prerequisite, refuses, state, worst_state
from order_audit.fixes.guarding.index_progress import HOLDER, reporting_progress
from order_audit.fixes.guarding.objects import CustomStatement, Function, GuardObject, GuardStatement, Index, State
from order_audit.progress import NoteCallback, ProgressCallback, ignore_note, ignore_progress

#: How often a statement is tried that others keep from its lock: some minutes. Once a guard was given up for that: some
#: seconds, for the others would be kept waiting by the same.
TRIES: Final = 100
_HURRIED_TRIES: Final = 10
#: How often a build of an index is begun anew that ran into somebody else's.
_BUILDS: Final = 3
#: How long, in milliseconds, we wait for a lock for which nobody waits behind us; and once a guard was given up for it.
_PATIENCE: Final = 600_000
_HURRIED_PATIENCE: Final = 10_000
_BUSY: Final = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)

#: Counts the violations of rules, by id, as the connection sees the tables. Those that it cannot judge are missing.
Count = Callable[[psycopg.Connection, Sequence[Rule]], Mapping[str, int]]


class GuardError(OrderAuditError):
    """A guard cannot be installed or removed; nothing of it was left behind. The message is one line that says why.

    `why` is the same without the guard's name; `rows` the number of rows that it would refuse, where that is why.
    """

    said = "guard {} is not installed: {}"

    def __init__(self, guard: Guard, why: str, rows: int = 0) -> None:
        super().__init__(self.said.format(guard.name, why))
        self.why = why
        self.rows = rows


class HeldError(GuardError):
    """Others never let go of the tables."""

    said = "guard {}: {}"


@dataclass(frozen=True)
class _Site:
    """Where guards are made, at what pace, and who is told what is being done."""

    connection: psycopg.Connection
    pace: Throttle
    on_note: NoteCallback = ignore_note
    hurried: bool = False


def install(connection: psycopg.Connection, guard: Guard, throttle: Throttle) -> bool:
    """Make what is missing of a guard, while the application goes on; gives whether there was anything to make.

    The connection commits by itself. Raises GuardError where a rule of the guard finds a violation, where the database
    lacks what it needs, where something else has its name, or where others never let go of the tables; what was made
    is taken away again then.
    """
    installed, refused = install_all(connection, [guard], throttle)
    if refused:
        raise refused[guard.name]
    return bool(installed)


def install_all(
    connection: psycopg.Connection,
    wanted: Sequence[Guard],
    throttle: Throttle,
    count: Count = lambda _connection, _rules: {},
    on_progress: ProgressCallback = ignore_progress,
) -> tuple[list[str], dict[str, GuardError]]:
    """Install guards, in their order, as `install` does; gives the names of those made, and why others were not.

    What `count` does not count is judged guard by guard. `on_progress` is called with the number of guards done, of all
    that are to be made, and what is being done.
    """
    if not connection.autocommit or connection.info.transaction_status != pq.TransactionStatus.IDLE:
        raise ValueError("guards are installed outside a transaction, on a connection that commits by itself")
    todo = [guard for guard in wanted if state(connection, guard) != "valid"]
    if not todo:
        return [], {}
    on_progress(0, len(todo), "judging what guards would refuse")
    counts = count(connection, rules_of(todo))
    made: dict[Guard, list[GuardObject]] = {}
    refused: dict[str, GuardError] = {}
    site = _Site(connection, throttle)
    for number, guard in enumerate(todo):

        def on_note(note: str, number: int = number, guard: Guard = guard) -> None:
            on_progress(number, len(todo), f"{note}{note and ', '}guard {guard.name}")

        on_note("")
        try:
            made[guard] = _install(replace(site, on_note=on_note), guard, counts)
        except GuardError as error:
            refused[guard.name] = error
            if isinstance(error, HeldError):
                site = replace(site, hurried=True)
        except psycopg.Error as error:  # this server can have nothing of the kind: what is there cannot even be told
            if connection.closed:
                raise
            refused[guard.name] = GuardError(guard, error_line(error))
    on_progress(len(todo), len(todo), "judging what came in meanwhile")
    counts = count(connection, rules_of(made)) if made else {}
    for guard in made:
        try:
            if needed := next((name for name in guard.after if name in refused), ""):
                raise GuardError(guard, f"it builds on the guard {needed}, which is not")
            _judge(connection, guard, counts)
        except GuardError as error:
            refused[guard.name] = error
        except psycopg.Error as error:
            if connection.closed:
                raise
            refused[guard.name] = GuardError(guard, error_line(error))
    for guard in [guard for guard in reversed(made) if guard.name in refused]:
        try:
            _unmake(_Site(connection, throttle), made.pop(guard), guard)
        except HeldError as error:
            refused[guard.name] = error
    return [guard.name for guard in made], refused


def preview(
    connection: psycopg.Connection, wanted: Sequence[Guard], counts: Mapping[str, int | None]
) -> tuple[list[str], dict[str, GuardError]]:
    """The guards that could be installed as things stand, and why others could not. Nothing is made, nothing locked.

    `counts` are the violations of rules as they stand.
    """
    known = {rule: rows for rule, rows in counts.items() if rows is not None}
    ready: list[str] = []
    refused: dict[str, GuardError] = {}
    for guard in wanted:
        try:
            with connection.transaction():
                found = _parts(connection, guard, ready)
                _judge(connection, guard, known)
            if set(found.values()) != {"valid"}:
                ready.append(guard.name)
        except GuardError as error:
            refused[guard.name] = error
        except psycopg.Error as error:
            refused[guard.name] = GuardError(guard, f"it cannot be judged: {error_line(error)}")
    return ready, refused


def rules_of(guards: Iterable[Guard]) -> list[Rule]:
    """The rules by which it is told what guards would refuse, each once."""
    return list({rule.id: rule for guard in guards if not guard.refuses for rule in guard.protects}.values())


def _send(connection: psycopg.Connection, statement: GuardStatement) -> None:
    """Run what a guard is made of: a function comes with its grant, which no cursor for one statement takes."""
    psycopg.Cursor(connection).execute(statement.text.encode())


def _install(site: _Site, guard: Guard, counts: Mapping[str, int]) -> list[GuardObject]:
    """Make what is missing of a guard; gives the parts that are to be taken away where it turns out to be refused.

    Raises GuardError, and has taken away what was made, where it cannot be made.
    """
    connection = site.connection
    before = _parts(connection, guard)
    todo = [guard_object for guard_object, found in before.items() if found != "valid"]
    # a function that was there in another version is in use
    fresh = [
        guard_object
        for guard_object in todo
        if not (isinstance(guard_object, Function) and before[guard_object] == "invalid")
    ]
    try:
        _judge(connection, guard, counts)
        for statement in home(guard):
            _run(site, statement, guard)
        for guard_object in todo:
            _make(site, guard_object, before[guard_object], guard)
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
    except (GuardError, psycopg.Error) as error:
        if connection.closed:
            raise
        _unmake(site, fresh, guard)
        if isinstance(error, GuardError):
            raise
        raise GuardError(guard, error_line(error)) from error
    return fresh


def _parts(connection: psycopg.Connection, guard: Guard, coming: Iterable[str] = ()) -> dict[GuardObject, State]:
    """What is there of a guard. Raises GuardError where it cannot be made here; guards in `coming` count as there."""
    if lack := missing_prerequisite(connection, guard, coming):
        raise GuardError(guard, lack)
    found = {guard_object: guard_object.state(connection) for guard_object in guard.objects}
    if taken := [guard_object.name for guard_object in found if found[guard_object] == "different"]:
        raise GuardError(
            guard, f"{taken[0]} is there already, with another definition: look at it, and rename or drop it"
        )
    return found


def _judge(connection: psycopg.Connection, guard: Guard, counts: Mapping[str, int]) -> None:
    """Raise GuardError where a guard would refuse a row that is there."""
    if rows := refuses(connection, guard, counts):
        rules = ", ".join(rule.id for rule in guard.protects)
        raise GuardError(guard, f"{rows} rows are left that it would refuse ({rules})", rows)


def remove(connection: psycopg.Connection, guard: Guard, throttle: Throttle) -> bool:
    """Take a guard away; gives whether anything was there. What others have made stays, whatever its effect.

    Guards that need this one are to be removed before. Raises GuardError where others never let go of the tables.
    """
    return _unmake(_Site(connection, throttle), list(guard.objects), guard)


def _make(site: _Site, guard_object: GuardObject, found: State, guard: Guard) -> None:
    for again in numbers(1):
        if isinstance(guard_object, Index) and (found == "invalid" or again > 1):
            _unmake(site, [guard_object], guard)
        try:
            for statement in guard_object.create_sql():
                _run(site, statement, guard)
        except _BUSY:
            if again >= _BUILDS:
                raise
            back_off(again)
        else:
            return


def _unmake(site: _Site, made: list[GuardObject], guard: Guard) -> bool:
    gone = False
    for guard_object in reversed(made):
        there = f"select where {guard_object.exists_sql(valid=False)}"
        if not isinstance(guard_object, CustomStatement) and site.connection.execute(there.encode()).rowcount:
            if _is_strange(site.connection, guard_object):
                continue
            try:
                for statement in guard_object.drop_sql():
                    _run(site, statement, guard)
            except errors.DependentObjectsStillExist:
                # a trigger that went with a renamed table: what is left of the guard is what it needs
                return gone
            gone = True
    return gone


def _is_strange(connection: psycopg.Connection, guard_object: GuardObject) -> bool:
    """Whether what has a part's name is something else: by its definition, or on a table without such columns."""
    try:
        return guard_object.state(connection) == "different"
    except (errors.UndefinedColumn, errors.UndefinedTable):
        return True


def _run(site: _Site, statement: GuardStatement, guard: Guard) -> None:
    """Run a statement; one that others may wait for is tried again and again, and never waits long."""
    connection, most = site.connection, site.pace.max_lock_wait_ms
    brief = statement.how == "brief"
    patience = _HURRIED_PATIENCE if site.hurried else _PATIENCE
    wait = 0 if not most else max(1, min(100, most // 5)) if brief else patience
    for again in numbers(1):
        try:
            if statement.how == "outside":
                with session.timeouts(connection, lock=wait, statement=0), reporting_progress(connection, site.on_note):
                    _send(connection, statement)
            else:
                with connection.transaction():
                    session.set_timeouts(connection, lock=wait, statement=most if brief else 0)
                    _send(connection, statement)
        except (*_BUSY, errors.QueryCanceled) as error:
            if not brief and not isinstance(error, errors.LockNotAvailable):
                raise
            held = _holders(connection, guard, statement)
            if not brief or again >= (_HURRIED_TRIES if site.hurried else TRIES):
                often = f"{again} times" if brief else f"for {patience // 1000} s"
                raise HeldError(guard, f"{error_line(error)}, {often}: {held}") from error
            site.on_note(held)
            back_off(again)
        else:
            return


def _holders(connection: psycopg.Connection, guard: Guard, statement: GuardStatement) -> str:
    """Who is in our way: holds locks on the guard's tables or, where we wait for long, has a transaction open."""
    tables = [guard_object.table for guard_object in guard.objects if guard_object.table]
    tables += [name for guard_object in guard.objects for name in re.findall(r"\breferences (\w+)", guard_object.body)]
    # to add a foreign key, or a trigger, nobody has to stop reading
    beside_readers = re.search("add constraint .* foreign key|create constraint trigger", statement.text) is not None
    rows = connection.execute(
        f"""
        select distinct l.pid, {HOLDER}
        from pg_locks as l
        join pg_stat_activity as a on a.pid = l.pid
        where l.granted and l.pid <> pg_backend_pid() and case
          when %(brief)s
          then l.relation = any (select to_regclass(t) from unnest(%(tables)s::text[]) as t)
            and not (%(beside_readers)s and l.mode in ('AccessShareLock', 'RowShareLock'))
          else l.locktype = 'virtualxid' and a.datname = current_database()
        end
        order by l.pid
        """.encode(),
        {"brief": statement.how == "brief", "tables": tables, "beside_readers": beside_readers},
    ).fetchall()
    held = ", ".join(said for _, said in rows[:5]) + (" …" if len(rows) > 5 else "")
    return f"held by {held}" if held else "held by others"
