"""Guards: what makes a violation impossible, once its rule passes.

A guard is one SQL file, `fixes/guards/current/NAME.sql`:

    -- title: what can no longer happen
    -- protects: rule.id, rule.id
    -- requires: key orders.order_id, not null orders.customer_id, guard NAME, encoding utf8
    -- assumes: what an application has to keep to, and what the guard does not do
    --   and goes on here

    -- index orders:
    (order_ref)

    -- foreign key orders:
    (order_ref) references orders (order_id) deferrable initially deferred

`title` and `protects` must be there. `requires` is what must hold for the guard to refuse exactly what its rules find.
Then come the parts, in the order in which they are made: `check TABLE`, `index TABLE`, `unique index TABLE`, `foreign
key TABLE` and `trigger TABLE`, each with what SQL says after its kind and name (a word after TABLE tells two of a kind
apart); `function` (whole, in schema order_audit), `table` (its columns; in schema order_audit, under the guard's name),
and `statement` with a query `there` that says whether it has nothing left to do. In a function, `{violation}` stands
for the query of the guard's first rule, and `{orders}` for the table's qualified name. `refuses` is a query of the rows
that the guard would refuse; without it, these are the violations of its rules.

All that is added to tables has a name that begins with `order_audit_`, so that it is told from what was there, and that
alone is ever removed.

Guards work for roles that have no right on schema order_audit. A check's function runs as the role that writes, which
needs EXECUTE, and everybody has it; PostgreSQL does not ask for a right on the schema when it calls what a constraint
names. A trigger's function has to lock rows of tables that the role that writes may not even read: it runs as the role
that installed it (security definer), with a fixed search_path and qualified table names, and nobody else may call it.
Renaming a table that such a function names breaks it: remove the guard first.

What goes past foreign keys and triggers: session_replication_role = replica (logical replication applies that way) and
ALTER TABLE ... DISABLE TRIGGER. Checks and unique indexes hold then, too. TRUNCATE fires no trigger, and leaves no
violation: of customers alone, the foreign key refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import psycopg
from psycopg import sql

from order_audit import session
from order_audit.expectations import Rule, fragments, load, schema_rules
from order_audit.expectations.fragments import Line
from order_audit.fixes.fix import FixError, ordered, with_fragments
from order_audit.fixes.guarding import objects as parts_of
from order_audit.fixes.guarding.objects import (
    PREFIX,
    CustomStatement,
    Function,
    GuardObject,
    GuardStatement,
    State,
    Table,
    ruled_out,
)

#: The suite whose rules have guards, or a header `unguarded` that says why there can be none.
SUITE: Final = "current"

_HOME: Final = Path(__file__).parents[1] / "guards"
_FIELDS: Final = ("title", "protects", "requires", "assumes")
_FIELD: Final = re.compile(r"--\s?(?P<name>[a-z]+):\s*(?P<text>.*)")
_MORE: Final = re.compile(r"--\s{2,}(?P<text>.*)")
_PART: Final = re.compile(
    r"-- (?:(?P<kind>check|index|unique index|foreign key|trigger) (?P<table>\w+)(?: (?P<suffix>\w+))?"
    r"|(?P<bare>function|table|statement|there|refuses)):"
)
_KINDS: Final[dict[str, type[GuardObject]]] = {
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


@dataclass(frozen=True)
class Guard:
    """What makes the violations of some rules impossible, as its file says."""

    name: str
    title: str
    protects: tuple[Rule, ...]
    objects: tuple[GuardObject, ...]
    requires: tuple[str, ...] = ()
    assumes: str = ""
    refuses: str = ""
    path: str = ""

    @cached_property
    def after(self) -> tuple[str, ...]:
        """The guards that must be there first."""
        return tuple(need.removeprefix("guard ") for need in self.requires if need.startswith("guard "))

    @cached_property
    def locks(self) -> tuple[str, ...]:
        """What installing it locks, and for how long; a sentence each."""
        return tuple(dict.fromkeys(guard_object.locks for guard_object in self.objects if guard_object.locks))

    def document(self, schema: str) -> dict[str, Any]:
        """The guard as JSON, with plain SQL that makes it, once, for tables in `schema`, a quoted identifier."""
        made = [f"{statement.text};" for statement in home(self)]
        return {
            "name": self.name,
            "title": self.title,
            "requires": list(self.requires),
            "assumes": self.assumes,
            "sql": "\n\n".join(made + [guard_object.display_sql(schema) for guard_object in self.objects]),
        }


@cache
def guards(suite: str = SUITE) -> dict[str, Guard]:
    """The guards of a suite by name, each after those that it needs. To be removed in the reverse order.

    Raises FixError for a file that is none.
    """
    rules = {rule.id: rule for rule in (*load(suite).rules, *schema_rules())}
    home = _HOME / suite
    texts = {path: with_fragments(path, home) for path in fragments.files(home)}
    found = {path.stem: read(lines, path.stem, rules, path) for path, lines in texts.items()}
    return {name: found[name] for name in ordered({name: guard.after for name, guard in found.items()})}


def parse(text: str, name: str, rules: dict[str, Rule], path: Path | str) -> Guard:
    """Read the text of a guard's file that includes no fragments. Raises FixError as `read` does."""
    return read(fragments.lines(text, str(path)), name, rules, path)


