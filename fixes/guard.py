"""Guards: what makes a violation impossible, once its rule passes.

A guard is one SQL file, `fixes/guards/current/NAME.sql`:

    -- title: what can no longer happen
    -- protects: rule.id, rule.id
    -- needs: key orders.order_id, not null orders.customer_id, guard NAME, encoding utf8
    -- assumes: what an application has to keep to, and what the guard does not do
    --   and goes on here

    -- index orders:
    (order_ref)

    -- foreign key orders:
    (order_ref) references orders (order_id) deferrable initially deferred

`title` and `protects` must be there. `needs` is what must hold for the guard to refuse exactly what its rules find.
Then come the parts, in the order in which they are made: `check TABLE`, `index TABLE`, `unique index TABLE`, `foreign
key TABLE` and `trigger TABLE`, each with what SQL says after its kind and name (a word after TABLE tells two of a kind
apart); `function` (whole, in schema order_audit), `table` (its columns; in schema order_audit, under the guard's name),
and `statement` with a query `there` that says whether it has nothing left to do. In a function, `{violation}` stands
for the query of the guard's first rule, and `{orders}` for the table's qualified name. `refuses` is a query of the rows
that the guard would refuse; without it, these are the violations of its rules.

All that is added to tables has a name that begins with `order_audit_`, so that it is told from what was there, and that
alone is ever removed.

How one is installed. Only where none of its rules finds a violation, right before and right after: NOT VALID is no
shelter, a CHECK is enforced on every later update of an old bad row. Each statement runs in a transaction of its own.
Checks and foreign keys are added NOT VALID and then validated, indexes are built CONCURRENTLY. A statement that others
may have to wait for gives up after a fifth of what they may wait (`Pace.wait`) and is tried again, with a growing
pause; the others lock nobody out. What a killed run has left is finished by the next: a constraint is validated, an
invalid index is dropped and built again. What cannot be validated is taken away again. What is there already is left as
it is, under whatever name: an equal index, a foreign key from the same columns to the same, checks that rule out (the
planner proves it) every row that the guard's would refuse. An object of a guard's name that is something else is never
touched, and the guard refused.

Rules that no guard protects: `recreation.closed_is_covered_by_balance` and `recreation.customer_is_not_overcommitted`
ask for today's balance of what was decided earlier, and a debit must never be refused.
`recreation.decision_survives_rounding` has no violation where balances are whole cents and amounts integers, which the
guard of the former sees to. `lineage.recreated_order_has_successor` would refuse a nightly job that ends an order
before it inserts the next. `orders.api_key_belongs_to_one_customer` compares what lies within JSON across all orders,
which no index can do.

Guards work for roles that have no right on schema order_audit. A check's function runs as the role that writes, which
needs EXECUTE, and everybody has it; PostgreSQL does not ask for a right on the schema when it calls what a constraint
names. A trigger's function has to lock rows of tables that the role that writes may not even read: it runs as the role
that installed it (security definer), with a fixed search_path and qualified table names, and nobody else may call it.
Renaming a table that such a function names breaks it: remove the guard first.

What goes past guards: session_replication_role = replica (logical replication applies that way), ALTER TABLE ...
DISABLE TRIGGER ALL for foreign keys and triggers, TRUNCATE of one table alone for triggers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Final

import psycopg
from psycopg import errors, pq, sql

from expectations import Rule, load, schema_rules
from fixes import part as parts_of
from fixes.fill import SETTINGS
from fixes.fix import FixError, ordered
from fixes.part import PREFIX, Act, Function, Index, Part, State, Statement, Table, ruled_out
from fixes.work import Pace, back_off

_HOME: Final = Path(__file__).parent / "guards"
_FIELDS: Final = ("title", "protects", "needs", "assumes")
_FIELD: Final = re.compile(r"--\s?(?P<name>[a-z]+):\s*(?P<text>.*)")
_MORE: Final = re.compile(r"--\s{2,}(?P<text>.*)")
_PART: Final = re.compile(
    r"-- (?:(?P<kind>check|index|unique index|foreign key|trigger) (?P<table>\w+)(?: (?P<suffix>\w+))?"
    r"|(?P<bare>function|table|statement|there|refuses)):"
)
_KINDS: Final[dict[str, type[Part]]] = {
    "check": parts_of.Check,
    "index": parts_of.Index,
    "unique index": parts_of.UniqueIndex,
    "foreign key": parts_of.ForeignKey,
    "trigger": parts_of.Trigger,
}
_KEY: Final = """
select exists (
  select
  from pg_index as i
  join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
  where i.indrelid = %s::regclass and a.attname = %s and i.indnkeyatts = 1
    and i.indisunique and i.indimmediate and i.indisvalid and i.indpred is null
)
"""
_NEED: Final = re.compile(r"(key|not null) (\w+)\.(\w+)|(guard|encoding) (\w+)")
#: How often a statement is tried that others keep from its lock: some minutes.
TRIES: Final = 100
#: How often a build of an index is begun anew that ran into somebody else's.
_BUILDS: Final = 3
#: How long, in milliseconds, we wait for a lock for which nobody waits behind us.
_PATIENCE: Final = 600_000
_BUSY: Final = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)


class GuardError(RuntimeError):
    """A guard cannot be installed or removed; nothing of it was left behind. The message is one line that says why.

    `rows` is the number of rows that it would refuse, where that is why.
    """

    def __init__(self, message: str, rows: int = 0) -> None:
        super().__init__(message)
        self.rows = rows


@dataclass(frozen=True)
class Guard:
    """What makes the violations of some rules impossible, as its file says."""

    name: str
    title: str
    protects: tuple[Rule, ...]
    parts: tuple[Part, ...]
    needs: tuple[str, ...] = ()
    assumes: str = ""
    refuses: str = ""
    path: str = ""
    text: str = ""

    @cached_property
    def after(self) -> tuple[str, ...]:
        """The guards that must be there first."""
        return tuple(need.removeprefix("guard ") for need in self.needs if need.startswith("guard "))

    @cached_property
    def locks(self) -> tuple[str, ...]:
        """What installing it locks, and for how long; a sentence each."""
        return tuple(dict.fromkeys(part.locks for part in self.parts if part.locks))


@cache
def guards(suite: str = "current") -> dict[str, Guard]:
    """The guards of a suite by name, each after those that it needs. To be removed in the reverse order.

    Raises FixError for a file that is none.
    """
    rules = {rule.id: rule for rule in (*load(suite).rules, *schema_rules())}
    found = {
        path.stem: parse(path.read_text(encoding="utf-8"), path.stem, rules, path)
        for path in sorted((_HOME / suite).glob("*.sql"))
    }
    return {name: found[name] for name in ordered({name: guard.after for name, guard in found.items()})}


def parse(text: str, name: str, rules: dict[str, Rule], path: Path | str) -> Guard:
    """Read a guard's file. Raises FixError that names file and line."""
    header: dict[str, str] = {}
    sections: list[tuple[re.Match[str], list[str]]] = []
    field = ""
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.rstrip()
        if found := _PART.fullmatch(line):
            sections.append((found, []))
        elif sections:
            sections[-1][1].append(line)
        elif (more := _MORE.fullmatch(line)) and field:
            header[field] += " " + more["text"]
        elif (said := _FIELD.fullmatch(line)) and said["name"] in _FIELDS and said["name"] not in header:
            field = said["name"]
            header[field] = said["text"]
        elif line:
            raise FixError(f"{path}:{number}: neither a header ({', '.join(_FIELDS)}) nor a part: {line}")
    protects = [id.strip() for id in header.get("protects", "").split(",") if id.strip()]
    if unknown := [id for id in protects if id not in rules]:
        raise FixError(f"{path}: no rule {', '.join(unknown)}")
    needs = [need.strip() for need in header.get("needs", "").split(",") if need.strip()]
    if strange := [need for need in needs if not _NEED.fullmatch(need)]:
        raise FixError(f"{path}: cannot tell whether there is {', '.join(strange)}")
    protected = tuple(rules[id] for id in protects)
    parts = tuple(_parts(sections, name, protected, path))
    refuses = next((_body(lines) for found, lines in sections if found["bare"] == "refuses"), "")
    if not header.get("title") or not (protected or refuses) or not parts:
        raise FixError(f"{path}: a guard has a title, rules that it protects, and parts")
    return Guard(
        name, header["title"], protected, parts, tuple(needs), header.get("assumes", ""), refuses, str(path), text
    )


