"""The other tools, run on a database: the verdict and the number of each check, by its name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict

from benchmarks import envs
from benchmarks.envs import Tool

HOME: Final = Path(__file__).parent

#: Of each check: passed, warning or failed, and the number that the tool gives it.
Figures = dict[str, dict[str, Any]]


def run(tool: Tool, words: list[str], folder: Path, **variables: str) -> str:
    """Run a program of a tool's environment in a folder, with variables of the environment; return what it prints."""
    environment = {**os.environ, **envs.QUIET, "HOME": str(folder), **variables}
    done = subprocess.run(
        [str(tool.bin / words[0]), *words[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def filled(source: Path, target: Path, dsn: str) -> None:
    """Copy a file with the parts of the DSN for their names in braces."""
    text = source.read_text(encoding="utf-8")
    for name, value in conninfo_to_dict(dsn).items():
        text = text.replace("{" + name + "}", str(value))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def dbt(dsn: str, folder: Path, tests: Path | None = None) -> Figures:
    """Run the tests of `dbt/models`, or the singular tests in a folder."""
    shutil.copy(HOME / "dbt" / "dbt_project.yml", folder)
    filled(HOME / "dbt" / "profiles.yml", folder / "profiles.yml", dsn)
    if tests is None:
        shutil.copytree(HOME / "dbt" / "models", folder / "models")
    else:
        shutil.copytree(tests, folder / "tests")
    said = run(envs.DBT, ["dbt", "test", "--project-dir", ".", "--profiles-dir", "."], folder)
    results = folder / "target" / "run_results.json"
    if not results.exists():
        raise RuntimeError(said)
    verdicts = {"pass": "passed", "warn": "warning", "fail": "failed"}
    return {
        it["unique_id"].split(".")[2]: {"verdict": verdicts.get(it["status"], it["status"]), "number": it["failures"]}
        for it in json.loads(results.read_text(encoding="utf-8"))["results"]
    }


def gx(dsn: str, folder: Path) -> Figures:
    """Validate `gx/suite.json` on the table trip; the names are the numbers of the expectations."""
    parts = conninfo_to_dict(dsn)
    url = f"postgresql+psycopg2://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    out = folder / "figures.json"
    said = run(envs.GX, ["python", str(HOME / "gx" / "run.py"), url, str(HOME / "gx" / "suite.json"), str(out), "trip"],
               folder)  # fmt: skip
    if not out.exists():
        raise RuntimeError(said)
    found: Figures = json.loads(out.read_text(encoding="utf-8"))
    return found


def soda(dsn: str, folder: Path) -> Figures:
    """Verify the contracts of `soda/`."""
    (folder / ".soda").mkdir()
    (folder / ".soda" / "config.yml").write_text("send_anonymous_usage_stats: false\n", encoding="utf-8")
    names = sorted(it.name for it in (HOME / "soda").glob("*.yml"))
    for name in names:
        filled(HOME / "soda" / name, folder / name, dsn)
    out = folder / "figures.json"
    said = run(envs.SODA_4, ["python", str(HOME / "soda" / "run.py"), str(out), "source.yml",
                          *(it for it in names if it != "source.yml")], folder)  # fmt: skip
    if not out.exists():
        raise RuntimeError(said)
    found: Figures = json.loads(out.read_text(encoding="utf-8"))
    return found


def odcs(dsn: str, folder: Path, contract: Path = HOME / "odcs" / "contract.yaml") -> Figures:
    """Test a contract."""
    filled(contract, folder / "contract.yaml", dsn)
    out = folder / "figures.json"
    # without a password it asks for none of the server, but refuses to begin
    login = {"USERNAME": str(conninfo_to_dict(dsn)["user"]), "PASSWORD": "none"}
    said = run(envs.DATACONTRACT, ["python", str(HOME / "odcs" / "run.py"), "contract.yaml", str(out)], folder,
               **{f"DATACONTRACT_POSTGRES_{name}": value for name, value in login.items()})  # fmt: skip
    if not out.exists():
        raise RuntimeError(said)
    found: Figures = json.loads(out.read_text(encoding="utf-8"))
    return found


TOOLS: Final[dict[str, tuple[Tool, Callable[[str, Path], Figures]]]] = {
    "dbt": (envs.DBT, dbt),
    "gx": (envs.GX, gx),
    "soda": (envs.SODA_4, soda),
    "odcs": (envs.DATACONTRACT, odcs),
}
