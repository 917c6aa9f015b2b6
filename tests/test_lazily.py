"""Modules that are only run when something looks into them, and an audit in which nothing does."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

import scenario
from audit.lazily import lazily
from audit.server import Server
from tests import servers

ROOT: Final = Path(__file__).parent.parent
#: A package that says when its modules are run.
PACKAGE: Final = {
    "__init__.py": "import sys\nsys.ran.append('heavy')\nfrom heavy.part import VALUE\n",
    "part.py": "import sys\nsys.ran.append('heavy.part')\nVALUE = 42\n",
    "other.py": "import sys\nsys.ran.append('heavy.other')\nfrom heavy import VALUE\nTWICE = 2 * VALUE\n",
}


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The modules of the package that were run, of which there are none yet."""
    for name, text in PACKAGE.items():
        (tmp_path / "heavy").mkdir(exist_ok=True)
        (tmp_path / "heavy" / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    found: list[str] = []
    monkeypatch.setattr(sys, "ran", found, raising=False)
    yield found
    for name in [name for name in sys.modules if name.partition(".")[0] == "heavy"]:
        del sys.modules[name]


def test_a_module_is_run_when_something_looks_into_it(ran: list[str]) -> None:
    """Not before, and once."""
    with lazily("heavy"):
        heavy = importlib.import_module("heavy")
    assert ran == []
    assert heavy.VALUE == 42
    assert ran == ["heavy", "heavy.part"]
    assert importlib.import_module("heavy") is heavy
    assert ran == ["heavy", "heavy.part"]
    assert repr(type(heavy)) == "<class 'module'>"


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("from heavy import VALUE as found", 42),
        ("from heavy import part; found = part.VALUE", 42),
        ("import heavy.part; found = heavy.part.VALUE", 42),
        ("from heavy.other import TWICE as found", 84),
        ("import heavy; import heavy as again; found = again.VALUE", 42),
    ],
)
@pytest.mark.parametrize("inside", [True, False], ids=["meanwhile", "later"])
def test_every_way_to_import_from_it(ran: list[str], statement: str, value: int, inside: bool) -> None:
    """All of them find what they would have found."""
    names: dict[str, Any] = {}
    with lazily("heavy"):
        importlib.import_module("heavy")
        assert ran == []
        if inside:
            exec(statement, names)
    if not inside:
        exec(statement, names)
    assert names["found"] == value
    assert ran[:2] == ["heavy", "heavy.part"]


def test_a_module_below_a_package(ran: list[str]) -> None:
    """It alone waits; the package has it under its name."""
    with lazily("heavy.other"):
        import heavy.other  # type: ignore[import-not-found]
    assert ran == ["heavy", "heavy.part"]
    assert heavy.other.TWICE == 84
    assert ran == ["heavy", "heavy.part", "heavy.other"]


def test_other_modules_and_other_threads_are_left_alone(ran: list[str]) -> None:
    """What is not named is run; what is named is, too, where another thread imports it."""
    with lazily("something.else"):
        importlib.import_module("heavy.part")
    assert ran == ["heavy", "heavy.part"]
    for name in ("heavy", "heavy.part"):
        del sys.modules[name]
    ran.clear()
    with lazily("heavy"):
        thread = threading.Thread(target=importlib.import_module, args=["heavy"])
        thread.start()
        thread.join()
    assert ran == ["heavy", "heavy.part"]


def test_what_is_not_there_is_missing_at_once() -> None:
    """Not only when it is used: who tries one module after another still finds the one that is there."""
    with lazily("nowhere_at_all", "json.nowhere"):
        for name in ("nowhere_at_all", "json.nowhere"):
            with pytest.raises(ModuleNotFoundError):
                importlib.import_module(name)


def test_it_ends(ran: list[str]) -> None:
    """However it does, imports are what they were."""
    before = list(sys.meta_path)
    with pytest.raises(KeyError), lazily("heavy"):
        raise KeyError
    assert sys.meta_path == before
    importlib.import_module("heavy")
    assert ran == ["heavy", "heavy.part"]


# In an audit ----------------------------------------------------------------------------------------

