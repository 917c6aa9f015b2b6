"""The rules of suites as checks of other tools: data contracts (ODCS) with SQL rules, or singular tests of dbt.

Each check counts the violations as an audit does: different keys, and each row with a NULL in its key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.interop.check import CannotImportError, LeftOut
from order_audit.audit.interop.names import quoted
from order_audit.errors import UsageError
from order_audit.expectations import Rule, load

#: The formats by name, with what each writes.
TARGETS: Final = {"odcs": "a file", "dbt": "a folder"}

#: What datacontract-cli replaces in a query.
_REPLACED: Final = re.compile(
    r"\$\{|\{(?:model|table|object|schema|dataset|project|catalog|database|field|column|property)\}"
)


@dataclass
class Exported:
    """The checks that were written, by rule, and the rules without one."""

    written: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def export(suites: Sequence[str], to: str, out: Path) -> Exported:
    """Write the rules of suites for a tool: `odcs` writes the file `out`, `dbt` the folder `out`.

    Raises UsageError for an unknown format, or if a file to be written exists; SuiteError for an unusable suite.
    """
    if to not in TARGETS:
        raise UsageError(f"--to {to}: the formats are {', '.join(TARGETS)}")
    exported = Exported()
    tables: dict[RelationName, list[dict[str, Any]]] = {}
    files: dict[Path, str] = {}
    for rule in load(*suites).rules:
        try:
            body, table = _readable(rule)
            if to == "dbt":
                files[out / f"{rule.id.replace('.', '__')}.sql"] = _dbt_test(rule, body)
            else:
                tables.setdefault(table, []).append(_quality(rule, body))
        except CannotImportError as error:
            exported.left_out.append(LeftOut(rule.id, str(error)))
            continue
        exported.written.append(rule.id)
    if tables:
        files[out] = _contract(suites, tables)
    _write(files)
    return exported


def _readable(rule: Rule) -> tuple[str, RelationName]:
    """Return the query and the first table that it reads. Raises CannotImportError for a rule of another form."""
    for is_there, what in (
        (rule.measure, "a measured value"),
        (rule.levels, "limits of the number of rows"),
        (rule.variables, "variables"),
        (rule.for_each, "repetition"),
    ):
        if is_there:
            raise CannotImportError(f"it has {what}")
    parsed = parsed_query.parse(rule)
    if not parsed.relations:
        raise CannotImportError("it reads no table")
    return rule.sql.rstrip().removesuffix(";"), parsed.relations[0]


def _quality(rule: Rule, body: str) -> dict[str, Any]:
    keys = [quoted(name) for name in rule.key]
    missing = " or ".join(f"{name} is null" for name in keys)
    key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    different = f"count(distinct {key}) filter (where not ({missing}))" if len(keys) > 1 else f"count(distinct {key})"
    query = f"select {different} + count(*) filter (where {missing})\nfrom (\n{body}\n) as violation\n"
    if found := _REPLACED.search(query):
        raise CannotImportError(f"its query contains {found[0]}, which a contract replaces")
    return {
        "id": rule.id.replace(".", "_"),
        "name": rule.id,
        "description": rule.title,
        **({"businessImpact": rule.why} if rule.why else {}),
        "severity": rule.severity,
        **({"tags": list(rule.ownership.tags)} if rule.ownership.tags else {}),
        "type": "sql",
        "query": query,
        "mustBe": 0,
    }


def _contract(suites: Sequence[str], tables: dict[RelationName, list[dict[str, Any]]]) -> str:
    """Return the text of a contract. The schemas of its tables are those of its server, which the user adds."""
    contract = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "order-audit",
        "name": " + ".join(Path(suite).name for suite in suites),
        "version": "1.0.0",
        "status": "active",
        "schema": [
            {"name": str(table), "physicalName": table.relation, "physicalType": "table", "quality": rules}
            for table, rules in sorted(tables.items())
        ],
    }
    return yaml.dump(contract, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines are blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def _dbt_test(rule: Rule, body: str) -> str:
    """Return the text of a singular test: a row for each violation."""
    if "endraw" in body:
        raise CannotImportError("its query contains the word endraw, which ends the text for Jinja")
    keys = [quoted(name) for name in rule.key]
    missing = " or ".join(f"{name} is null" for name in keys)
    severity = "error" if rule.severity == "critical" else "warn"
    tags = f", tags={list(rule.ownership.tags)!r}" if rule.ownership.tags else ""
    listed = ", ".join(keys)
    return (
        f"-- {rule.title}\n"
        f"{{{{ config(severity='{severity}'{tags}) }}}}\n"
        "{% raw %}\n"
        f"with violation as (\n{body}\n)\n"
        f"select distinct {listed} from violation where not ({missing})\n"
        "union all\n"
        f"select {listed} from violation where {missing}\n"
        "{% endraw %}\n"
    )


def _write(files: dict[Path, str]) -> None:
    for path in files:
        if path.exists():
            raise UsageError(f"{path} exists: name another --out")
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from None
