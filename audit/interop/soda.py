"""Data contracts of Soda 4. Names of tables and columns are quoted, exactly as written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from order_audit.audit.interop import soda_checks, yaml_file
from order_audit.audit.interop.check import CannotImportError, Found, Table
from order_audit.audit.interop.names import slug
from order_audit.audit.interop.soda_checks import Given


def parse(text: str, path: str) -> Any:
    """Read a file's YAML."""
    return yaml_file.read(text, "soda", path)


def recognised(document: Any) -> bool:
    """Return whether a document is a contract."""
    return isinstance(document, dict) and isinstance(document.get("dataset"), str)


def read(documents: Sequence[tuple[str, Any]], found: Found, _table: Table | None = None) -> None:
    """Read the checks of some contracts, by their paths, which name their tables."""
    for path, document in documents:
        table = soda_checks.dataset(document["dataset"])
        columns = [it for it in _list(document.get("columns")) if isinstance(it, dict) and "name" in it]
        contract = _Contract(path, table, str(document.get("filter") or ""), document.get("checks_attributes"), columns)
        for check in _list(document.get("checks")):
            _add(contract, check, {}, found)
        for column in columns:
            for check in _list(column.get("checks")):
                _add(contract, check, column, found)


@dataclass(frozen=True)
class _Contract:
    path: str
    table: Table
    where: str
    attributes: Any
    columns: list[dict[str, Any]]


def _add(contract: _Contract, written: Any, column: dict[str, Any], found: Found) -> None:
    kind, body = next(iter(written.items())) if isinstance(written, dict) and written else (str(written), {})
    body = body if isinstance(body, dict) else {}
    about = f"{contract.table.name}.{column['name']}" if column else contract.table.name
    name = str(body.get("name") or "")
    origin = f"{kind} of {about}{f' ({name})' if name else ''} in {contract.path}"
    try:
        if "${" in str((body, contract.where)):
            raise CannotImportError("a variable of Soda gets its value at run time")
        if column.get("column_expression") or body.get("column_expression"):
            raise CannotImportError("column_expression has no equivalent")
        given = Given(contract.table, column, body, contract.columns)
        check = soda_checks.check(str(kind), given)
        wheres = [it for it in (contract.where.strip(), str(body.get("filter") or "").strip()) if it]
        attributes = {**_dict(contract.attributes), **_dict(body.get("attributes"))}
        found.checks.append(
            replace(
                check,
                name=slug(name)
                if name
                else slug(str(column.get("name", "")), str(kind), str(body.get("qualifier", ""))),
                title=name or check.title,
                origin=origin,
                where=wheres[0] if len(wheres) == 1 else " and ".join(f"(\n{it}\n)" for it in wheres),
                owner=str(attributes.get("owner") or ""),
                tags=tuple(map(str, _list(attributes.get("tags")))),
                why=str(attributes.get("description") or ""),
            )
        )
    except CannotImportError as error:
        found.leave_out(origin, error)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
