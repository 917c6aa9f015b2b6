"""Guards: database objects that prevent violations of rules that pass.

A guard is one SQL file, `fixes/guards/current/NAME.sql`, or NAME.sql below a folder of one's own:

    -- title: the violation that it prevents
    -- protects: rule.id, rule.id
    -- requires: key orders.order_id, key ops.stock (site, sku), not null orders.customer_id, guard NAME, encoding utf8
    -- assumes: what applications have to do, and what the guard does not prevent;
    --   continued here

    -- index orders:
    (order_ref)

    -- foreign key orders:
    (order_ref) references orders (order_id) deferrable initially deferred

`title` and `protects` are mandatory. `requires` has the conditions under which the guard rejects exactly the violations
of its rules. The guard objects follow, in the order of their creation:

- `check TABLE`, `index TABLE`, `unique index TABLE`, `foreign key TABLE` and `trigger TABLE`, each with the SQL after
  its kind and name. TABLE is SQL, with its schema or without. A word after TABLE distinguishes two of a kind.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from order_audit.expectations import Rule, fragments, load, schema_rules, unknown_rule
from order_audit.expectations.fragments import Line
from order_audit.fixes.fix import FixError, ordered, with_fragments
from order_audit.fixes.guarding.constraints import Check, ForeignKey
from order_audit.fixes.guarding.guard import Guard, Need
from order_audit.fixes.guarding.guard_object import PREFIX, GuardObject
from order_audit.fixes.guarding.indexes import Index, UniqueIndex
from order_audit.fixes.guarding.tables import CustomStatement, Table
from order_audit.fixes.guarding.triggers import Function, Trigger
from order_audit.fixes.names import NAME, columns, folded

#: The suite whose rules have a guard, or a header `unguarded` with the reason.
SUITE: Final = "current"

_HOME: Final = Path(__file__).parents[1] / "guards"
_FIELDS: Final = ("title", "protects", "requires", "assumes")
_FIELD: Final = re.compile(r"--\s?(?P<name>[a-z]+):\s*(?P<text>.*)")
_MORE: Final = re.compile(r"--\s{2,}(?P<text>.*)")
_TABLE: Final = rf"{NAME}(?:\.{NAME})?"
_PART: Final = re.compile(
    rf"-- (?:(?P<kind>check|index|unique index|foreign key|trigger) (?P<table>{_TABLE})(?: (?P<suffix>[a-z0-9_]+))?"
    r"|(?P<bare>function|table|statement|there|refuses)):"
)
#: Lines of other files.
_OTHERS: Final = {
    r"--\s?(severity|key):": "rule file; its folder belongs to --suite",
    r"--\s?(leave:|automatic:|option |given |after )": "fix file; its folder belongs to --fixes",
}
#: What was meant as the head of a part.
_NEAR: Final = re.compile(r"--\s?(check|index|unique index|foreign key|trigger)\s+\S+(?:\s+\S+)?:")
_KINDS: Final[dict[str, type[GuardObject]]] = {
    "check": Check,
    "index": Index,
    "unique index": UniqueIndex,
    "foreign key": ForeignKey,
    "trigger": Trigger,
}
#: A need: `key` with a table and its columns, `not null` with a table and a column, `guard` or `encoding` with a name.
_NEED: Final = re.compile(
    rf"key (?P<keyed>{_TABLE})\s*\((?P<columns>{NAME}(?:\s*,\s*{NAME})*)\)"
    rf"|(?P<kind>key|not null) (?P<table>{_TABLE})\.(?P<column>{NAME})|(?P<thing>guard|encoding) (?P<name>\w+)"
)
#: What stands between commas, outside of quotes and parentheses.
_ITEM: Final = re.compile(r'(?:"[^"]*"|\((?:"[^"]*"|[^)"])*\)|[^,"(])+')
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


@cache
def guards(suite: str = SUITE) -> dict[str, Guard]:
    """Return the guards of a suite by name, each after those that it requires. Remove them in reverse order.

    Raises FixError for a file that is none.
    """
    rules = {rule.id: rule for rule in (*load(suite).rules, *schema_rules())}
    home = _HOME / suite
    return in_order([read(with_fragments(path, home), path.stem, rules, path) for path in fragments.files(home)])


def in_order(found: Iterable[Guard]) -> dict[str, Guard]:
    """Return guards by name, each after those that it requires, with these. Raises FixError for a name that is none."""
    by_name = {guard.name: guard for guard in found}
    for guard in by_name.values():
        if lost := [name for name in guard.after if name not in by_name]:
            raise FixError(f"{guard.path}: it requires the guard {lost[0]}, of which there is no file")
    made: dict[str, Guard] = {}
    for name in ordered({name: guard.after for name, guard in by_name.items()}):
        made[name] = replace(by_name[name], required=tuple(made[other] for other in by_name[name].after))
    return made


def parse(text: str, name: str, rules: Mapping[str, Rule], path: Path | str) -> Guard:
    """Read the text of a guard's file that includes no fragments. Raises FixError as `read` does."""
    return read(fragments.lines(text, str(path)), name, rules, path)


