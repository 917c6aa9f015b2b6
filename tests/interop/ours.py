"""The rules that are imported from the other tools' files, and their verdicts."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import psycopg

from tests.interop.tools import HOME, Figures
from tests.support.program import order_audit

#: The files of each tool, and the words that its import needs besides.
FILES: dict[str, tuple[str, ...]] = {
    "dbt": ("dbt/models/schema.yml",),
    "gx": ("gx/suite.json", "--table", "trip"),
    "soda": tuple(f"soda/{name}.yml" for name in ("trip", "station", "log", "loose", "vehicle")),
    "odcs": ("odcs/contract.yaml",),
}
#: Rules with another number than their check, and their number: dbt's `limit` ends its count, and a test that passes
#: has 0 failures however many rows it has found. Soda does not count columns in another order.
COUNTED_OTHERWISE = {
    "not_null_status_limited": 33, "not_null_email_few": 20, "station_is_known_when_done": 11,
    "schema_in_order": 1,
}  # fmt: skip
_VERDICTS = {"critical": "failed", "warning": "warning", "info": "info"}


def prepared(dsn: str) -> None:
    """Make the tables of `data.sql`."""
    with psycopg.connect(dsn) as connection:
        connection.execute((HOME / "data.sql").read_text(encoding="utf-8"))


def imported(tool: str, dsn: str, out: Path) -> Figures:
    """Import the files of a tool and audit the database; return the verdict and the number of each rule by its name."""
    words = [str(HOME / it) if "/" in it else it for it in FILES[tool]]
    done = order_audit("import", *words, "--out", str(out), "--dsn", dsn)
    assert done.returncode == 0, done.stderr
    figures = audited(dsn, out, out.with_name("results"))
    if tool == "odcs":
        return figures
    if tool != "gx":  # the checks have names
        return {name.split(".")[-1]: figure for name, figure in figures.items()}
    found = {_place(out / f"{name.replace('.', '/')}.sql"): figure for name, figure in figures.items()}
    for number, kwargs in enumerate(_arguments(), start=1):
        if str(number) in found and kwargs.get("mostly", 1) < 1:
            found[str(number)]["number"] = None  # a share here, a number of rows there
    return found


def _arguments() -> list[dict[str, Any]]:
    suite = json.loads((HOME / "gx" / "suite.json").read_text(encoding="utf-8"))
    return [it["kwargs"] for it in suite["expectations"]]


def _place(file: Path) -> str:
    """The number of the check that a file was made of."""
    found = re.search(r"^-- \(imported from [^,]*, \w+ (\d+),", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, file
    return found[1]


def exported(to: str, out: Path) -> None:
    """Export the rules of `rules/`."""
    done = order_audit("export", "--suite", str(HOME / "rules"), "--to", to, "--out", str(out))
    assert (done.returncode, "not exported" in done.stdout) == (0, False), done.stderr


def audited(dsn: str, suite: Path, results: Path, *, counted: bool = False) -> Figures:
    """Audit the database by a suite; return the verdict and the number of each rule by its id.

    With `counted`, the number of a measured rule is that of the groups that break a bound.
    """
    done = order_audit("run", "--suite", str(suite), "--dsn", dsn, "--out", str(results), "--format", "json",
                       "--no-lint", "--no-profile", "--quiet", "--fail-on", "never")  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    document = json.loads((results / "results.json").read_text(encoding="utf-8"))
    results_of = [it | {"measure": None} if counted else it for it in document["results"]]
    return {it["rule"]: _figure(it) for it in results_of}


def agrees(ours: dict[str, Any], theirs: dict[str, Any] | None, name: str) -> bool:
    """Whether a rule has the verdict of its check, and its number if both have one."""
    if theirs is None or ours["verdict"] != theirs["verdict"]:
        return False
    number = COUNTED_OTHERWISE.get(name, theirs["number"])
    if ours["number"] is None or number is None:
        return True
    return math.isclose(ours["number"], number, rel_tol=1e-12)


def _figure(result: dict[str, Any]) -> dict[str, Any]:
    failed = result["status"] == "failed"
    return {"verdict": _VERDICTS[result["severity"]] if failed else result["status"], "number": _number(result)}


def _number(result: dict[str, Any]) -> float | None:
    """The number of violations, or the measured value: a share as a percentage, as the tools have it."""
    if (measure := result.get("measure")) is None:
        return float(result["violations"])
    (value,) = measure["values"]
    if measure["unit"] not in ("number", "percent") or value["value"] is None:
        return None
    return float(value["value"]) * (100 if measure["unit"] == "percent" else 1)
