"""A shipped rule has five files; missing ones are named, and an invented rule shows that no sixth is necessary."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from order_audit import expectations
from order_audit.expectations import Rule
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.guard_file import guards
from tests.rules import MODULES, area_of
from tests.rules.cases import PAIRINGS, SINGLE_VALUES
from tests.rules.mutations import MUTATIONS
from tests.support import oracle

ROOT = Path(__file__).parents[2]
SUITE = expectations.load("current")
FIXES = fixes(SUITE.rules)
GUARDED = {rule.id for guard in guards().values() for rule in guard.protects}


def is_marked(rule: Rule) -> bool:
    """Whether a rule that supposes something says what its findings do not prove."""
    return bool(rule.limitations) or not re.search(r"\b(may|might|probably|perhaps)\b", rule.why)


def lacking(rule: Rule) -> list[str]:
    """What of a rule is not there, and where it belongs, as docs/contributing.md has it."""
    area, _, name = rule.id.partition(".")
    example = f"tests/examples/current/{area}/{name}.sql"
    truth = f"tests/rules/{area}.py"
    cases = SINGLE_VALUES.get(rule.id, ((), ())), PAIRINGS.get(rule.id, [])
    both = all(cases[0]) or {bool(broken) for _, broken in cases[1]} == {True, False}
    checkable = not any(it.table for it in rule.requires)
    path = f"expectations/{rule.path}"
    wanted = [
        (rule.why, f"{path}: a header 'why'"),
        (is_marked(rule), f"{path}: a header 'limitations' for what 'why' only supposes"),
        (
            rule.id in GUARDED or rule.unguarded or not checkable,
            f"{path}: a header 'unguarded', or fixes/guards/current/{name}.sql",
        ),
        ((ROOT / example).is_file(), f"{example}: rows that fail and rows that pass"),
        (rule.id in FIXES, f"fixes/current/{area}/{name}.sql: a fix, or a header 'unfixed' in {path}"),
        (
            rule.id in oracle.ORDER_RULES or rule.id in oracle.CUSTOMER_RULES or not checkable,
            f"{truth}: a function {area}_{name}",
        ),
        (both or not checkable, f"{truth}: cases that break it and cases that do not"),
        (
            any(rule.id in it.expected for it in MUTATIONS) or not checkable,
            f"{truth}: a mutation that turns it red",
        ),
        (
            any(rule.id in it.rules for it in SUITE.requirements),
            "expectations/current/requirements.toml: the requirement that it checks",
        ),
    ]
    return [where for there, where in wanted if not there]


@pytest.mark.parametrize("rule", SUITE.rules, ids=lambda rule: rule.id)
def test_a_shipped_rule_is_complete(rule: Rule) -> None:
    """Missing parts are named with their file."""
    missing = lacking(rule)
    assert not missing, "\n".join(missing)


def test_what_is_missing_is_named() -> None:
    """Of a rule that is nothing but its file, all else."""
    bare = Rule("orders.bare", "current", "A rule", "info", ("order_id",), "select 1", path="current/orders/bare.sql")
    assert lacking(bare) == [
        "expectations/current/orders/bare.sql: a header 'why'",
        "expectations/current/orders/bare.sql: a header 'unguarded', or fixes/guards/current/bare.sql",
        "tests/examples/current/orders/bare.sql: rows that fail and rows that pass",
        "fixes/current/orders/bare.sql: a fix, or a header 'unfixed' in expectations/current/orders/bare.sql",
        "tests/rules/orders.py: a function orders_bare",
        "tests/rules/orders.py: cases that break it and cases that do not",
        "tests/rules/orders.py: a mutation that turns it red",
        "expectations/current/requirements.toml: the requirement that it checks",
    ]


def test_what_is_known_of_a_rule_stands_in_the_module_of_its_area() -> None:
    """Modules have only facts of their area's rules, and the facts of one rule are in one module."""
    for module in MODULES:
        text = Path(module.__file__ or "").read_text(encoding="utf-8")
        functions = set(re.findall(r"(?m)^def ([a-z]\w+)", text))
        cases = re.findall(r'(?m)^(?:SINGLE_VALUES|PAIRINGS)\["([\w.]+)"\]', text)
        assert {area_of(name) for name in functions} == {area_of(module.__name__.rpartition(".")[2])}
        assert {rule.replace(".", "_") for rule in cases} == functions


def test_every_fix_header_stands_where_there_is_no_fix_file() -> None:
    """`unfixed` says all that there is to say: a file beside it would say it twice."""
    for rule in SUITE.rules:
        path = ROOT / "order_audit" / "fixes" / "current" / f"{rule.id.replace('.', '/')}.sql"
        assert path.is_file() != bool(rule.unfixed), rule.id


# The example of docs/contributing.md, added to a copy --------------------------------------------------------------

#: By file: what the documentation has one write, or add at the end.
BLOCK = re.compile(r"(?m)^`(?P<file>[\w/.]+)`.*\n+```\w+\n(?P<text>(?:.*\n)*?)```$")
#: The tests that hold a rule against its files; of random rows, which take long, some.
CHECKS = (
    "tests/scan/test_shipped_rules.py",
    "tests/scan/test_examples.py",
    "tests/scan/test_mutations.py",
    "tests/scan/test_oracle.py",
    "tests/unit/test_requirements.py",
    "tests/scenario/test_facts_issues.py::TestTruth",
    "-k",
    "not documented_rule and not put_right and not long_cycles and not pg15 and (not oracle_finds or 0-current)",
)


def test_rules_on_the_proposed_schema_mark_what_they_suppose() -> None:
    """As those of the current schema, by the test above."""
    assert [rule.id for rule in expectations.load("proposed").rules if not is_marked(rule)] == []


@pytest.fixture
def copy(tmp_path: Path) -> SimpleNamespace:
    """A copy of the checkout, as far as rules go, with its compiled modules, and a way to run tests there."""
    root = tmp_path / "copy"
    packages = ("order_audit", "audit", "expectations", "fixes", "reports", "scenario")
    for folder in (*packages, "tests", "docs"):
        shutil.copytree(ROOT / folder, root / folder, symlinks=True)
    shutil.copy(ROOT / "pyproject.toml", root)

    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    def check(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *words],
            cwd=root, env=environment | {"PYTHONPATH": str(root)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return SimpleNamespace(root=root, check=check)


def _documented() -> dict[str, str]:
    """The files of docs/contributing.md, in their order: the rule first."""
    text = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    text = text.split("\n## Add a shipped rule\n")[1].split("\n## ")[0]
    files = {found["file"]: found["text"] for found in BLOCK.finditer(text)}
    assert len(files) == 5
    return files


def _add(root: Path, file: str, text: str) -> None:
    path = root / file
    before = f"{path.read_text(encoding='utf-8')}\n" if path.is_file() else ""
    path.write_text(before + text, encoding="utf-8")


@pytest.mark.slow
def test_the_documented_rule_takes_five_files_and_no_more(copy: SimpleNamespace) -> None:
    """With these alone, all that holds a rule against its files passes."""
    for file, text in _documented().items():
        _add(copy.root, file, text)
    done = copy.check(*CHECKS)
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.slow
def test_the_documented_rule_without_its_other_files_is_told_which(copy: SimpleNamespace) -> None:
    """All four are named."""
    (rule, text), *others = _documented().items()
    _add(copy.root, rule, text)
    done = copy.check("tests/scan/test_shipped_rules.py", "-k", "complete and orders.amount_is_no_limit")
    assert done.returncode == 1, done.stdout[-6000:]
    assert [file for file, _ in others if f"{file}: " not in done.stdout] == []