def read(lines: Sequence[Line], name: str, rules: Mapping[str, Rule], path: Path | str) -> Guard:
    """Read the lines of a guard's file. Raises FixError that names file and line."""
    header: dict[str, str] = {}
    places: dict[str, int] = {}
    sections: list[Section] = []
    field = ""
    for each in lines:
        line = each.text.rstrip()
        if match := _PART.fullmatch(line):
            sections.append(Section(match, [], f"{each.path}:{each.number}"))
        elif sections:
            if near := _NEAR.fullmatch(line):
                raise FixError(
                    f"{each.path}:{each.number}: not '-- {near[1]} TABLE:', with a word behind TABLE at most"
                )
            sections[-1].lines.append(line)
        elif (more := _MORE.fullmatch(line)) and field:
            header[field] += " " + more["text"]
        elif (
            (field_match := _FIELD.fullmatch(line))
            and field_match["name"] in _FIELDS
            and field_match["name"] not in header
        ):
            field = field_match["name"]
            header[field] = field_match["text"]
            places[field] = each.number
        elif line:
            if other := next((words for words in _OTHERS if re.match(words, line)), ""):
                raise FixError(f"{each.path}:{each.number}: this looks like a {_OTHERS[other]}")
            raise FixError(f"{each.path}:{each.number}: neither a header ({', '.join(_FIELDS)}) nor a part: {line}")
    protects = [id.strip() for id in header.get("protects", "").split(",") if id.strip()]

    def at(field: str) -> str:
        return f"{path}:{places.get(field, 1)}"

    if not _NAME.fullmatch(name):
        raise FixError(f"{path}: the name of a guard's file has small letters, digits and _ alone: {PREFIX}NAME is SQL")
    if unknown := [id for id in protects if id not in rules]:
        raise FixError(f"{at('protects')}: no rule {', '.join(unknown)}{unknown_rule(unknown[0], rules.values())}")
    requires = [need.strip() for need in _ITEM.findall(header.get("requires", "")) if need.strip()]
    if strange := [need for need in requires if not _NEED.fullmatch(need)]:
        raise FixError(
            f"{at('requires')}: cannot determine whether there is {', '.join(strange)}: write 'key TABLE.COLUMN',"
            " 'key TABLE (COLUMN, COLUMN)', 'not null TABLE.COLUMN', 'guard NAME' or 'encoding utf8'"
        )
    protected = tuple(rules[id] for id in protects)
    objects = tuple(_parts(sections, name, protected))
    refuses = next((section.body for section in sections if section.match["bare"] == "refuses"), "")
    if not header.get("title") or not (protected or refuses) or not objects:
        raise FixError(f"{path}: a guard has a title, rules that it protects, and parts")
    return Guard(
        name, header["title"], protected, objects, tuple(requires), header.get("assumes", ""), refuses, str(path),
        tuple(_need(need) for need in requires), text="\n".join(line.text for line in lines),
    )  # fmt: skip


def _need(text: str) -> Need:
    """A need, once its form is known to be right."""
    match = _NEED.fullmatch(text)
    if match is None:
        raise ValueError(text)
    if match["thing"]:
        return Need(match["thing"], name=match["name"])
    return Need(
        match["kind"] or "key", match["keyed"] or match["table"], tuple(columns(match["columns"] or match["column"]))
    )


class Section(NamedTuple):
    """The lines of a part, its head and its place."""

    match: re.Match[str]
    lines: list[str]
    where: str

    @property
    def body(self) -> str:
        """The SQL."""
        return "\n".join(self.lines).strip().removesuffix(";").rstrip()


def _parts(sections: list[Section], guard: str, protects: tuple[Rule, ...]) -> Iterator[GuardObject]:
    there = next((section.body for section in sections if section.match["bare"] == "there"), "")
    names = set()
    for section in sections:
        match, body = section.match, section.body
        kind, suffix = match["kind"] or match["bare"], f"_{match['suffix']}" if match["suffix"] else ""
        name = PREFIX + guard + suffix
        if not body or (kind, name) in names or len(name) > 63:
            raise FixError(f"{section.where}: {kind} {name}: empty, there twice, or too long a name")
        if kind != "statement" and ("$do$" in body or "$format$" in body):
            raise FixError(f"{section.where}: {kind} {name}: $do$ and $format$ are the quotes of the statements around")
        names.add((kind, name))
        made: GuardObject | None = None
        if kind == "function":
            body = body.replace("{violation}", protects[0].sql if protects else "")
            made = Function(f"order_audit.{guard}", "", body)
        elif kind == "table":
            made = Table(f"order_audit.{guard}", "", body)
        elif kind == "statement":
            made = CustomStatement(guard, "", body, there)
        elif kind in _KINDS:
            made = _KINDS[kind](name, folded(match["table"]), body)
        if made is not None and made.fault:
            raise FixError(f"{section.where}: {kind} {name}: {made.fault}")
        if made is not None:
            yield made
