"""All contenders side by side on one database, round by round, so that what disturbs one disturbs all."""

from __future__ import annotations

import dataclasses
import json
import statistics
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import envs
from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.contenders import Contender, Reported
from benchmarks.measure import Cost, FailedError, cost, cost_with_server
from benchmarks.rules import ALL, SIXTEEN
from order_audit import scenario
from order_audit.audit.database.server import Server
from tests.support import servers

_NUMBERS: Final = tuple(it.name for it in dataclasses.fields(Cost) if it.name != "output")

_TOOLS: Final = (envs.GX, envs.SODA, envs.SODA_4, envs.DBT, envs.POINTBLANK_POLARS)


@dataclasses.dataclass
class Row:
    """What one contender came to. `counts` is `equal`, or says where they differ; `error` why there is nothing."""

    name: str
    rules: str
    runs: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    counts: str = ""
    error: str = ""

    def json(self) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"median": medians(self.runs)}


def compare(bed: Bed, wanted: Iterable[Contender], repeats: int) -> list[Row]:
    """Each contender `repeats` times, after one time that does not count."""
    rows = [Row(it.name, it.rules) for it in wanted]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        pairs = list(zip(wanted, rows, strict=True))
        for number, (contender, row) in enumerate(pairs):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            if contender.tool and (why := envs.install(contender.tool)):
                row.error = why
            else:
                contender.prepare(bed, folder)
        for turn in range(repeats + 1):
            for number, (contender, row) in enumerate(pairs):
                if row.error:
                    continue
                say(f"round {turn} of {repeats}: {row.name}, {row.rules} rules")
                try:
                    run = _run(bed, contender, row, Path(scratch) / str(number))
                except (FailedError, OSError, LookupError, ValueError) as error:
                    row.error = f"{type(error).__name__}: {error}"
                    say(row.error)
                    continue
                if turn:
                    row.runs.append(run)
    return rows


def _run(bed: Bed, contender: Contender, row: Row, folder: Path) -> dict[str, Any]:
    used = cost_with_server(
        bed.dsn,
        bed.rows,
        contender.command(bed, folder),
        env=envs.QUIET | dict(contender.env),
        cwd=folder,
        fine=contender.fine,
    )
    reported = contender.reported(folder, used.output)
    contender.tidy(bed, folder)
    if contender.rules != "none":
        row.counts = difference(reported, bed, contender.rules)
    return numbers(used) | {"database": reported.database}


def numbers(used: Cost) -> dict[str, Any]:
    """A cost, without what the process said."""
    return {name: getattr(used, name) for name in _NUMBERS}


def difference(reported: Reported, bed: Bed, rules: str) -> str:
    """Where counts differ from the generator's truth."""
    expected = SIXTEEN if rules == "16" else ALL
    wrong = [
        f"{rule} {reported.counts.get(rule, 'nothing')} for {bed.truth.get(rule, 0)}"
        for rule in sorted(expected)
        if reported.counts.get(rule) != bed.truth.get(rule, 0)
    ]
    return "differs: " + ", ".join(wrong) if wrong else "equal"


def medians(runs: list[dict[str, Any]]) -> dict[str, float | None]:
    """The median of each number over the runs."""
    return {
        name: statistics.median(run[name] for run in runs) if all(run[name] is not None for run in runs) else None
        for name in (runs[0] if runs else ())
    }


def controls(server: Server, repeats: int) -> dict[str, dict[str, float | None]]:
    """Measure the start-up time, and an audit of the sample's ten orders."""
    dsn = servers.new_database(server)
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
    with tempfile.TemporaryDirectory() as out:
        commands = {
            "order-audit --help": [ORDER_AUDIT, "--help"],
            "order-audit run on the sample": [ORDER_AUDIT, "run", "--dsn", dsn, "--out", out, "--quiet",
                                              "--fail-on", "never"],
            "import great_expectations": [sys.executable, "-c", "import great_expectations"],
        }  # fmt: skip
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
        for turn in range(repeats + 1):
            for name, command in commands.items():
                used = numbers(cost(command, env=envs.QUIET))
                if turn:
                    found[name].append(used)
    servers.drop_database(server, dsn)
    return {name: medians(runs) for name, runs in found.items()}


def versions() -> dict[str, str]:
    """Of all that is measured."""
    own = {name: version(name) for name in ("order-audit", "great-expectations", "psycopg")}
    pinned = (name.split("==") for tool in _TOOLS for name in tool.packages)
    return own | {f"{name} (separate environment)": number for name, number in pinned}


def say(text: str) -> None:
    """Print the progress."""
    print(text, file=sys.stderr, flush=True)


def write(path: Path, document: dict[str, Any]) -> None:
    """Write results."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document, indent=1, default=str) + "\n", encoding="utf-8")
