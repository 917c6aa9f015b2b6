"""The rules of suites as checks of other tools: data contracts (ODCS) with SQL rules, or singular tests of dbt.

Each check counts the violations as an audit does: different keys, and each row with a NULL in its key; of a measured
rule the groups that break a bound.
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
from order_audit.audit.scans.measured_sql import breaks, is_missing, measured
from order_audit.errors import UsageError
from order_audit.expectations import Given, Measure, Rule, Suite, SuiteError, load, resolved

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
    suite = load(*suites)
    for written in suite.rules:
        try:
            rules = _instances(suite, written)
        except CannotImportError as error:
            exported.left_out.append(LeftOut(written.id, str(error)))
            continue
        for rule in rules:
            try:
                query, table = _readable(rule)
                if to == "dbt":
                    path = out / f"{_word(rule.id.replace('.', '__'))}.sql"
                    if path in files:
                        raise CannotImportError(f"another rule has the file {path.name}")
                    files[path] = _dbt_test(rule, query)
                else:
                    tables.setdefault(table, []).append(_quality(rule, query))
            except CannotImportError as error:
                exported.left_out.append(LeftOut(rule.id, str(error)))
                continue
            exported.written.append(rule.id)
    if tables:
        files[out] = _contract(suites, tables)
    _write(files)
    return exported


def _instances(suite: Suite, rule: Rule) -> list[Rule]:
    """Return a rule with the values of its variables, once for each value of its list.

    Raises CannotImportError if a value is missing, or only a database has them.
    """
    try:
        known = {it.id for it in suite.rules} - {rule.id}
        found = [it for it in resolved(suite, {rule.id}, Given()).rules if it.id not in known]
    except SuiteError as error:
        raise CannotImportError(str(error)) from None
    if any(it.is_pending for it in found):
        raise CannotImportError("its for_each is a query, and the export reads no database")
    return found


def _readable(rule: Rule) -> tuple[str, RelationName]:
    """Return the query of violations and the first table that it reads. Raises CannotImportError without them."""
    parsed = parsed_query.parse(rule)
    if not parsed.relations:
        raise CannotImportError("it reads no table")
    body = rule.sql.rstrip().removesuffix(";")
    return _violations(rule, body), parsed.relations[0]


def _violations(rule: Rule, body: str) -> str:
    """Return the query whose rows are the violations: different keys, NULL apart; or groups that break a bound."""
    if rule.measure is not None:
        return _groups(rule, rule.measure, body)
    keys = [quoted(name) for name in rule.key]
    missing = " or ".join(f"{name} is null" for name in keys)
    listed = ", ".join(keys)
    return (
        f"with violation as (\n{body}\n)\n"
        f"select distinct {listed} from violation where not ({missing})\n"
        "union all\n"
        f"select {listed} from violation where {missing}\n"
    )


def _groups(rule: Rule, measure: Measure, body: str) -> str:
    if len({bound.severity for bound in measure.bounds}) > 1:
        raise CannotImportError("it has bounds of several severities")
    if measure.unit == "time":
        raise CannotImportError("its bound is a date or time, which the type of its column decides how to compare")
    value = measured(f"v.{quoted(measure.column)}", measure)
    broken = " or ".join(
        [is_missing(value, measure), *(breaks(value, bound, has_offset=False) for bound in measure.bounds)]
    )
    # without a key, no row is a group without a value
    source = "measured as v" if rule.key else "(values (true)) as one (there) left join measured as v on true"
    return f"with measured as (\n{body}\n)\nselect v.*\nfrom {source}\nwhere {broken}\n"


def _tolerated(rule: Rule) -> list[tuple[bool, int]]:
    """Return the levels of a rule: whether critical, and the most violations. Raises CannotImportError for a share."""
    if share := next((it.above for it in rule.levels if it.above.is_percent), None):
        raise CannotImportError(f"it tolerates {share} of the checked rows, which the tool does not count")
    return [(it.severity == "critical", int(it.above.number)) for it in rule.levels]


def _quality(rule: Rule, violations: str) -> dict[str, Any]:
    query = f"select count(*)\nfrom (\n{violations}) as violation\n"
    if found := _REPLACED.search(query):
        raise CannotImportError(f"its query contains {found[0]}, which a contract replaces")
    if len(levels := _tolerated(rule)) > 1:
        raise CannotImportError("it has limits of several severities")
    return {
        "id": _word(rule.id.replace(".", "_")),
        "name": rule.id,
        "description": rule.title,
        **({"businessImpact": rule.why} if rule.why else {}),
        "severity": rule.severity,
        **({"tags": list(rule.ownership.tags)} if rule.ownership.tags else {}),
        "type": "sql",
        "query": query,
        **({"mustBeLessOrEqualTo": levels[0][1]} if levels else {"mustBe": 0}),
    }


def _word(name: str) -> str:
    """Return a name in letters, digits and `_`: that of an instance has brackets."""
    return re.sub(r"\W+", "_", name).strip("_")


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


def _dbt_test(rule: Rule, violations: str) -> str:
    """Return the text of a singular test: a row for each violation."""
    if "endraw" in violations:
        raise CannotImportError("its query contains the word endraw, which ends the text for Jinja")
    levels = _tolerated(rule)
    critical = [most for is_critical, most in levels if is_critical]
    settings = {"severity": "error" if rule.severity == "critical" else "warn"}
    if critical:
        settings["error_if"] = f"> {min(critical)}"
    if levels:
        settings["warn_if"] = f"> {min(most for _, most in levels)}"
    listed = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    tags = f", tags={list(rule.ownership.tags)!r}" if rule.ownership.tags else ""
    return f"-- {rule.title}\n{{{{ config({listed}{tags}) }}}}\n{{% raw %}}\n{violations}{{% endraw %}}\n"


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
