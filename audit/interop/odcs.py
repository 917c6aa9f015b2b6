"""Data contracts of the Open Data Contract Standard 3, as datacontract-cli tests them on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from order_audit.audit.interop import odcs_checks, odcs_types, yaml_file
from order_audit.audit.interop.check import CannotImportError, Check, Found, Table
from order_audit.audit.interop.columns import Column, wrong
from order_audit.audit.interop.names import slug
from order_audit.audit.interop.odcs_checks import Property
from order_audit.expectations import Severity, ownership

_MILD = frozenset(("info", "warning", "warn", "low", "minor", "trivial"))


def parse(text: str, path: str) -> Any:
    """Read a file's YAML."""
    return yaml_file.read(text, "odcs", path)


def recognised(document: Any) -> bool:
    """Return whether a document is such a contract."""
    return (
        isinstance(document, dict)
        and document.get("kind") == "DataContract"
        and str(document.get("apiVersion", "")).startswith("v3")
    )


@dataclass(frozen=True)
class _Object:
    """An object of the contract's schema, with its table and what its checks inherit."""

    path: str
    entry: dict[str, Any]
    table: Table
    owner: str


def read(documents: Sequence[tuple[str, Any]], found: Found, _table: Table | None = None) -> None:
    """Read the checks of some contracts, by their paths, which name their tables."""
    for path, document in documents:
        schema = _schema(document)
        owner = str(document.get("team", {}).get("name") or "") if isinstance(document.get("team"), dict) else ""
        objects = [
            _Object(path, it, Table(str(it.get("physicalName") or it["name"]), schema), owner)
            for it in _list(document.get("schema")) if isinstance(it, dict) and "name" in it
        ]  # fmt: skip
        for it in objects:
            _read_object(it, {str(other.entry["name"]): other for other in objects}, found)
        for sla in _list(document.get("slaProperties")):
            if isinstance(sla, dict) and sla.get("property") in ("freshness", "retention"):
                _sla(sla, path, objects, found)


def _schema(document: dict[str, Any]) -> str:
    """The schema of the PostgreSQL server of the contract, if it has one server of that kind."""
    servers = [it for it in _list(document.get("servers")) if isinstance(it, dict) and it.get("type") == "postgres"]
    return str(servers[0].get("schema") or "") if len(servers) == 1 else ""


def _read_object(it: _Object, objects: dict[str, _Object], found: Found) -> None:
    properties = [Property(it.table, one) for one in _list(it.entry.get("properties"))
                  if isinstance(one, dict) and "name" in one]  # fmt: skip
    keys = sorted((one for one in properties if one.entry.get("primaryKey")),
                  key=lambda one: one.entry.get("primaryKeyPosition") or 0)  # fmt: skip
    if keys:
        found.keys[it.table] = tuple(one.name for one in keys)
    for one in properties:
        if one.entry.get("properties") or one.entry.get("items"):
            found.leave_out(f"properties of {it.table.name}.{one.name} in {it.path}", "it is nested")
        for name, make in odcs_checks.of_property(one, is_whole_key=len(keys) == 1):
            _add(it, f"{it.table.name}.{one.name}", slug(one.name, name), name, {}, make, found)
        for relation in _list(one.entry.get("relationships")):
            _add(it, f"{it.table.name}.{one.name}", slug(one.name, "relationships"), "relationships", {},
                 lambda one=one, relation=relation: _relationship(one, relation, objects), found)  # fmt: skip
        for number, rule in enumerate(_list(one.entry.get("quality"))):
            _quality(it, one, number, rule, found)
    if len(keys) > 1:
        _add(it, it.table.name, "primary_key_unique", "primary_key_unique", {},
             lambda: odcs_checks.unique(it.table, tuple(one.name for one in keys)), found)  # fmt: skip
    for number, rule in enumerate(_list(it.entry.get("quality"))):
        _quality(it, None, number, rule, found)
    for relation in _list(it.entry.get("relationships")):
        found.leave_out(f"relationship of {it.table.name} in {it.path}", f"it has several columns: {relation}")
    if properties:
        _add(it, it.table.name, "columns", "presence and types of the columns", {},
             lambda: _columns(it, properties, found), found)  # fmt: skip