def read(lines: Sequence[Line], name: str, rules: dict[str, Rule], path: Path | str) -> Guard:
    """Read the lines of a guard's file. Raises FixError that names file and line."""
    header: dict[str, str] = {}
    sections: list[tuple[re.Match[str], list[str]]] = []
    field = ""
    for each in lines:
        line = each.text.rstrip()
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
            raise FixError(f"{each.path}:{each.number}: neither a header ({', '.join(_FIELDS)}) nor a part: {line}")
    protects = [id.strip() for id in header.get("protects", "").split(",") if id.strip()]
    if unknown := [id for id in protects if id not in rules]:
        raise FixError(f"{path}: no rule {', '.join(unknown)}")
    requires = [need.strip() for need in header.get("requires", "").split(",") if need.strip()]
    if strange := [need for need in requires if not _NEED.fullmatch(need)]:
        raise FixError(f"{path}: cannot tell whether there is {', '.join(strange)}")
    protected = tuple(rules[id] for id in protects)
    objects = tuple(_parts(sections, name, protected, path))
    refuses = next((_body(lines) for found, lines in sections if found["bare"] == "refuses"), "")
    if not header.get("title") or not (protected or refuses) or not objects:
        raise FixError(f"{path}: a guard has a title, rules that it protects, and parts")
    return Guard(
        name, header["title"], protected, objects, tuple(requires), header.get("assumes", ""), refuses, str(path)
    )


def _body(lines: list[str]) -> str:
    return "\n".join(lines).strip().removesuffix(";")


def _parts(
    sections: list[tuple[re.Match[str], list[str]]], guard: str, protects: tuple[Rule, ...], path: Path | str
) -> Iterator[GuardObject]:
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
            yield CustomStatement(guard, "", body, there)
        elif kind in _KINDS:
            yield _KINDS[kind](name, found["table"], body)


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
    return "\n    and ".join(guard_object.exists_sql() for guard_object in guard.objects)


def home(guard: Guard) -> list[GuardStatement]:
    if not any(isinstance(guard_object, Function | Table) for guard_object in guard.objects):
        return []
    return [
        GuardStatement("create schema if not exists order_audit", "brief"),
        GuardStatement("revoke all on schema order_audit from public", "brief"),
    ]


def state(connection: psycopg.Connection, guard: Guard) -> State:
    """Whether a guard is there. Valid too where others have made something of the same effect.

    `missing` is what is not there as a whole, `invalid` what is not validated, not finished or switched off;
    `different` is where something else has a name that it needs. It takes the right to make temporary tables; in a
    transaction that may only read, definitions are not compared.
    """
    try:
        with connection.transaction():
            return worst_state([guard_object.state(connection) for guard_object in guard.objects])
    except psycopg.ProgrammingError:  # no such table or column
        return "missing"


def worst_state(found: list[State]) -> State:
    worst: tuple[State, ...] = ("different", "invalid", "missing")
    return next((state for state in worst if state in found), "valid")


def refuses(connection: psycopg.Connection, guard: Guard, counts: Mapping[str, int] = MappingProxyType({})) -> int:
    """How many rows a guard would refuse today; `counts` are the violations of rules, as far as they are known."""
    known = [counts.get(rule.id, -1) for rule in guard.protects]
    if not guard.refuses and ((len(known) == 1 and known[0] >= 0) or not any(known)):
        return sum(known)
    with connection.transaction():
        session.configure(connection, local=True)
        return int(session.scalar(connection, _refused(connection, guard)))


def _refused(connection: psycopg.Connection, guard: Guard) -> str:
    query = guard.refuses or "\nunion\n".join(
        f"select distinct {_key(connection, rule)} from (\n{rule.sql}\n) as v" for rule in guard.protects
    )
    return f"select count(*) from (\n{query}\n) as refused"


def _key(connection: psycopg.Connection, rule: Rule) -> str:
    return "row(" + ", ".join(f"v.{sql.Identifier(column).as_string(connection)}" for column in rule.key) + ")::text"


def missing_prerequisite(connection: psycopg.Connection, guard: Guard, coming: Iterable[str] = ()) -> str:
    """What a guard needs and this database has not, in words; nothing where it has all.

    The guards in `coming` count as there.
    """
    if table := missing_table(connection, guard):
        return f"there is no table {table}"
    try:
        with connection.transaction():
            connection.execute(f"explain {_refused(connection, guard)}".encode())
    except psycopg.ProgrammingError as error:
        return error_line(error)
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


def missing_table(connection: psycopg.Connection, guard: Guard) -> str:
    """A table that a guard is on or needs, and that is not here; empty where all are."""
    tables = {guard_object.table for guard_object in guard.objects if guard_object.table} | {
        need[2] for need in _needs(guard) if need[2]
    }
    there = "select to_regclass(%s) is not null"
    return next((table for table in sorted(tables) if not _is(connection, there, table)), "")


def _needs(guard: Guard) -> list[tuple[str, ...]]:
    found = (_NEED.fullmatch(need) for need in guard.requires)
    return [
        (need[0], need[1] or "", need[2] or "", need[3] or "", need[4] or "", need[5] or "") for need in found if need
    ]


def _is(connection: psycopg.Connection, question: str, *values: str) -> bool:
    return bool(session.scalar(connection, question, values))


def error_line(error: psycopg.Error) -> str:
    """What the server said, without the values that it shows in its detail."""
    return str(error).split("\n", 1)[0]
