"""Data tests in the schema.yml of a dbt project.

Names of tables are quoted, as dbt-postgres quotes them; names of columns only if the file says `quote: true`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from order_audit.audit.interop import dbt_tests, yaml_file
from order_audit.audit.interop.check import CannotImportError, Check, Found, Level, Table, Value
from order_audit.audit.interop.dbt_tests import Test
from order_audit.audit.interop.names import folded, slug

_GROUPS: Final = ("models", "seeds", "snapshots")
#: Settings of a test, which may stand beside its arguments.
_SETTINGS: Final = frozenset(
    ("severity", "where", "error_if", "warn_if", "fail_calc", "limit", "tags", "enabled", "meta", "store_failures",
     "store_failures_as", "schema", "database", "alias", "group")
)  # fmt: skip
_THRESHOLD: Final = re.compile(r"\s*(>=|>|!=|<>)\s*(\d{1,18})\s*")
_REFERENCE: Final = re.compile(r"\s*(ref|source)\(\s*(['\"])([^'\"]+)\2\s*(?:,\s*(['\"])([^'\"]+)\4\s*)?\)\s*")


@dataclass(frozen=True)
class _Node:
    """A model or a table of a source, with what holds for its tests."""

    table: Table
    entry: dict[str, Any]
    shown: str
    owner: str = ""


def parse(text: str, path: str) -> Any:
    """Read a file's YAML."""
    return yaml_file.read(text, "dbt", path)


def recognised(document: Any) -> bool:
    """Return whether a document is a schema.yml with models or sources."""
    return isinstance(document, dict) and any(isinstance(document.get(name), list) for name in (*_GROUPS, "sources"))


def read(documents: Sequence[tuple[str, Any]], found: Found, _table: Table | None = None) -> None:
    """Read the tests of some files, by their paths. References to sources are looked up in all of them."""
    nodes: list[tuple[str, _Node]] = []
    sources: dict[tuple[str, str], Table] = {}
    for path, document in documents:
        for group in _GROUPS:
            for entry in _entries(document, group):
                config = _config(entry)
                nodes.append((path, _Node(Table(str(config.get("alias") or entry["name"])), entry, entry["name"],
                                          _owner(config, entry))))  # fmt: skip
        for source in _entries(document, "sources"):
            for entry in _entries(source, "tables"):
                table = Table(
                    str(entry.get("identifier") or entry["name"]), str(source.get("schema") or source["name"])
                )
                sources[source["name"], entry["name"]] = table
                shown = f"{source['name']}.{entry['name']}"
                nodes.append((path, _Node(table, entry, shown, _owner(_config(source), source, entry))))
    for path, node in nodes:
        _read_node(node, path, sources, found)


def _read_node(node: _Node, path: str, sources: dict[tuple[str, str], Table], found: Found) -> None:
    key = [
        name
        for it in _list(node.entry.get("constraints")) if isinstance(it, dict) and it.get("type") == "primary_key"
        for name in map(folded, map(str, _list(it.get("columns")))) if name
    ]  # fmt: skip
    for column in _entries(node.entry, "columns"):
        if any(isinstance(it, dict) and it.get("type") == "primary_key" for it in _list(column.get("constraints"))):
            key += [name for name in (_column(column),) if name]
    if key:
        found.keys[node.table] = tuple(key)
    for test in _tests(node.entry):
        _add(node, path, test, None, sources, found)
    for column in _entries(node.entry, "columns"):
        for test in _tests(column):
            _add(node, path, test, column, sources, found)


def _add(
    node: _Node, path: str, written: Any, column: dict[str, Any] | None, sources: dict[tuple[str, str], Table],
    found: Found,
) -> None:  # fmt: skip
    kind, options = next(iter(written.items())) if isinstance(written, dict) and written else (written, {})
    if isinstance(written, dict) and "test_name" in written:  # the long form
        kind, options = written["test_name"], {name: it for name, it in written.items() if name != "test_name"}
    elif isinstance(written, dict) and len(written) > 1:  # arguments beside the name instead of below it
        options = {**(options if isinstance(options, dict) else {}), **{k: v for k, v in written.items() if k != kind}}
    kind, options = str(kind), options if isinstance(options, dict) else {}
    about = f"{node.shown}.{column['name']}" if column else node.shown
    named = f" ({options['name']})" if options.get("name") else ""
    origin = f"{kind} of {about}{named} in {path}"
    settings = {name: it for name, it in options.items() if name in _SETTINGS} | _config(options)
    others = (*_SETTINGS, "config", "arguments", "name", "description")
    arguments = {name: it for name, it in options.items() if name not in others}
    arguments |= options.get("arguments") or {}
    try:
        if settings.get("enabled", True) is not True:
            raise CannotImportError("it is disabled")
        if str(node.table).count("{{") or _jinja([arguments, {**settings, "meta": None}]):
            raise CannotImportError("it contains Jinja, which only dbt can evaluate")
        name = str(arguments.pop("column_name", column["name"] if column else ""))
        test = Test(node.table, _checked_column(name, column), arguments, lambda to: _referenced(to, sources))
        check = dbt_tests.check(kind, test)
        file = str(options["name"]) if options.get("name") else f"{name} {kind.rpartition('.')[2]}"
        check = replace(
            check,
            name=slug(file),
            origin=origin,
            where=str(settings.get("where") or ""),
            owner=node.owner,
            tags=tuple(dict.fromkeys(map(str, _list(settings.get("tags"))))),
            why=str(options.get("description") or ""),
        )
        found.checks.append(_with_limits(check, settings))
    except CannotImportError as error:
        found.leave_out(origin, error)


