"""What rules are for, and what they assume: in a suite's requirements.toml, and from there in the results."""

from __future__ import annotations

import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from order_audit import expectations
from order_audit.audit.run import Options
from order_audit.expectations import SuiteError
from tests.support.results import run

SHIPPED = expectations.load("current")
GOOD = """
[[requirement]]
says = "It is so."
source = "somebody"
rules = ["mine"]

[[question]]
asks = "Is it?"
because = '''nobody
  says'''
assumed = "it is"
otherwise = "it is not"
"""


def suite(folder: Path, text: str) -> str:
    """A suite of one rule, `mine`, with this file beside it."""
    folder.mkdir()
    (folder / "mine.sql").write_text("-- title: t\n-- severity: info\n-- key: order_id\nselect order_id from orders\n")
    (folder / "requirements.toml").write_text(text, encoding="utf-8")
    return str(folder)


def test_every_shipped_rule_is_for_something() -> None:
    """Loading makes sure that each name is a rule's; here each rule is named, and all that was given is there."""
    named = {rule for it in SHIPPED.requirements for rule in it.rules}
    assert named == {rule.id for rule in SHIPPED.rules}
    assert [it.source for it in SHIPPED.requirements].count("Given by the business") == 3
    unchecked = {rule.id for rule in SHIPPED.rules if any(need.table for need in rule.requires) and rule.without}
    assert len(unchecked) == 3
    assert unchecked <= {rule for it in SHIPPED.requirements[:3] for rule in it.rules}


def test_questions_are_whole_sentences() -> None:
    """Each asks, and answers in sentences; none is there twice."""
    asked = [it.asks for it in SHIPPED.questions]
    assert len(set(asked)) == len(asked) >= 15
    for it in SHIPPED.questions:
        assert it.asks.endswith("?")
        for text in (it.because, it.assumed, it.otherwise):
            assert re.fullmatch(r"[A-Z0-9a-z].*\.", text), text
        assert it.rules, it.asks


@pytest.mark.parametrize("word", ["order_ref", "unit", "recreated mark", "Today's balance", "time zone"])
def test_the_known_questions_are_asked(word: str) -> None:
    """The obvious questions of a reader of the scenario."""
    assert any(word.lower() in it.asks.lower() for it in SHIPPED.questions)


def test_a_suite_of_ones_own_brings_its_own(tmp_path: Path) -> None:
    """White space is folded; a question need not name a rule."""
    mine = expectations.load(suite(tmp_path / "mine", GOOD))
    assert [(it.says, it.source, it.rules) for it in mine.requirements] == [("It is so.", "somebody", ("mine",))]
    assert [(it.because, it.rules) for it in mine.questions] == [("nobody says", ())]
    both = expectations.load("current", str(tmp_path / "mine"))
    assert both.requirements == SHIPPED.requirements + mine.requirements
    assert both.hashes == SHIPPED.hashes | mine.hashes
    alone = expectations.load(str(tmp_path / "mine" / "mine.sql"))
    assert (alone.requirements, alone.questions) == ((), ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[requirement]", "(at line 1"),
        ("[[what]]", "unknown part 'what'"),
        ("[requirement]\nsays = 'x'", r"write [[requirement]] for each requirement"),
        ("requirement = [1]", "requirement 1: write [[requirement]], and below it"),
        (GOOD.replace("source", "sauce"), "requirement 1: unknown key 'sauce'"),
        (GOOD.replace('source = "somebody"', ""), "requirement 1 lacks 'source'"),
        (GOOD.replace('"somebody"', "3"), "requirement 1 lacks 'source', which is a text"),
        (GOOD.replace('["mine"]', '"mine"'), "requirement 1: 'rules' is a list of rules' ids"),
        (GOOD.replace('["mine"]', "[]"), "requirement 1 lacks 'rules'"),
        (GOOD.replace('["mine"]', '["mine", "mine"]'), "requirement 1 names a rule twice"),
        (GOOD.replace('["mine"]', '["yours"]'), "'It is so.' names rule yours, which no suite that was given has"),
        (GOOD + 'rules = ["yours"]', "'Is it?' names rule yours"),
        (GOOD.replace('otherwise = "it is not"', 'otherwise = " "'), "question 1 lacks 'otherwise'"),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    """With the place, in one line."""
    made = suite(tmp_path / "mine", text)
    with pytest.raises(SuiteError) as raised:
        expectations.load(made)
    assert str(raised.value).startswith(f"{made}/requirements.toml: ")
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """As a rule would be."""
    made = suite(tmp_path / "mine", "")
    (tmp_path / "mine" / "requirements.toml").write_bytes(b"\xff")
    with pytest.raises(SuiteError, match=r"requirements.toml: not UTF-8 text"):
        expectations.load(made)


def test_anybody_can_make_the_hash(tmp_path: Path) -> None:
    """It is that of a listing by sha256sum, and changes with any file of the suite."""
    made = suite(tmp_path / "mine", GOOD)
    command = "sha256sum mine.sql requirements.toml | sha256sum"
    listed = subprocess.run(["sh", "-c", command], cwd=made, capture_output=True, text=True, check=True).stdout
    before = expectations.load(made).hashes
    assert before == {made: listed.split()[0]}
    (tmp_path / "mine" / "requirements.toml").write_text("# nothing\n")
    assert expectations.load(made).hashes != before
    (tmp_path / "mine" / "requirements.toml").unlink()
    assert expectations.load(made).requirements == ()
    rule = str(tmp_path / "mine" / "mine.sql")
    assert expectations.load(rule).hashes[rule] == expectations.load(made).hashes[made]


def test_results_carry_them(sample: str, tmp_path: Path) -> None:
    """In the order of the file, as results.schema.json says; a suite without the file has none."""
    made = suite(tmp_path / "mine", GOOD)
    document = run(sample, tmp_path / "out", Options(suites=(made,), lint=False, profile=False, formats=("json",)))
    read = json.loads((tmp_path / "out" / "results.json").read_text())
    jsonschema.validate(read, json.loads((files("order_audit.reports") / "results.schema.json").read_text()))
    assert read == document, "what is written is what the audit gave"
    assert read["requirements"] == [{"says": "It is so.", "source": "somebody", "rules": ["mine"]}]
    assert [question["rules"] for question in read["questions"]] == [[]]
    assert read["run"]["suite_hashes"] == document["run"]["suite_hashes"] == expectations.load(made).hashes
    (tmp_path / "mine" / "requirements.toml").unlink()
    document = run(sample, tmp_path / "out", Options(suites=(made,), lint=False, profile=False, formats=("json",)))
    assert document["requirements"] == document["questions"] == []
