"""The DDL of tables from the catalogs, line by line, each with the name of its object.

Run in order, the lines create the same tables: columns, constraints, indexes, triggers, policies, privileges and
comments, with the necessary sequences, enums and domains; then the views that read the tables. Not included: functions,
roles, owners, rewrite rules, storage parameters, partitions and rows. A partition that is requested itself has its
parent's columns. Names depend on the session's search path; findings of lint use the same names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, TypeAlias

import psycopg
from psycopg.rows import dict_row, namedtuple_row

from order_audit import session
from order_audit.audit import mask
from order_audit.audit.schema import ddl_queries as ask
from order_audit.audit.schema import masked
from order_audit.audit.schema.ddl_lines import (
    SERIAL,
    add_to_table,
    create_table,
    create_type,
    ddl_line,
    in_order,
    is_serial,
)
from order_audit.foreign_code import at_home
from order_audit.reports.document import Ddl, DdlLine, DdlTable, LeftOut

#: Tables shown; those that rules read first, then those with the worst findings. And views.
_MOST: Final = 40
#: Letters of a view's definition.
_LONGEST: Final = 8_000
#: Masks SQL, of which further names decide.
_Mask: TypeAlias = Callable[[str, Iterable[str]], str]


def document(
    connection: psycopg.Connection, judged: Iterable[int], objects: Iterable[str], *, unmask: bool = False
) -> Ddl:
    """Return the DDL part of a result document, masked unless `unmask`.

    It has the tables that rules `judged` (oids) and those with lint findings (`objects`, the worst first), up to 40,
    and up to 40 views that read them. Omitted ones are counted.
    """
    judged = list(dict.fromkeys(judged))
    try:
        with connection.transaction():
            known: dict[str, int] = dict(connection.execute(at_home(ask.NAMED).encode()).fetchall())
            wanted = list(dict.fromkeys([*judged, *_owners(known, objects)]))
            there = {*known.values()}
            wanted = [oid for oid in wanted if oid in there]
            shown = wanted[:_MOST]
            mask_with = _unmasked if unmask else masked.definition
            tables = ddl(connection, shown, mask_with)
            reading = views(connection, [*shown, *judged], mask_with)
            others = _others(connection, shown)
    except psycopg.Error as error:  # dropped meanwhile: what writes a definition sees the catalogs as they are now
        return Ddl((), mask.error(error))
    parts = [DdlTable(name, "table", tuple(lines)) for name, lines in tables.items()]
    parts += [DdlTable(name, "view", tuple(lines)) for name, lines in list(reading.items())[:_MOST]]
    left_out = LeftOut(
        tables=len(there) - len(shown),
        with_findings=len(wanted) - len(shown),
        views=max(len(reading) - _MOST, 0),
        **others,
    )
    return Ddl(tuple(parts), "", left_out)


def _unmasked(sql: str, _: Iterable[str] = ()) -> str:
    return sql


def ddl(
    connection: psycopg.Connection, oids: Collection[int], mask_with: _Mask = _unmasked
) -> dict[str, list[DdlLine]]:
    """The lines of each table, by its name as findings have it, those tables first that others refer to."""
    reader = _Reader(connection, oids, mask_with)
    return {
        table.prefix + table.name: [
            replace(line, sql=mask_with(line.sql, [table.bound_by or ""])) for line in reader.lines(table)
        ]
        for table in reader.tables
    }


def views(
    connection: psycopg.Connection, oids: Collection[int], mask_with: _Mask = _unmasked
) -> dict[str, list[DdlLine]]:
    """The lines of the views among some relations, and of those that read any of them, those first that others read."""
    rows = _rows(connection, ask.VIEWS, oids)
    if not rows:
        return {}
    reader = _Reader(connection, [view.oid for view in rows], mask_with)
    return {view.prefix + view.name: list(reader.view(view)) for view in rows}


def _rows(connection: psycopg.Connection, query: str, oids: Collection[int]) -> list[Any]:
    """Return the rows of a catalog query on some relations."""
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(at_home(query).encode(), {"oids": list(oids)}).fetchall()


def _others(connection: psycopg.Connection, shown: list[int]) -> dict[str, int]:
    """How many things there are of the kinds that are never shown."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(ask.OTHERS.encode(), {"oids": shown}).fetchone() or {}


