"""Files beside their places: gone at the end, and after a killed process with the next one that writes there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from order_audit.reports.atomic_files import draft, write

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "order_audit"
#: Begins to write, and is killed.
KILLED = """
import os, signal, sys
from pathlib import Path
from order_audit.reports.atomic_files import draft, scratch
target = Path(sys.argv[1])
with draft(target) as folder, scratch(target, ".report.html-") as other:
    (folder / "violations.csv").write_text("rule,key\\n")
    (other / "part").write_text("<!doctype html>")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_rest_of_a_killed_process_goes_with_the_next_one(tmp_path: Path) -> None:
    """That of one at work stays, whoever it belongs to, and so does what is nobody's draft."""
    for name in (".draft-longer-name", ".draft-of_mine1", ".draft-empty_12"):
        (tmp_path / name).mkdir()
    (tmp_path / ".draft-of_mine1" / "notes").write_text("mine")
    with draft(tmp_path) as running:
        (running / "results.json").write_text("{}")
        done = subprocess.run(
            [sys.executable, "-c", KILLED, tmp_path], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False
        )
        assert done.returncode == -signal.SIGKILL
        assert len(list(tmp_path.glob("*/violations.csv"))) == len(list(tmp_path.glob("*/part"))) == 1
        with draft(tmp_path) as another:
            (another / "summary.md").write_text("")
            assert running.is_dir()
        assert not list(tmp_path.glob("*/violations.csv"))
        write(tmp_path / "report.html", "")
        assert not list(tmp_path.glob("*/part"))
    kept = {".draft-longer-name", ".draft-of_mine1"}
    assert {path.name for path in tmp_path.iterdir()} == kept | {"results.json", "summary.md", "report.html"}


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    """A folder that was made for it neither."""
    target = tmp_path / "new" / "out"
    with pytest.raises(IsADirectoryError), draft(target) as folder:
        folder.write_text("")
    assert not target.exists()


def test_every_temporary_folder_is_made_there() -> None:
    """One that is made in another way would stay after a kill."""
    calls = re.compile(r"\b(mkdtemp|TemporaryDirectory|mkstemp|NamedTemporaryFile)\b")
    made = {
        path.relative_to(PACKAGE).as_posix()
        for path in (Path(folder, name) for folder, _, names in os.walk(PACKAGE, followlinks=True) for name in names)
        if path.suffix == ".py" and calls.search(path.read_text(encoding="utf-8"))
    }
    assert made == {"reports/atomic_files.py"}
