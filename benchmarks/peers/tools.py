"""The tools: the commands of the job, and a reader of what each one tells."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from benchmarks import envs
from benchmarks.envs import Tool
from benchmarks.peers.job import CHECKS, Row

HOME: Final = Path(__file__).parent
_DAY: Final = 86_400
_KEYS: Final = {check.id: check.key for check in CHECKS}


@dataclass
class Told:
    """What a tool tells of a check: whether it failed, its number, an age in days, and the rows that it names."""

    failed: bool
    number: int | None = None
    days: int | None = None
    rows: list[Row] = field(default_factory=list)


Reader = Callable[[Path, list[str], str], dict[str, Told]]


@dataclass(frozen=True)
class Peer:
    """A tool: its files are in `folder`.

    `begin` is the command that makes a first file, if it has one, and `try_it` runs that.
    `has` are things that it does beyond the job, each with a command and a pattern of the output that shows it.
    """

    name: str
    folder: str
    tool: Tool | None
    commands: tuple[str, ...]
    read: Reader
    begin: str = ""
    try_it: str = ""
    has: tuple[tuple[str, str, str], ...] = ()


def written(place: Path) -> tuple[int, int]:
    """How many files are in a folder, or that one file, and how many lines of them are not empty."""
    texts = [it.read_text(encoding="utf-8") for it in (place, *place.rglob("*")) if it.is_file()]
    return len(texts), sum(bool(line.strip()) for text in texts for line in text.splitlines())


def _order_audit(folder: Path, _said: list[str], _dsn: str) -> dict[str, Told]:
    document = json.loads((folder / "audit-out" / "results.json").read_text(encoding="utf-8"))
    told = {it["rule"]: Told(it["status"] == "failed", it["violations"]) for it in document["results"]}
    (age,) = next(it["measure"]["values"] for it in document["results"] if it.get("measure"))
    told["flights.is_fresh"].days = int(age["number"] // _DAY)
    with (folder / "audit-out" / "violations.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if names := _KEYS[line["rule"]]:
                values = json.loads(line["key"]) if len(names) > 1 else [line["key"]]
                told[line["rule"]].rows.append(dict(zip(names, values, strict=True)))
    return told


def _soda(_folder: Path, said: list[str], _dsn: str) -> dict[str, Told]:
    """Read the tables that it prints."""
    told: dict[str, Told] = {}
    name = ""
    for line in "\n".join(said).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[1] in _KEYS:
            name = cells[1]
            told[name] = Told("FAILED" in cells[3])
        if name and (number := re.search(r"(?:failed_rows|invalid|duplicate)_count: (\d+)", line)):
            told[name].number = int(number[1])
        if name and (days := re.search(r"freshness_in_days: (\d+)", line)):
            told[name].days = int(days[1])
    return told


def _dbt(folder: Path, _said: list[str], dsn: str) -> dict[str, Told]:
    """Read the results of its two commands, and the rows that it stored in the database."""
    told: dict[str, Told] = {}
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        for it in json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]:
            id = it["unique_id"].split(".")[2].replace("__", ".")
            told[id] = Told(it["status"] == "fail", it["failures"])
            rows = connection.execute(f"select * from {it['relation_name']}".encode()).fetchall()
            column = {"from_field": "tailnum" if "aircraft" in id else "dest", "unique_field": "tailnum"}
            told[id].rows += [{column.get(name, name): value for name, value in row.items()} for row in rows]
    sources = json.loads((folder / "target" / "sources.json").read_text(encoding="utf-8"))["results"]
    told["flights.is_fresh"] = Told(
        sources[0]["status"] == "error", days=int(sources[0]["max_loaded_at_time_ago_in_s"] // _DAY)
    )
    return told


def _datacontract(folder: Path, _said: list[str], _dsn: str) -> dict[str, Told]:
    """Read its results; a range is two checks there."""
    names = {
        "flights__dest__airports__faa__field_relationships": "flights.dest_exists",
        "flights__tailnum__planes__tailnum__field_relationships": "flights.aircraft_exists",
        "flights__carrier__airlines__carrier__field_relationships": "flights.carrier_exists",
        "weather__model_duplicate_values": "weather.hour_is_unique",
        "planes__tailnum__field_primary_key_unique": "planes.tailnum_is_unique",
        "weather__wind_speed__field_minimum": "weather.wind_speed_is_possible",
        "weather__wind_speed__field_maximum": "weather.wind_speed_is_possible",
        "airports__lon__field_minimum": "airports.longitude_is_american",
        "airports__lon__field_maximum": "airports.longitude_is_american",
        "flights__quality_sql_0": "flights.departs_once",
        "flights__time_hour__servicelevel_freshness": "flights.is_fresh",
    }
    told: dict[str, Told] = {}
    for it in json.loads((folder / "results.json").read_text(encoding="utf-8"))["checks"]:
        if id := names.get(it["key"]):
            one = told.setdefault(id, Told(failed=False))
            one.failed |= it["result"] == "failed"
            if "value" in it["diagnostics"]:
                one.number = (one.number or 0) + int(it["diagnostics"]["value"])
            if "age_seconds" in it["diagnostics"]:
                one.days = it["diagnostics"]["age_seconds"] // _DAY
            one.rows += it.get("failedSamples") or []
    return told


def _pointblank(folder: Path, said: list[str], _dsn: str) -> dict[str, Told]:
    """Read what it prints of each step, and the rows that it wrote."""
    script = (folder / "validation.py").read_text(encoding="utf-8")
    turn: Iterator[str] = iter(re.findall(r'brief="([\w.]+)"', script))
    told: dict[str, Told] = {}
    for validation, text in enumerate("\n".join(said).split("Validation Report")[1:], start=1):
        for line in text.splitlines():
            found = re.match(r"\s+(\d+) .*?(\d+)/\S+ +— +[●○]", line)
            if found and (id := next(turn, "")):
                told[id] = Told("●" in line, int(found[2]))
                for path in folder.glob(f"extracts_validation_{validation}/step_{int(found[1]):02d}_*.csv"):
                    told[id].rows += _csv(path)
    return told


def _csv(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


PEERS: Final = (
    Peer("order-audit", "order_audit", None, ("order-audit run --suite rules --out audit-out --quiet",), _order_audit,
         begin="order-audit init begun --quiet",
         try_it="order-audit run --suite begun/rules --out begun-out --quiet --fail-on info"),
    Peer("Soda 4", "soda", envs.SODA_4,
         tuple(f"soda contract verify -ds source.yml -c {table}.yml" for table in
               ("flights", "weather", "planes", "airports")), _soda,
         has=(("sends results to a web application, Soda Cloud", "soda contract verify --help",
               "results to Soda Cloud"),
              ("runs a contract on another machine", "soda contract verify --help", "Soda Runner"))),
    Peer("dbt", "dbt", envs.DBT, ("dbt test", "dbt source freshness"), _dbt,
         has=(("builds the tables and tests them in one order", "dbt build --help", "in DAG order"),
              ("serves a web site about tables, tests and their lineage", "dbt docs --help", "[Ss]erve"))),
    Peer("datacontract-cli", "datacontract", envs.DATACONTRACT,
         ("datacontract test contract.yaml --include-failed-samples --output results.json --output-format json",),
         _datacontract, begin="datacontract import postgres --source {host} --database {dbname} --output begun.yaml",
         try_it="datacontract test begun.yaml",
         has=(("begins a contract from BigQuery, Snowflake, Avro files and many more", "datacontract import --help",
               "(?s)bigquery.*avro.*snowflake|avro.*bigquery.*snowflake"),
              ("edits a contract in a browser", "datacontract edit --help", "web UI"),
              ("says whether a new contract breaks an old one", "datacontract breaking --help", "compatibility"))),
    Peer("Pointblank", "pointblank", envs.POINTBLANK,
         ("pb run validation.py --write-extract extracts --limit 100000 --fail-on error --output-html report.html",),
         _pointblank, begin="pb make-template begun.py",
         has=(("checks CSV and Parquet files, and other databases, with the same steps", "pb --help",
               "CSV, Parquet,\\s+and database"),
              ("shows a table's first rows and its profile", "pb --help", "(?s)preview.*scan"))),
)  # fmt: skip
