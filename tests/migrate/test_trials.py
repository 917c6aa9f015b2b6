"""The tests that the package names for each trial are there."""

from __future__ import annotations

import re
from pathlib import Path

import tests.migrate

TESTS = Path(__file__).parents[1]


def test_every_trial_has_its_test() -> None:
    named = set(re.findall(r"\btest_[a-z0-9_]+\b(?!\.py)", tests.migrate.__doc__ or ""))
    modules = [*(TESTS / "migrate").glob("test_*.py"), TESTS / "scan" / "test_suite_proposed.py"]
    there = set(re.findall(r"(?m)^def (test_\w+)", "".join(path.read_text(encoding="utf-8") for path in modules)))
    assert len(named) > 30
    assert named - there == set()