def _with_limits(check: Check, settings: dict[str, Any]) -> Check:
    """Return the check with the levels of `severity`, `error_if` and `warn_if`, which dbt evaluates in this order."""
    if "fail_calc" in settings and str(settings["fail_calc"]).replace(" ", "") != "count(*)":
        raise CannotImportError("fail_calc is an expression of its own")
    warn = _threshold(settings, "warn_if")
    severity = str(settings.get("severity") or "error").lower()
    if severity == "warn":
        levels = [Level("warning", warn)]
    else:
        error = _threshold(settings, "error_if")
        levels = [Level("critical", error)]
        if warn < error:
            levels.append(Level("warning", warn))
    if isinstance(check.body, Value):
        if any(level.above for level in levels):
            raise CannotImportError("error_if and warn_if count rows, and this test becomes one value")
        return replace(check, levels=tuple(replace(check.levels[0], severity=it.severity) for it in levels))
    limit = settings.get("limit")
    if isinstance(limit, int):
        if limit <= max(level.above for level in levels):
            raise CannotImportError(f"with limit {limit} it never reaches its own threshold")
        check = replace(check, notes=(*check.notes, f"dbt reports {limit} failures at most, this rule counts them all"))
    return replace(check, levels=tuple(levels))


def _threshold(settings: dict[str, Any], name: str) -> int:
    text = str(settings.get(name) or "!= 0")
    match = _THRESHOLD.fullmatch(text)
    if match is None or (match[1] in ("!=", "<>") and match[2] != "0") or (match[1] == ">=" and match[2] == "0"):
        raise CannotImportError(f"{name} '{text}' is no lower limit of failures, such as '> 10'")
    return int(match[2]) - (match[1] == ">=")


def _checked_column(name: str, column: dict[str, Any] | None) -> str:
    if not name:
        return ""
    found = name if column and column.get("quote") is True else folded(name)
    if found is None:
        raise CannotImportError(f"column '{name}' is an expression or needs 'quote: true'")
    return found


def _column(column: dict[str, Any]) -> str:
    name = str(column["name"])
    return name if column.get("quote") is True else folded(name) or ""


def _referenced(text: str, sources: dict[tuple[str, str], Table]) -> Table:
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise CannotImportError(f"'{text}' is neither ref('…') nor source('…', '…')")
    if match[1] == "ref":
        return Table(match[5] or match[3])
    if (match[3], match[5]) not in sources:
        raise CannotImportError(f"{text.strip()} is not in the given files: name the file that declares it as well")
    return sources[match[3], match[5]]


def _jinja(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_jinja(it) for it in (*value, *value.values()))
    if isinstance(value, list):
        return any(map(_jinja, value))
    return isinstance(value, str) and ("{{" in value or "{%" in value)


def _tests(entry: dict[str, Any]) -> Iterator[Any]:
    for name in ("data_tests", "tests"):
        yield from _list(entry.get(name))


def _entries(entry: Any, name: str) -> list[dict[str, Any]]:
    found = entry.get(name) if isinstance(entry, dict) else None
    return [{**it, "name": str(it["name"])} for it in _list(found) if isinstance(it, dict) and "name" in it]


def _config(entry: dict[str, Any]) -> dict[str, Any]:
    config = entry.get("config")
    return config if isinstance(config, dict) else {}


def _owner(*entries: dict[str, Any]) -> str:
    for entry in entries:
        meta = entry.get("meta")
        if isinstance(meta, dict) and isinstance(meta.get("owner"), str):
            return str(meta["owner"])
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