def _body(lines: list[str]) -> str:
    return "\n".join(lines).strip().removesuffix(";")


def _parts(
    sections: list[tuple[re.Match[str], list[str]]], guard: str, protects: tuple[Rule, ...], path: Path | str
) -> Iterator[Part]:
    there = next((_body(lines) for found, lines in sections if found["bare"] == "there"), "")
    names = set()
    for found, lines in sections:
        body = _body(lines)
        kind, suffix = found["kind"] or found["bare"], f"_{found['suffix']}" if found["suffix"] else ""
        name = PREFIX + guard + suffix
        if not body or (kind, name) in names or len(name) > 63:
            raise FixError(f"{path}: {kind} {name}: empty, there twice, or too long a name")
        names.add((kind, name))
        if kind == "function":
            body = body.replace("{violation}", protects[0].sql if protects else "")
            yield Function(f"order_audit.{guard}", "", body)
        elif kind == "table":
            yield Table(f"order_audit.{guard}", "", body)
        elif kind == "statement":
            yield Act(guard, "", body, there)
        elif kind in _KINDS:
            yield _KINDS[kind](name, found["table"], body)


def statements(guard: Guard) -> list[tuple[str, bool]]:
    """The SQL that installs a guard, as psql takes it, each with whether it runs in a transaction of its own.

    Running it again changes nothing. The first statement raises where the guard is not there and a rule of it finds a
    violation. They are to be run with a short lock_timeout, those outside a transaction with none.
    """
    made = _home(guard) + [statement for part in guard.parts for statement in part.made()]
    return _pairs([*_precondition(guard), *made])