def _columns(it: _Object, properties: list[Property], found: Found) -> Check:
    columns = []
    for one in properties:
        try:
            columns.append(odcs_types.column(one.name, one.entry))
        except CannotImportError as error:
            found.leave_out(f"type of {it.table.name}.{one.name} in {it.path}", error)
            columns.append(Column(one.name))
    return Check(it.table, "", f"{it.table.name} has other columns", "", wrong(it.table, columns, folded=True))


def _quality(it: _Object, one: Property | None, number: int, rule: Any, found: Found) -> None:
    rule = rule if isinstance(rule, dict) else {}
    kind = str(rule.get("type") or "library")
    metric = str(rule.get("metric") or rule.get("rule") or "")
    name = f"quality_sql_{number}" if kind == "sql" else odcs_checks.METRICS.get(metric, metric)
    about = f"{it.table.name}.{one.name}" if one else it.table.name
    label = f"quality {number + 1}, {metric or kind}"
    _add(it, about, slug(one.name if one else "", name), label, rule,
         lambda: odcs_checks.quality(it.table, one, kind, metric, rule), found)  # fmt: skip


def _add(
    it: _Object, about: str, name: str, label: str, rule: dict[str, Any], make: Any, found: Found
) -> None:  # fmt: skip
    origin = f"{label} of {about} in {it.path}"
    try:
        check: Check = make()
        mild = str(rule.get("severity") or "").strip().lower() in _MILD
        severity: Severity = "warning" if mild else "critical"
        found.checks.append(
            replace(
                check,
                name=name,
                title=str(rule.get("name") or check.title),
                origin=origin,
                levels=tuple(replace(level, severity=severity) for level in check.levels),
                owner=it.owner,
                tags=tuple(dict.fromkeys(map(str, [*_list(it.entry.get("tags")), *_list(rule.get("tags"))]))),
                links=_links(rule) or _links(it.entry),
                why=str(rule.get("businessImpact") or rule.get("description") or ""),
            )
        )
    except CannotImportError as error:
        found.leave_out(origin, error)


def _relationship(one: Property, relation: Any, objects: dict[str, _Object]) -> Check:
    to = relation.get("to") if isinstance(relation, dict) else None
    if not isinstance(to, str) or (relation.get("type") or "foreignKey") != "foreignKey":
        raise CannotImportError("it is no foreign key of one column")
    name, _, column = to.rpartition(".")
    if name not in objects:
        raise CannotImportError(f"the contract has no object {name}")
    return odcs_checks.reference(one, objects[name].table, _physical(objects[name], column))


def _physical(it: _Object, name: str) -> str:
    for one in _list(it.entry.get("properties")):
        if isinstance(one, dict) and one.get("name") == name:
            return str(one.get("physicalName") or name)
    raise CannotImportError(f"{it.entry['name']} has no property {name}")


def _sla(sla: dict[str, Any], path: str, objects: list[_Object], found: Found) -> None:
    element = str(sla.get("element") or "")
    origin = f"{sla['property']} of {element} in {path}"
    name, _, column = element.partition(".")
    it = next((one for one in objects if one.entry["name"] == name), None)
    try:
        if it is None:
            raise CannotImportError("it names no property of an object")
        check = odcs_checks.age(it.table, _physical(it, column), sla)
        name = slug(column, str(sla["property"]))
        found.checks.append(replace(check, name=name, origin=origin, owner=it.owner))
    except CannotImportError as error:
        found.leave_out(origin, error)


def _links(entry: dict[str, Any]) -> tuple[str, ...]:
    definitions = [it.get("url") for it in _list(entry.get("authoritativeDefinitions")) if isinstance(it, dict)]
    return tuple(dict.fromkeys(str(it) for it in definitions if ownership.is_web_address(str(it))))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