#: One module of each library that an audit does without: it is there once the library was run.
INNER: Final = ["altair.vegalite", "jsonschema.validators", "mistune.markdown", "scipy.stats._stats_py"]
AUDIT: Final = """
import gc, os, pathlib, sys
from audit.run import Options, run
def audit(folder):
    return run(os.environ["WHERE"], pathlib.Path(os.environ["OUT"], folder), Options())
"""


@pytest.fixture(scope="module")
def sample_18(server_18: Server) -> Iterator[str]:
    """The sample data."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
    yield dsn
    servers.drop_database(server_18, dsn)


def python(code: str, **environment: str) -> list[str]:
    """The lines that a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT,
        env=os.environ | environment, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_an_audit_does_without(sample_18: str, tmp_path: Path) -> None:
    """Nothing in it looks into them. Neither do audits that follow, which leave no more behind than the first."""
    code = f"""{AUDIT}
audit("first")
print([name for name in {INNER} if name in sys.modules])
print([name.rpartition(".")[0] in sys.modules for name in {INNER}])
kept = gc.get_freeze_count()
audit("second")
print([name for name in {INNER} if name in sys.modules])
print(gc.isenabled(), kept > 0, gc.get_freeze_count() <= kept)
"""
    assert python(code, WHERE=sample_18, OUT=str(tmp_path)) == [
        "[]",
        "[True, True, True, True]",
        "[]",
        "True True True",
    ]


def test_what_an_audit_does_without_is_there_when_it_is_wanted(sample_18: str, tmp_path: Path) -> None:
    """Expectations of Great Expectations' own, in the same process afterwards, which need each of them."""
    code = f"""{AUDIT}
audit("first")
import great_expectations as gx, pandas
context = gx.get_context(mode="ephemeral")
context.variables.progress_bars = {{"globally": False}}
asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
frame = pandas.DataFrame({{"letter": ["a", "a", "b"], "document": ["[1]", "[2]", "{{}}"]}})
batch = asset.add_batch_definition_whole_dataframe("all").get_batch({{"dataframe": frame}})
alike = gx.expectations.ExpectColumnKLDivergenceToBeLessThan(
    column="letter", partition_object={{"values": ["a", "b"], "weights": [0.5, 0.5]}}, threshold=0.1
)
result = batch.validate(alike)
print(result.success, round(result.result["observed_value"], 4))
lists = gx.expectations.ExpectColumnValuesToMatchJsonSchema(column="document", json_schema={{"type": "array"}})
result = batch.validate(lists)
print(result.success, result.result["unexpected_count"])
import altair, mistune
print(mistune.html("*so*").strip(), altair.Chart(frame).mark_bar().to_dict()["mark"]["type"])
print([name for name in {INNER} if name not in sys.modules])
"""
    assert python(code, WHERE=sample_18, OUT=str(tmp_path)) == [
        "True 0.0566",
        "False 1",
        "<p><em>so</em></p> bar",
        "[]",
    ]


def test_an_audit_finds_the_same_without(sample_18: str, tmp_path: Path) -> None:
    """As where all of Great Expectations, and all that it imports, was there before."""
    python(f"{AUDIT}audit('without')", WHERE=sample_18, OUT=str(tmp_path))
    all_of_it = f"import great_expectations, {', '.join(INNER)}\n"
    python(f"{all_of_it}{AUDIT}audit('with')", WHERE=sample_18, OUT=str(tmp_path))
    found = {folder: json.loads((tmp_path / folder / "results.json").read_bytes()) for folder in ("with", "without")}
    assert found["with"]["results"]
    for document in found.values():
        for result in document["results"]:
            del result["duration_ms"]
    for part in ("results", "violations", "schema_findings", "schema_rules"):
        assert found["with"][part] == found["without"][part]
    rows = [(tmp_path / folder / "violations.csv").read_bytes().splitlines() for folder in ("with", "without")]
    assert rows[0] == rows[1]
    assert len(rows[0]) > 1


def test_whoever_uses_the_suite_gets_all_of_great_expectations() -> None:
    """In a project of their own, imports are as they would be without us."""
    code = f"""
import sys
before = list(sys.meta_path)
from audit.gx import suite
print([name for name in {INNER} if name not in sys.modules], sys.meta_path == before)
"""
    plain = python(f"import sys, great_expectations\nprint([name for name in {INNER} if name not in sys.modules])")
    assert python(code) == [f"{plain[0]} True"]
    assert "scipy.stats._stats_py" not in plain[0]
