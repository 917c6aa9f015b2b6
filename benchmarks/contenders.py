"""The measured tools: a command each, and a reader of its counts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks import envs
from benchmarks.bed import ORDER_AUDIT, Bed
from benchmarks.envs import Tool
from benchmarks.rules import SIXTEEN, queries

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Reported:
    """What a contender found: violations by rule, and the seconds its scans took where it says so."""

    counts: dict[str, int]
    database: float | None = None


@dataclass(frozen=True)
class Contender:
    """One row of the table.

    `prepare` writes the tool's files into a private folder, once; `command` and `reported` receive that folder.
    """

    name: str
    rules: str
    command: Callable[[Bed, Path], list[str]]
    reported: Callable[[Path, str], Reported]
    prepare: Callable[[Bed, Path], None] = lambda _bed, _folder: None
    tidy: Callable[[Bed, Path], None] = lambda _bed, _folder: None
    tool: Tool | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    fine: tuple[int, ...] = (0,)


def contenders() -> list[Contender]:
    """All of them, the cheapest first."""
    found = [_yardstick("one scan of orders", "none", "floor.sql", 1)]
    for rules, file in (("16", "sixteen.sql"), ("42", "all.sql")):
        found.append(_yardstick("SQL by hand, parallel workers", rules, file, 1))
        found.append(_yardstick("SQL by hand, two connections", rules, file, 2))
        found.append(_order_audit(rules))
    found.append(
        Contender(
            "Great Expectations",
            "16",
            lambda bed, folder: [
                str(envs.GX.bin / "python"), str(_HERE / "gx" / "run.py"), _url(bed), str(folder / "queries"),
                str(folder / "counts.json"),
            ],
            lambda folder, _output: Reported(_json(folder / "counts.json")),
            _write_queries,
            tool=envs.GX,
        )
    )  # fmt: skip
    found.append(
        Contender(
            "Soda Core 3",
            "16",
            lambda _bed, folder: [
                str(envs.SODA.bin / "soda"), "scan", "-d", "shop", "-c", str(folder / "configuration.yml"),
                "-srf", str(folder / "results.json"), str(folder / "checks.yml"),
            ],
            _reported_by_soda,
            _prepare_soda,
            tool=envs.SODA,
            env={"HOME": "."},  # where it looks for whether it may call home
            fine=(0, 1, 2),
        )
    )  # fmt: skip
    found.append(
        Contender(
            "Soda Core 4",
            "16",
            lambda _bed, folder: [
                str(envs.SODA_4.bin / "python"), str(_HERE / "soda4" / "run.py"), str(folder / "source.yml"),
                str(folder / "counts.json"), str(folder / "orders.yml"), str(folder / "customers.yml"),
            ],
            lambda folder, _output: Reported(_json(folder / "counts.json")),
            _prepare_soda_4,
            tool=envs.SODA_4,
            env={"HOME": "."},
        )
    )  # fmt: skip
    for name, words in (("dbt", ()), ("dbt --store-failures", ("--store-failures",))):
        found.append(
            Contender(
                name,
                "16",
                lambda _bed, folder, words=words: [  # type: ignore[misc]
                    str(envs.DBT.bin / "dbt"), "--quiet", "test", "--project-dir", str(folder), "--profiles-dir",
                    str(folder), *words,
                ],
                _reported_by_dbt,
                _prepare_dbt,
                _drop_failures,
                tool=envs.DBT,
                fine=(0, 1),
            )
        )  # fmt: skip
    found.append(
        Contender(
            "Pointblank",
            "16",
            lambda bed, folder: [
                str(envs.POINTBLANK_POLARS.bin / "python"), str(_HERE / "pointblank" / "run.py"),
                _url(bed).replace("+psycopg2", ""), str(folder / "queries"), str(folder / "counts.json"),
            ],
            lambda folder, _output: Reported(_json(folder / "counts.json")),
            _write_queries,
            tool=envs.POINTBLANK_POLARS,
        )
    )  # fmt: skip
    return found


def order_audit(bed: Bed, folder: Path, *words: str) -> list[str]:
    """A whole audit, its files in `folder`."""
    return [ORDER_AUDIT, "run", "--dsn", bed.dsn, "--out", str(folder / "out"), "--no-lint", "--no-profile",
            "--quiet", "--fail-on", "never", *words]  # fmt: skip


def reported_by_order_audit(folder: Path, _output: str = "") -> Reported:
    """The counts in results.json."""
    document = _json(folder / "out" / "results.json")
    judged = {it["rule"]: it["violations"] for it in document["results"] if it["status"] in ("passed", "failed")}
    milliseconds = document["run"].get("database_ms")
    return Reported(judged, None if milliseconds is None else milliseconds / 1000)


def _order_audit(rules: str) -> Contender:
    words = [word for rule in SIXTEEN for word in ("--rule", rule)] if rules == "16" else []
    return Contender(
        "order-audit run", rules, lambda bed, folder: order_audit(bed, folder, *words), reported_by_order_audit
    )


def _yardstick(name: str, rules: str, file: str, connections: int) -> Contender:
    def reported(_folder: Path, output: str) -> Reported:
        said = json.loads(output)
        return Reported({} if rules == "none" else said["counts"], said["database"])

    return Contender(
        name,
        rules,
        lambda bed, _folder: [
            sys.executable, str(_HERE / "yardstick.py"), bed.dsn, str(_HERE / "sql" / file), str(connections),
        ],
        reported,
    )  # fmt: skip


def _write_queries(_bed: Bed, folder: Path) -> None:
    (folder / "queries").mkdir(exist_ok=True)
    for rule, query in queries().items():
        (folder / "queries" / f"{rule}.sql").write_text(query, encoding="utf-8")


def _prepare_soda(bed: Bed, folder: Path) -> None:
    _refuse_telemetry(folder)
    _fill(bed, _HERE / "soda" / "configuration.yml", folder / "configuration.yml")
    _fill(bed, _HERE / "soda" / "checks.yml", folder / "checks.yml")


def _prepare_soda_4(bed: Bed, folder: Path) -> None:
    _refuse_telemetry(folder)
    for name in ("source.yml", "orders.yml", "customers.yml"):
        _fill(bed, _HERE / "soda4" / name, folder / name)


def _refuse_telemetry(folder: Path) -> None:
    (folder / ".soda").mkdir()
    (folder / ".soda" / "config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="utf-8")


def _reported_by_soda(folder: Path, _output: str) -> Reported:
    checks = _json(folder / "results.json")["checks"]
    return Reported({it["name"]: int(it["diagnostics"]["value"]) for it in checks if it["outcome"] is not None})


def _prepare_dbt(bed: Bed, folder: Path) -> None:
    shutil.copytree(_HERE / "dbt", folder, dirs_exist_ok=True)
    _fill(bed, _HERE / "dbt" / "profiles.yml", folder / "profiles.yml")
    (folder / "tests").mkdir(exist_ok=True)
    generic = (folder / "models" / "sources.yml").read_text(encoding="utf-8")
    for rule, query in queries().items():
        if (name := rule.replace(".", "__")) not in generic:
            (folder / "tests" / f"{name}.sql").write_text(query, encoding="utf-8")


def _reported_by_dbt(folder: Path, _output: str) -> Reported:
    counts = {}
    for it in _json(folder / "target" / "run_results.json")["results"]:
        if it["status"] in ("pass", "fail"):
            counts[it["unique_id"].split(".")[2].replace("__", ".")] = int(it["failures"])
    return Reported(counts)


def _drop_failures(bed: Bed, _folder: Path) -> None:
    with psycopg.connect(bed.dsn, autocommit=True) as connection:
        connection.execute("set client_min_messages = warning; drop schema if exists public_dbt_test__audit cascade")


def _fill(bed: Bed, source: Path, target: Path) -> None:
    text = source.read_text(encoding="utf-8")
    for name, value in conninfo_to_dict(bed.dsn).items():
        text = text.replace("{" + name + "}", str(value))
    # {rule} stands for the query of a rule that the tool has no check for
    for rule, query in queries().items():
        text = text.replace("{" + rule + "}", "\n".join(" " * 8 + line for line in query.splitlines()).lstrip())
    target.write_text(text, encoding="utf-8")


def _url(bed: Bed) -> str:
    parts = conninfo_to_dict(bed.dsn)
    return f"postgresql+psycopg2://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
