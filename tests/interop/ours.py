"""The rules that are imported from the other tools' files, and their verdicts."""

from __future__ import annotations

import json
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
    "soda": ("soda/trip.yml",),
    "odcs": ("odcs/contract.yaml",),
}
#: Rules that say more than their check, with their number: dbt's `limit` ends its count.
COUNTED_OTHERWISE = {"not_null_status_limited": 33}
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
    figures = audited(dsn, out)
    if tool == "odcs":
        return figures
    if tool != "gx":  # the checks have names
        return {name.split(".")[-1]: figure for name, figure in figures.items()}
    return {_place(out / f"{name.replace('.', '/')}.sql"): figure for name, figure in figures.items()}


def _place(file: Path) -> str:
    """The number of the check that a file was made of."""
    found = re.search(r"^-- \(imported from [^,]*, \w+ (\d+),", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, file
    return found[1]


def audited(dsn: str, suite: Path) -> Figures:
    """Audit the database by a suite; return the verdict and the number of each rule by its id."""
    results = suite.with_name(f"{suite.name}-results")
    done = order_audit("run", "--suite", str(suite), "--dsn", dsn, "--out", str(results), "--format", "json",
                       "--no-lint", "--no-profile", "--quiet", "--fail-on", "never")  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    document = json.loads((results / "results.json").read_text(encoding="utf-8"))
    return {it["rule"]: _figure(it) for it in document["results"]}


def _figure(result: dict[str, Any]) -> dict[str, Any]:
    failed = result["status"] == "failed"
    return {
        "verdict": _VERDICTS[result["severity"]] if failed else result["status"],
        "number": result["violations"],
    }
