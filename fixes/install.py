"""Install guards while applications work, and remove them.

Only where none of its rules finds a violation, before and after: NOT VALID is no shelter, a CHECK is enforced on every
later update of an old bad row. The rules of all guards that are to be made are judged together, once before the first
is made and once after the last. Each statement runs in a transaction of its own. Checks and foreign keys are added NOT
VALID and then validated, indexes are built CONCURRENTLY. A statement that others may have to wait for gives up after a
fifth of what they may wait (`Pace.wait`) and is tried again, with a growing pause; the others lock nobody out. What a
killed run has left is finished by the next: a constraint is validated, an invalid index is dropped and built again.
What cannot be validated is taken away again. What is there already is left as it is, under whatever name: an equal
index, a foreign key from the same columns to the same, checks that rule out (the planner proves it) every row that the
guard's would refuse. An object of a guard's name that is something else is never touched, and the guard refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count as numbers
from typing import Final

import psycopg
from psycopg import errors, pq

from expectations import Rule
from fixes.guard import Guard, home, lacks, line, refuses, state, worst
from fixes.part import Act, Function, Index, Part, State, Statement
from fixes.work import Pace, back_off

#: How often a statement is tried that others keep from its lock: some minutes.
TRIES: Final = 100
#: How often a build of an index is begun anew that ran into somebody else's.
_BUILDS: Final = 3
#: How long, in milliseconds, we wait for a lock for which nobody waits behind us.
_PATIENCE: Final = 600_000
_BUSY: Final = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)

#: Counts the violations of rules, by id, as the connection sees the tables. Those that it cannot judge are missing.
Count = Callable[[psycopg.Connection, Sequence[Rule]], Mapping[str, int]]


class GuardError(RuntimeError):
    """A guard cannot be installed or removed; nothing of it was left behind. The message is one line that says why.

    `rows` is the number of rows that it would refuse, where that is why.
    """

    def __init__(self, message: str, rows: int = 0) -> None:
        super().__init__(message)
        self.rows = rows


def install(connection: psycopg.Connection, guard: Guard, pace: Pace) -> bool:
    """Make what is missing of a guard, while the application goes on; gives whether there was anything to make.

    The connection commits by itself. Raises GuardError where a rule of the guard finds a violation, where the database
    lacks what it needs, where something else has its name, or where others never let go of the tables; what was made
    is taken away again then.
    """
    installed, refused = install_all(connection, [guard], pace)
    if refused:
        raise refused[guard.name]
    return bool(installed)


def install_all(
    connection: psycopg.Connection,
    wanted: Sequence[Guard],
    pace: Pace,
    count: Count = lambda _connection, _rules: {},
    tell: Callable[[int, int, str], None] = lambda _done, _of, _note: None,
) -> tuple[list[str], dict[str, GuardError]]:
    """Install guards, in their order, as `install` does; gives the names of those made, and why others were not.

    What `count` does not count is judged guard by guard. `tell` is called with the number of guards done, of all that
    are to be made, and what is being done.
    """
    if not connection.autocommit or connection.info.transaction_status != pq.TransactionStatus.IDLE:
        raise ValueError("guards are installed outside a transaction, on a connection that commits by itself")
    todo = [guard for guard in wanted if state(connection, guard) != "valid"]
    if not todo:
        return [], {}
    tell(0, len(todo), "judging what guards would refuse")
    counts = count(connection, rules_of(todo))
    made: dict[Guard, list[Part]] = {}
    refused: dict[str, GuardError] = {}
    for number, guard in enumerate(todo):
        tell(number, len(todo), f"guard {guard.name}")
        try:
            made[guard] = _install(connection, guard, pace, counts)
        except GuardError as error:
            refused[guard.name] = error
        except psycopg.Error as error:  # this server can have nothing of the kind: what is there cannot even be told
            if connection.closed:
                raise
            refused[guard.name] = GuardError(f"guard {guard.name} is not installed: {line(error)}")
    tell(len(todo), len(todo), "judging what came in meanwhile")
    counts = count(connection, rules_of(made)) if made else {}
    for guard in made:
        try:
            if needed := next((name for name in guard.after if name in refused), ""):
                raise GuardError(f"guard {guard.name} is not installed: it builds on the guard {needed}, which is not")
            _judge(connection, guard, counts)
        except GuardError as error:
            refused[guard.name] = error
        except psycopg.Error as error:
            if connection.closed:
                raise
            refused[guard.name] = GuardError(f"guard {guard.name} is not installed: {line(error)}")
    for guard in [guard for guard in reversed(made) if guard.name in refused]:
        try:
            _unmake(connection, made.pop(guard), pace, guard)
        except GuardError as error:  # others never let go of the tables
            refused[guard.name] = error
    return [guard.name for guard in made], refused


def foresee(
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
            refused[guard.name] = GuardError(f"guard {guard.name} cannot be judged: {line(error)}")
    return ready, refused


def rules_of(guards: Iterable[Guard]) -> list[Rule]:
    """The rules by which it is told what guards would refuse, each once."""
    return list({rule.id: rule for guard in guards if not guard.refuses for rule in guard.protects}.values())


def _install(connection: psycopg.Connection, guard: Guard, pace: Pace, counts: Mapping[str, int]) -> list[Part]:
    """Make what is missing of a guard; gives the parts that are to be taken away where it turns out to be refused.

    Raises GuardError, and has taken away what was made, where it cannot be made.
    """
    before = _parts(connection, guard)
    todo = [part for part, found in before.items() if found != "valid"]
    # a function that was there in another version is in use
    fresh = [part for part in todo if not (isinstance(part, Function) and before[part] == "invalid")]
    try:
        _judge(connection, guard, counts)
        for statement in home(guard):
            _run(connection, statement, pace, guard)
        for part in todo:
            _make(connection, part, before[part], pace, guard)
        if worst([part.state(connection) for part in guard.parts if not isinstance(part, Act)]) != "valid":
            raise GuardError(f"guard {guard.name} is not installed: it was made, and is not valid now")
    except (GuardError, psycopg.Error) as error:
        if connection.closed:
            raise
        _unmake(connection, fresh, pace, guard)
        if isinstance(error, GuardError):
            raise
        raise GuardError(f"guard {guard.name} is not installed: {line(error)}") from error
    return fresh


def _parts(connection: psycopg.Connection, guard: Guard, coming: Iterable[str] = ()) -> dict[Part, State]:
    """What is there of a guard. Raises GuardError where it cannot be made here; guards in `coming` count as there."""
    if lack := lacks(connection, guard, coming):
        raise GuardError(f"guard {guard.name} is not installed: {lack}")
    found = {part: part.state(connection) for part in guard.parts}
    if taken := [part.name for part in found if found[part] == "different"]:
        raise GuardError(
            f"guard {guard.name} is not installed: {taken[0]} is there already, with another definition: look at it,"
            " and rename or drop it"
        )
    return found


def _judge(connection: psycopg.Connection, guard: Guard, counts: Mapping[str, int]) -> None:
    """Raise GuardError where a guard would refuse a row that is there."""
    if rows := refuses(connection, guard, counts):
        rules = ", ".join(rule.id for rule in guard.protects)
        raise GuardError(
            f"guard {guard.name} is not installed: {rows} rows are left that it would refuse ({rules})", rows
        )


def remove(connection: psycopg.Connection, guard: Guard, pace: Pace) -> bool:
    """Take a guard away; gives whether anything was there. What others have made stays, whatever its effect.

    Guards that need this one are to be removed before. Raises GuardError where others never let go of the tables.
    """
    return _unmake(connection, list(guard.parts), pace, guard)


def _make(connection: psycopg.Connection, part: Part, found: State, pace: Pace, guard: Guard) -> None:
    for again in numbers(1):
        if isinstance(part, Index) and (found == "invalid" or again > 1):
            _unmake(connection, [part], pace, guard)
        try:
            for statement in part.made():
                _run(connection, statement, pace, guard)
        except _BUSY:
            if again >= _BUILDS:
                raise
            back_off(again)
        else:
            return


def _unmake(connection: psycopg.Connection, made: list[Part], pace: Pace, guard: Guard) -> bool:
    gone = False
    for part in reversed(made):
        there = f"select where {part.there(valid=False)}"
        if not isinstance(part, Act) and connection.execute(there.encode()).rowcount:
            if part.state(connection) == "different":
                continue
            for statement in part.unmade():
                _run(connection, statement, pace, guard)
            gone = True
    return gone


def _run(connection: psycopg.Connection, statement: Statement, pace: Pace, guard: Guard) -> None:
    """Run a statement; one that others may wait for is tried again and again, and never waits long."""
    brief = statement.how == "brief"
    wait = 0 if not pace.wait else max(1, min(100, pace.wait // 5)) if brief else _PATIENCE
    for again in numbers(1):
        try:
            if statement.how == "outside":
                with _timeouts(connection, wait, 0):
                    connection.execute(statement.text.encode())
            else:
                with connection.transaction():
                    connection.execute(f"set local lock_timeout = {wait}".encode())
                    connection.execute(f"set local statement_timeout = {pace.wait if brief else 0}".encode())
                    connection.execute(statement.text.encode())
        except (*_BUSY, errors.QueryCanceled) as error:
            if not brief:
                raise
            if again >= TRIES:
                raise GuardError(
                    f"guard {guard.name}: {line(error)}, {again} times: {_holders(connection, guard)}"
                ) from error
            back_off(again)
        else:
            return


@contextmanager
def _timeouts(connection: psycopg.Connection, lock: int, statement: int) -> Iterator[None]:
    names = ("lock_timeout", "statement_timeout")
    query = "select set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
    before = [connection.execute("select current_setting(%s)", [name]).fetchone() for name in names]
    connection.execute(query, [str(lock), str(statement)])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(query, [row[0] if row else "0" for row in before])


def _holders(connection: psycopg.Connection, guard: Guard) -> str:
    """Who holds the guard's tables."""
    rows = connection.execute(
        """
        select distinct l.pid, a.backend_type, a.state
        from pg_locks as l
        join pg_stat_activity as a on a.pid = l.pid
        where l.relation = any (select to_regclass(t) from unnest(%s::text[]) as t) and l.granted
          and l.mode <> 'AccessShareLock' and l.pid <> pg_backend_pid()
        """,
        [[part.table for part in guard.parts if part.table]],
    ).fetchall()
    held = ", ".join(f"process {pid} ({kind}{', ' + doing if doing else ''})" for pid, kind, doing in rows)
    return f"held by {held}" if held else "held by others"
