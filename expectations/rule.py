"""A rule: one SQL file; the rows of its query are the violations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from order_audit.domain import diagram_kinds
from order_audit.expectations import fragments, limits, ownership, parameters, variables
from order_audit.expectations.bounds import Measure
from order_audit.expectations.error import SuiteError
from order_audit.expectations.for_each import ForEach
from order_audit.expectations.fragments import Line
from order_audit.expectations.header import Diagram, FollowsFrom, Highlight, Prefilter, Prerequisite, SchemaCause
from order_audit.expectations.limits import Level
from order_audit.expectations.names import column_list, unquoted
from order_audit.expectations.ownership import UNOWNED, Ownership
from order_audit.expectations.severity import Severity
from order_audit.expectations.variables import Span, Variable
from order_audit.expectations.written_limits import WrittenLimits, written

_FIELDS: Final = (
    "title", "severity", "key", "requires", "why", "limitations", "without", "highlight", "allowed_by", "hidden_by",
    "diagram", "follows_from", "prefilter", "prefilter_key", "connected", "unfixed", "unguarded",
    "personal", "harmless", "do_now",
    *ownership.FIELDS,
    "variables", "for_each",
    *limits.FIELDS,
)  # fmt: skip
#: Names of fields in files of earlier versions, and their names of today.
_RENAMED: Final = {
    "needs": "requires", "unchecked": "without", "offends": "highlight", "weakness": "allowed_by", "hides": "hidden_by",
    "unproven": "limitations", "picture": "diagram", "spare": "prefilter", "unique": "prefilter_key",
}  # fmt: skip
_FIELD_LINE = re.compile(r"--\s?(?P<name>[a-z_]+):\s*(?P<text>.*)")
#: Lines of a fix file.
_FIX_LINE = re.compile(r"--\s?(?:(?:assumes|leave|automatic):|(?:option|update|delete|after|given)\s[^:]+:).*")
_LIKE_A_FIX = ": this looks like a fix file; its folder belongs to --fixes"
_WHERE = re.compile(r"\s+where\s+", re.IGNORECASE)
_MORE_LINE = re.compile(r"--\s{2,}(?P<text>.*)")
_SIMPLE_NAME = re.compile(r"[^\s.,\"]+|\"(?:[^\"]|\"\")+\"")


@dataclass(frozen=True)
class Rule:
    """One expectation about the data.

    `sql` is one select without a trailing semicolon. Each of its rows is a violation, identified by the columns in
    `key`; its other columns are evidence. `lines` has the lines of `sql` with their file and line, to locate errors.
    `without` is the reason in business terms why the rule is not checkable if the schema lacks what it `requires`. A
    `prefilter` excludes rows before the statement runs, which must not change the result. `connected` are columns: the
    verdict on a row depends only on rows that equal values in them connect with it. `unfixed` and `unguarded` are
    the reasons why violations have no fix and no guard. `levels` say how many violations fail it at which severity
    (none: any fails it). `severity` is the worst that it can fail at. With a `measure`, each row is the value of a
    group, and a violation only if it breaks a bound.

    `values` are the values of variables in `sql`, by name; `spans` their places. A rule with `for_each` is repeated for
    values: its instances have the id of it as `base`.
    """

    id: str
    suite: str
    title: str
    severity: Severity
    key: tuple[str, ...]
    sql: str
    why: str = ""
    requires: tuple[Prerequisite, ...] = ()
    limitations: str = ""
    without: str = ""
    highlight: Highlight | None = None
    schema_causes: tuple[SchemaCause, ...] = ()
    diagram: Diagram | None = None
    follows_from: tuple[FollowsFrom, ...] = ()
    prefilter: Prefilter | None = None
    connected: tuple[Prerequisite, ...] = ()
    unfixed: str = ""
    unguarded: str = ""
    personal: tuple[str, ...] = ()
    harmless: tuple[str, ...] = ()
    do_now: str = ""
    ownership: Ownership = UNOWNED
    variables: tuple[Variable, ...] = ()
    for_each: ForEach | None = None
    values: tuple[tuple[str, str], ...] = ()
    base: str = ""
    levels: tuple[Level, ...] = ()
    measure: Measure | None = None
    open_limits: WrittenLimits | None = field(default=None, repr=False, compare=False)
    path: str = ""
    lines: tuple[Line, ...] = field(default=(), repr=False, compare=False)
    spans: tuple[Span, ...] = field(default=(), repr=False, compare=False)

    @property
    def is_pending(self) -> bool:
        """Whether the rule is only repeated, and its instances are not made yet."""
        return self.for_each is not None and not self.base

    def place(self, offset: int) -> tuple[str, int, int]:
        """The file, line and column (both from 1) of the character of `sql` at an offset (from 0)."""
        written = "\n".join(line.text for line in self.lines) if self.spans else self.sql
        before = written[: variables.written_offset(self.spans, offset)].split("\n")
        number, column = len(before), len(before[-1]) + 1
        if not self.lines:
            return self.path, number, column
        line = self.lines[number - 1]
        return line.path, line.number, max(column - line.indent, 1)


def parse(text: str, *, id: str, suite: str, path: PurePath | str) -> Rule:
    """Read the text of a rule file that includes no fragments. Raises SuiteError as `read` does."""
    return read(fragments.lines(text, str(path)), id=id, suite=suite, path=path)


def read(lines: Sequence[Line], *, id: str, suite: str, path: PurePath | str) -> Rule:
    """Read the lines of a rule file: a header of `-- name: text` lines, then the statement.

    A header line that begins with two spaces continues the line before it. Raises SuiteError with file and line for a
    malformed file.
    """
    header: dict[str, str] = {}
    places: dict[str, str] = {}
    field = ""
    first = 0
    for first, line in enumerate(lines):  # noqa: B007  the statement begins there
        stripped = line.text.rstrip()
        if not stripped.startswith("--"):
            if stripped or header:
                break
            continue
        if (more := _MORE_LINE.fullmatch(stripped)) and field:
            header[field] = f"{header[field]} {more['text']}".strip()
        elif field_match := _FIELD_LINE.fullmatch(stripped):
            field = field_match["name"]
            if field in _RENAMED:
                raise SuiteError(
                    f"{line.path}:{line.number}: header '{field}' is called '{_RENAMED[field]}' now: rename it"
                )
            if field not in _FIELDS:
                known = f" (known: {', '.join(_FIELDS)})" if not _is_fix(lines) else _LIKE_A_FIX
                raise SuiteError(f"{line.path}:{line.number}: unknown header '{field}'{known}")
            if field in header:
                raise SuiteError(f"{line.path}:{line.number}: header '{field}' stands twice")
            header[field], places[field] = field_match["text"].strip(), f"{line.path}:{line.number}"
        else:  # a remark, no part of any field
            field = ""
    else:
        first = len(lines)

    if not header.get("title"):
        raise SuiteError(f"{path}: the header lacks 'title'{_LIKE_A_FIX if _is_fix(lines) else ''}")
    declared, for_each = parameters.read(header, lines[:first])
    open_limits = written(header, places, str(path))
    limit = open_limits.first(declared) if open_limits else limits.read(header, places, str(path))
    body = fragments.trimmed(lines[first:])
    if not body:
        raise SuiteError(f"{path}: there is no statement after the header")
    return Rule(
        id=id,
        suite=suite,
        title=header["title"],
        severity=limit.severity,
        key=limit.key,
        sql="\n".join(line.text for line in body),
        why=header.get("why", ""),
        requires=_requires(header.get("requires", ""), path),
        limitations=header.get("limitations", ""),
        without=header.get("without", ""),
        highlight=_highlight(header["highlight"], path) if "highlight" in header else None,
        schema_causes=tuple(
            _schema_cause(item, field, path)
            for field in ("allowed_by", "hidden_by")
            for item in header.get(field, "").split(",")
            if item.strip()
        ),
        diagram=_diagram(header["diagram"], path) if "diagram" in header else None,
        follows_from=tuple(
            _follows_from(item, path) for item in header.get("follows_from", "").split(",") if item.strip()
        ),
        prefilter=_prefilter(header, path),
        connected=_connected(header.get("connected", ""), path),
        unfixed=header.get("unfixed", ""),
        unguarded=header.get("unguarded", ""),
        personal=column_list(header["personal"], "personal", path) if "personal" in header else (),
        harmless=column_list(header["harmless"], "harmless", path) if "harmless" in header else (),
        do_now=header.get("do_now", ""),
        ownership=ownership.read(header, path),
        variables=declared,
        for_each=for_each,
        levels=limit.levels,
        measure=limit.measure,
        open_limits=open_limits,
        path=str(path),
        lines=body,
    )


def _is_fix(lines: Sequence[Line]) -> bool:
    return any(_FIX_LINE.fullmatch(line.text.rstrip()) for line in lines)


def _highlight(text: str, path: PurePath | str) -> Highlight:
    columns, _, test = _WHERE.sub("\n", text, count=1).partition("\n")
    return Highlight(column_list(columns, "highlight", path), test.strip())


def _schema_cause(text: str, field: str, path: PurePath | str) -> SchemaCause:
    words = text.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith("schema."):
        raise SuiteError(f"{path}: {field} '{text.strip()}' is not 'schema.RULE OBJECT [WHICH]'")
    return SchemaCause(words[0], words[1], allows=field == "allowed_by", which=" ".join(words[2:]))


def _diagram(text: str, path: PurePath | str) -> Diagram:
    kind, _, keys = text.partition(" of ")
    kinds = sorted(diagram_kinds())
    if kind in kinds and keys:
        return Diagram(kind, column_list(keys, "diagram", path))
    known = ", ".join(kinds) or "none is installed"
    raise SuiteError(f"{path}: diagram '{text}' is not 'KIND of COLUMN, ...' with a kind of a domain ({known})")


def _follows_from(text: str, path: PurePath | str) -> FollowsFrom:
    match text.split():
        case [rule]:
            return FollowsFrom(rule)
        case [rule, "by", column]:
            return FollowsFrom(rule, unquoted(column))
    raise SuiteError(f"{path}: follows_from '{text.strip()}' is not 'RULE' or 'RULE by COLUMN'")


def _prefilter(header: dict[str, str], path: PurePath | str) -> Prefilter | None:
    if "prefilter" not in header:
        return None
    table, _, query = (part.strip() for part in header["prefilter"].partition(";"))
    if len(table.split()) != 3 or not query.lower().startswith("select ") or ";" in query:
        raise SuiteError(f"{path}: prefilter is 'TABLE as ROW; select ...', not '{header['prefilter']}'")
    return Prefilter(table, query, _requires(header.get("prefilter_key", ""), path))


def _connected(text: str, path: PurePath | str) -> tuple[Prerequisite, ...]:
    columns = _requires(text, path)
    if any(not column.table for column in columns):
        raise SuiteError(f"{path}: connected '{text}' is not 'TABLE.COLUMN, ...'")
    return columns


def _requires(text: str, path: PurePath | str) -> tuple[Prerequisite, ...]:
    return tuple(_required(item, path) for item in text.split(",") if item.strip())


def _required(text: str, path: PurePath | str) -> Prerequisite:
    words = text.split()
    if len(words) == 2 and words[0] == "encoding":
        return Prerequisite("", words[1].lower())
    names = _SIMPLE_NAME.findall(text.strip())
    if len(names) < 2 or ".".join(names) != text.strip():
        raise SuiteError(f"{path}: requires '{text.strip()}' is neither 'table.column' nor 'encoding NAME'")
    return Prerequisite(".".join(unquoted(name) for name in names[:-1]), unquoted(names[-1]))