def removal(guard: Guard) -> list[tuple[str, bool]]:
    """The SQL that removes a guard, likewise."""
    return _pairs([statement for part in reversed(guard.parts) for statement in part.unmade()])


def verification(guard: Guard) -> str:
    """A statement that raises where the guard is not there under its own names, or is not valid."""
    return f"""do $do$
begin
  if not ({_there(guard)}) then
    raise exception 'guard {guard.name} is not there, or not valid';
  end if;
end
$do$"""


def _there(guard: Guard) -> str:
    return "\n    and ".join(part.there() for part in guard.parts)


def _precondition(guard: Guard) -> list[Statement]:
    refused = (
        [(", ".join(rule.id for rule in guard.protects), guard.refuses)]
        if guard.refuses
        else [(rule.id, rule.sql) for rule in guard.protects]
    )
    return [
        Statement(
            f"""do $do$
begin
  if not ({_there(guard)}) and exists (
    select
    from (
{query}
    ) as violation
  ) then
    raise exception 'guard {guard.name} is not installed: {id} still finds violations';
  end if;
end
$do$""",
            "long",
        )
        for id, query in refused
    ]


def _home(guard: Guard) -> list[Statement]:
    if not any(isinstance(part, Function | Table) for part in guard.parts):
        return []
    return [
        Statement("create schema if not exists order_audit", "brief"),
        Statement("revoke all on schema order_audit from public", "brief"),
    ]


def _pairs(made: list[Statement]) -> list[tuple[str, bool]]:
    return [(statement.text, statement.how != "outside") for statement in made]


def state(connection: psycopg.Connection, guard: Guard) -> State:
    """Whether a guard is there. Valid too where others have made something of the same effect.

    `missing` is what is not there as a whole, `invalid` what is not validated, not finished or switched off;
    `different` is where something else has a name that it needs. It takes the right to make temporary tables; in a
    transaction that may only read, definitions are not compared.
    """
    try:
        with connection.transaction():
            return _worst([part.state(connection) for part in guard.parts])
    except psycopg.ProgrammingError:  # no such table or column
        return "missing"


def _worst(found: list[State]) -> State:
    worst: tuple[State, ...] = ("different", "invalid", "missing")
    return next((state for state in worst if state in found), "valid")


def refuses(connection: psycopg.Connection, guard: Guard) -> int:
    """How many rows a guard would refuse today."""
    with connection.transaction():
        for statement in SETTINGS:
            connection.execute(statement.replace("set ", "set local ", 1).encode())
        row = connection.execute(_refused(connection, guard).encode()).fetchone()
    return int(row[0]) if row else 0


def _refused(connection: psycopg.Connection, guard: Guard) -> str:
    query = guard.refuses or "\nunion\n".join(
        f"select distinct {_key(connection, rule)} from (\n{rule.sql}\n) as v" for rule in guard.protects
    )
    return f"select count(*) from (\n{query}\n) as refused"


def _key(connection: psycopg.Connection, rule: Rule) -> str:
    return "row(" + ", ".join(f"v.{sql.Identifier(column).as_string(connection)}" for column in rule.key) + ")::text"