def _owners(known: dict[str, int], objects: Iterable[str]) -> Iterator[int]:
    """The tables that things of these names belong to: the longest beginning of the name that is a table or index."""
    for name in objects:
        ends = [len(name), *(place for place in range(len(name) - 1, 0, -1) if name[place] == ".")]
        if oid := next((known[name[:end]] for end in ends if name[:end] in known), None):
            yield oid


class _Reader:
    """The catalog rows of some tables, as DDL by table."""

    def __init__(self, connection: psycopg.Connection, oids: Collection[int], mask_with: _Mask) -> None:
        self._connection = connection
        self._mask_with = mask_with
        self._oids = list(oids)
        self.tables = in_order(_rows(connection, ask.TABLES, oids))
        self._columns = self._by_table(ask.COLUMNS)
        self._constraints = self._by_table(ask.CONSTRAINTS)
        self._indexes = self._by_table(ask.INDEXES)
        self._triggers = self._by_table(ask.TRIGGERS)
        self._types = self._by_table(ask.TYPES)
        self._policies = self._by_table(ask.POLICIES)
        self._rights = self._by_table(ask.RIGHTS)
        self._told: set[int] = set()
        self._later: defaultdict[int, list[DdlLine]] = defaultdict(list)
        self._coming = [table.oid for table in self.tables]

    def _by_table(self, query: str) -> defaultdict[int, list[Any]]:
        by_table: defaultdict[int, list[Any]] = defaultdict(list)
        for row in _rows(self._connection, query, self._oids):
            by_table[row.oid].append(row)
        return by_table

    def lines(self, table: Any) -> Iterator[DdlLine]:
        """All of one table."""
        self._coming.remove(table.oid)
        name = table.prefix + table.name
        yield from self._before(table)
        inside = [] if table.bound else [self._column(table, column) for column in self._columns[table.oid]]
        after: list[DdlLine] = []
        for constraint in self._constraints[table.oid]:
            written = f"CONSTRAINT {constraint.named} {constraint.definition}"
            line = ddl_line(written, f"{name}.{constraint.name}")
            if constraint.kind == "f" and constraint.target in self._coming:
                self._later[constraint.target].append(add_to_table(table, line))
            elif constraint.is_inside:
                inside.append(line)
            else:
                after.append(add_to_table(table, line))
        yield from create_table(table, inside)
        yield from self._after(table)
        yield from after
        yield from self._guarded(table)
        yield from self._comments(table)
        yield from self._later[table.oid]

    def view(self, view: Any) -> Iterator[DdlLine]:
        """All of one view; the beginning of a very long one."""
        options = f" WITH ({view.options})" if view.options else ""
        # before it is broken into lines, and cut: a literal may have several
        body = self._mask_with(view.definition.rstrip(";"), ())
        written = mask.passwords(f"CREATE {view.kind} {view.named}{options} AS\n{body};")
        more = len(written) - _LONGEST
        about = view.prefix + view.name
        for line in written[:_LONGEST].split("\n"):
            yield ddl_line(line, about)
            about = ""
        if more > 0:
            yield ddl_line(
                f"-- {more:,} more characters: select pg_get_viewdef({self._literal(view.named)}::regclass, true)"
            )
        for part in self._of_view(view):
            yield replace(part, sql=self._mask_with(part.sql, ()))

    def _of_view(self, view: Any) -> Iterator[DdlLine]:
        """Return what follows a view's definition."""
        for index in self._indexes[view.oid]:
            yield ddl_line(f"{index.definition};", view.prefix + index.name)
        for trigger in self._triggers[view.oid]:
            yield ddl_line(f"{trigger.definition};", f"{view.prefix}{view.name}.{trigger.name}")
        yield from self._granted(view)
        things = [(view.kind, view.named, view.comment)] if view.comment else []
        things += [("COLUMN", f"{view.named}.{column}", comment) for column, comment in view.comments]
        for kind, named, comment in things:
            yield ddl_line(f"COMMENT ON {kind} {named} IS {self._literal(comment)};")

    def _guarded(self, table: Any) -> Iterator[DdlLine]:
        """Return the row-level security of a table."""
        if table.has_policies:
            yield ddl_line(f"ALTER TABLE {table.named} ENABLE ROW LEVEL SECURITY;")
        if table.binds_owner:
            yield ddl_line(f"ALTER TABLE {table.named} FORCE ROW LEVEL SECURITY;")
        for policy in self._policies[table.oid]:
            parts = [f"CREATE POLICY {policy.named} ON {table.named}"]
            parts += [] if policy.is_permissive else ["AS RESTRICTIVE"]
            parts.append(f"FOR {policy.command} TO {', '.join(policy.roles)}")
            parts += [f"USING ({policy.using_})"] if policy.using_ is not None else []
            parts += [f"WITH CHECK ({policy.check_})"] if policy.check_ is not None else []
            unused = "" if table.has_policies else "  -- without effect: row level security is not enabled"
            yield ddl_line(f"{' '.join(parts)};{unused}", f"{table.prefix}{table.name}.{policy.name}")
        yield from self._granted(table)

    def _granted(self, relation: Any) -> Iterator[DdlLine]:
        for right in self._rights[relation.oid]:
            more = " WITH GRANT OPTION" if right.is_grantable else ""
            yield ddl_line(f"GRANT {right.privileges} ON {relation.named} TO {right.grantee}{more};")

    def _before(self, table: Any) -> Iterator[DdlLine]:
        """Types and sequences that the table takes."""
        for kind in self._types[table.oid]:
            if kind.type not in self._told:
                self._told.add(kind.type)
                yield ddl_line(create_type(kind))
                if kind.comment:
                    yield ddl_line(f"COMMENT ON {'TYPE' if kind.kind == 'e' else 'DOMAIN'} {kind.named} IS "
                               f"{self._literal(kind.comment)};")  # fmt: skip
        for column in self._columns[table.oid]:
            if column.sequence and not column.identity and not is_serial(column) and column.sequence not in self._told:
                self._told.add(column.sequence)
                parts = ["CREATE SEQUENCE", column.sequence_named, "AS", column.sequence_type, column.options]
                yield ddl_line(" ".join(filter(None, parts)) + ";")

    def _column(self, table: Any, column: Any) -> DdlLine:
        serial = is_serial(column)
        parts = [column.named, SERIAL[column.type] if serial else column.type]
        if column.collation:
            parts.append(f"COLLATE {column.collation}")
        if column.identity:
            when = "ALWAYS" if column.identity == "a" else "BY DEFAULT"
            named = "" if column.has_usual_name else f"SEQUENCE NAME {column.sequence_named}"
            options = " ".join(filter(None, [named, column.options]))
            parts.append(f"GENERATED {when} AS IDENTITY" + (f" ({options})" if options else ""))
        elif column.generated:
            kind = "STORED" if column.generated == "s" else "VIRTUAL"
            parts.append(f"GENERATED ALWAYS AS ({column.preset}) {kind}")
        elif column.preset is not None and not serial:
            parts.append(f"DEFAULT {column.preset}")
        if column.is_not_null:
            parts.append((f"CONSTRAINT {column.not_null} " if column.not_null else "") + "NOT NULL")
            if column.ends_here:
                parts.append("NO INHERIT")
        return ddl_line(" ".join(parts), f"{table.prefix}{table.name}.{column.name}")

    def _after(self, table: Any) -> Iterator[DdlLine]:
        """Return the tables with their dependent sequences, indexes and triggers."""
        for column in self._columns[table.oid]:
            if column.sequence and column.is_owned and not column.identity and not is_serial(column):
                yield ddl_line(f"ALTER SEQUENCE {column.sequence_named} OWNED BY {table.named}.{column.named};")
        for index in self._indexes[table.oid]:
            valid = "" if index.is_valid else "  -- not valid: its build did not end"
            yield ddl_line(f"{index.definition};{valid}", table.prefix + index.name)
        for trigger in self._triggers[table.oid]:
            about = f"{table.prefix}{table.name}.{trigger.name}"
            yield ddl_line(f"{trigger.definition};", about)
            if trigger.state:
                yield ddl_line(f"ALTER TABLE {table.named} {trigger.state} TRIGGER {trigger.named};", about)

    def _comments(self, table: Any) -> Iterator[DdlLine]:
        things = [("TABLE", table.named, table.comment)]
        things += [("COLUMN", f"{table.named}.{it.named}", it.comment) for it in self._columns[table.oid]]
        for kind, rows in (
            ("CONSTRAINT", self._constraints),
            ("TRIGGER", self._triggers),
            ("POLICY", self._policies),
        ):
            things += [(kind, f"{it.named} ON {table.named}", it.comment) for it in rows[table.oid]]
        things += [("INDEX", it.named, it.comment) for it in self._indexes[table.oid]]
        for kind, named, comment in things:
            if comment is not None:
                yield ddl_line(f"COMMENT ON {kind} {named} IS {self._literal(comment)};")

    def _literal(self, text: str) -> str:
        return str(session.scalar(self._connection, "select quote_literal(%s)", [text]))
