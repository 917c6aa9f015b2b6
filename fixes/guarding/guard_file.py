"""Guards: database objects that prevent violations of rules that pass.

A guard is one SQL file, `fixes/guards/current/NAME.sql`:

    -- title: the violation that it prevents
    -- protects: rule.id, rule.id
    -- requires: key orders.order_id, not null orders.customer_id, guard NAME, encoding utf8
    -- assumes: what applications have to do, and what the guard does not prevent;
    --   continued here

    -- index orders:
    (order_ref)

    -- foreign key orders:
    (order_ref) references orders (order_id) deferrable initially deferred

`title` and `protects` are mandatory. `requires` has the conditions under which the guard rejects exactly the violations
of its rules. The guard objects follow, in the order of their creation:

- `check TABLE`, `index TABLE`, `unique index TABLE`, `foreign key TABLE` and `trigger TABLE`, each with the SQL after
  its kind and name. A word after TABLE distinguishes two of a kind.
- `function`: the whole statement, in schema order_audit.
- `table`: the columns; it is in schema order_audit, with the guard's name.
- `statement` with a query `there` that returns whether nothing is left to do.

In a function, `{violation}` is the query of the guard's first rule, and `{orders}` the table's qualified name.
`refuses` is a query of the rows that the guard would reject; the default is the violations of its rules.

Objects on tables have names that begin with `order_audit_`, and only such objects are ever removed.

Guards work for roles without privileges on schema order_audit. A check's function runs as the role that writes, which
needs EXECUTE (granted to public). PostgreSQL does not check USAGE of the schema for a constraint's function. A
trigger's function locks rows of tables that the writing role may not read. So it runs as the role that installed it
(security definer), with a fixed search_path and qualified table names, and other roles may not call it. Renaming a
table that such a function names breaks it: remove the guard first.

session_replication_role = replica (used by logical replication) and ALTER TABLE ... DISABLE TRIGGER bypass foreign keys
and triggers, but not checks and unique indexes. TRUNCATE fires no row trigger and leaves no violation: the foreign key
rejects a TRUNCATE of customers alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from order_audit.expectations import Rule, fragments, load, schema_rules
from order_audit.expectations.fragments import Line
from order_audit.fixes.fix import FixError, ordered, with_fragments
from order_audit.fixes.guarding.constraints import Check, ForeignKey
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_object import PREFIX, GuardObject
from order_audit.fixes.guarding.indexes import Index, UniqueIndex
from order_audit.fixes.guarding.tables import CustomStatement, Table
from order_audit.fixes.guarding.triggers import Function, Trigger

#: The suite whose rules have a guard, or a header `unguarded` with the reason.
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
    "check": Check,
    "index": Index,
    "unique index": UniqueIndex,
    "foreign key": ForeignKey,
    "trigger": Trigger,
}
NEED: Final = re.compile(r"(key|not null) (\w+)\.(\w+)|(guard|encoding) (\w+)")


@cache
def guards(suite: str = SUITE) -> dict[str, Guard]:
    """Return the guards of a suite by name, each after those that it requires. Remove them in reverse order.

    Raises FixError for a file that is none.
    """
    rules = {rule.id: rule for rule in (*load(suite).rules, *schema_rules())}
    home = _HOME / suite
    texts = {path: with_fragments(path, home) for path in fragments.files(home)}
    by_name = {path.stem: read(lines, path.stem, rules, path) for path, lines in texts.items()}
    return {name: by_name[name] for name in ordered({name: guard.after for name, guard in by_name.items()})}


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
        if match := _PART.fullmatch(line):
            sections.append((match, []))
        elif sections:
            sections[-1][1].append(line)
        elif (more := _MORE.fullmatch(line)) and field:
            header[field] += " " + more["text"]
        elif (
            (field_match := _FIELD.fullmatch(line))
            and field_match["name"] in _FIELDS
            and field_match["name"] not in header
        ):
            field = field_match["name"]
            header[field] = field_match["text"]
        elif line:
            raise FixError(f"{each.path}:{each.number}: neither a header ({', '.join(_FIELDS)}) nor a part: {line}")
    protects = [id.strip() for id in header.get("protects", "").split(",") if id.strip()]
    if unknown := [id for id in protects if id not in rules]:
        raise FixError(f"{path}: no rule {', '.join(unknown)}")
    requires = [need.strip() for need in header.get("requires", "").split(",") if need.strip()]
    if strange := [need for need in requires if not NEED.fullmatch(need)]:
        raise FixError(f"{path}: cannot determine whether there is {', '.join(strange)}")
    protected = tuple(rules[id] for id in protects)
    objects = tuple(_parts(sections, name, protected, path))
    refuses = next((_body(lines) for match, lines in sections if match["bare"] == "refuses"), "")
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
    there = next((_body(lines) for match, lines in sections if match["bare"] == "there"), "")
    names = set()
    for match, lines in sections:
        body = _body(lines)
        kind, suffix = match["kind"] or match["bare"], f"_{match['suffix']}" if match["suffix"] else ""
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
            yield _KINDS[kind](name, match["table"], body)