def lacks(connection: psycopg.Connection, guard: Guard, coming: Iterable[str] = ()) -> str:
    """What a guard needs and this database has not, in words; nothing where it has all.

    The guards in `coming` count as there.
    """
    tables = {part.table for part in guard.parts if part.table} | {need[2] for need in _needs(guard) if need[2]}
    for table in sorted(tables):
        if not _is(connection, "select to_regclass(%s) is not null", table):
            return f"there is no table {table}"
    try:
        with connection.transaction():
            connection.execute(f"explain {_refused(connection, guard)}".encode())
    except psycopg.ProgrammingError as error:
        return _line(error)
    for _, kind, table, column, thing, name in _needs(guard):
        if kind == "key" and not _is(connection, _KEY, table, column):
            return f"{table}.{column} has no unique index: make it the primary key"
        if kind == "not null" and not ruled_out(connection, table, f"{column} is null"):
            return f"{table}.{column} may be null"
        if thing == "encoding" and not _is(connection, "select lower(getdatabaseencoding()) = %s", name):
            return f"the database's encoding is not {name}"
        if thing == "guard" and name not in coming and state(connection, guards()[name]) != "valid":
            return f"it builds on the guard {name}, which is not there"
    return ""


def _needs(guard: Guard) -> list[tuple[str, ...]]:
    found = (_NEED.fullmatch(need) for need in guard.needs)
    return [
        (need[0], need[1] or "", need[2] or "", need[3] or "", need[4] or "", need[5] or "") for need in found if need
    ]


def _is(connection: psycopg.Connection, question: str, *values: str) -> bool:
    row = connection.execute(question.encode(), values).fetchone()
    return bool(row and row[0])


def install(
    connection: psycopg.Connection,
    guard: Guard,
    pace: Pace,
    tell: Callable[[str], None] = lambda _note: None,
) -> bool:
    """Make what is missing of a guard, while the application goes on; gives whether there was anything to make.

    The connection commits by itself. Raises GuardError where a rule of the guard finds a violation, where the database
    lacks what it needs, where something else has its name, or where others never let go of the tables; what was made
    is taken away again then.
    """
    if not connection.autocommit or connection.info.transaction_status != pq.TransactionStatus.IDLE:
        raise ValueError("guards are installed outside a transaction, on a connection that commits by itself")
    if lack := lacks(connection, guard):
        raise GuardError(f"guard {guard.name} is not installed: {lack}")
    before = {part: part.state(connection) for part in guard.parts}
    if taken := [part.name for part, found in before.items() if found == "different"]:
        raise GuardError(
            f"guard {guard.name} is not installed: {taken[0]} is there already, with another definition: look at it,"
            " and rename or drop it"
        )
    todo = [part for part, found in before.items() if found != "valid"]
    if not todo:
        return False
    try:
        _judge(connection, guard)
        for statement in _home(guard):
            _run(connection, statement, pace, guard)
        for part in todo:
            tell(f"{guard.name}: {part.name}")
            _make(connection, part, before[part], pace, guard)
        _judge(connection, guard)
        if _worst([part.state(connection) for part in guard.parts if not isinstance(part, Act)]) != "valid":
            raise GuardError(f"guard {guard.name} is not installed: it was made, and is not valid now")
    except (GuardError, psycopg.Error) as error:
        if connection.closed:
            raise
        # a function that was there in another version is in use
        fresh = [part for part in todo if not (isinstance(part, Function) and before[part] == "invalid")]
        _unmake(connection, fresh, pace, guard)
        if isinstance(error, GuardError):
            raise
        raise GuardError(f"guard {guard.name} is not installed: {_line(error)}") from error
    return True


def remove(connection: psycopg.Connection, guard: Guard, pace: Pace) -> bool:
    """Take a guard away; gives whether anything was there. What others have made stays, whatever its effect.

    Guards that need this one are to be removed before. Raises GuardError where others never let go of the tables.
    """
    return _unmake(connection, list(guard.parts), pace, guard)


def _judge(connection: psycopg.Connection, guard: Guard) -> None:
    if rows := refuses(connection, guard):
        rules = ", ".join(rule.id for rule in guard.protects)
        raise GuardError(
            f"guard {guard.name} is not installed: {rows} rows are left that it would refuse ({rules})", rows
        )


def _make(connection: psycopg.Connection, part: Part, found: State, pace: Pace, guard: Guard) -> None:
    for again in count(1):
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
        if not isinstance(part, Act) and _is(connection, f"select {part.there(valid=False)}"):
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
    for again in count(1):
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
                    f"guard {guard.name}: {_line(error)}, {again} times: {_holders(connection, guard)}"
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


def _line(error: psycopg.Error) -> str:
    """What the server said, without the values that it shows in its detail."""
    return str(error).split("\n", 1)[0]
