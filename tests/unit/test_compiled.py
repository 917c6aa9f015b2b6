"""What is kept of the program's own files: never used after a change, and never written where Python writes nothing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader

from order_audit import compiled, keep
from order_audit.audit.analysis import kept_read_sets, parsed_query
from order_audit.audit.analysis.predicates import parse_read_sets
from order_audit.expectations import load, placeholders, schema_rules, suite
from order_audit.reports.html import environment


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the program."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return tmp_path / "module"


def _kept(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.kept"))


def test_what_is_kept_is_used_with_its_key_only(place: Path) -> None:
    made: list[int] = []

    def make() -> list[int]:
        made.append(len(made))
        return [*made]

    one, other = compiled.key("a", "bc"), compiled.key("ab", "c")
    assert one != other
    assert compiled.computed(place, one, make) == compiled.computed(place, one, make) == [0]
    assert compiled.computed(place, other, make) == compiled.computed(place, other, make) == [0, 1]
    (file,) = _kept(place.parent)
    assert file.parent.name == "__pycache__"
    for spoilt in (b"", file.read_bytes()[:-1], file.read_bytes() + b"x"):
        file.write_bytes(spoilt)
        assert compiled.read(place, other) is None
    assert compiled.computed(place, other, make) == [0, 1, 2]


def test_nothing_is_kept_where_python_keeps_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = compiled.key("a")
    (place.parent / "__pycache__").touch()  # no folder can be made
    compiled.write(place, key, b"payload")
    assert compiled.read(place, key) is None
    (place.parent / "__pycache__").unlink()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    compiled.write(place, key, b"payload")
    assert not (place.parent / "__pycache__").exists()
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(place.parent / "elsewhere"))
    compiled.write(place, key, b"payload")
    assert compiled.read(place, key) == b"payload"
    assert len(_kept(place.parent / "elsewhere")) == 1


def test_kept_rules_are_the_rules_until_a_file_changes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = place.parent / "expectations"
    shutil.copytree(suite._HOME, home, symlinks=False, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(suite, "_HOME", home)
    uncached = suite._shipped.__wrapped__, suite.schema_rules.__wrapped__
    first, second = uncached[0]("current"), uncached[0]("current")
    assert first == second == load("current")
    assert first is not second
    assert uncached[1]() == uncached[1]() == schema_rules()
    assert len(_kept(home)) == 2
    area, name = first.rules[0].id.rsplit(".", 1)
    rule = home / "current" / area / f"{name}.sql"
    rule.write_text(rule.read_text().replace("-- title: ", "-- title: Changed: ", 1))
    assert uncached[0]("current").rules[0].title == f"Changed: {first.rules[0].title}"


def test_kept_read_sets_are_those_of_the_select(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And once they are kept, no parser is asked."""
    monkeypatch.setattr(compiled, "_path", lambda it: place.parent / f"{it.name}.kept")
    uncached = kept_read_sets.read_sets_of.__wrapped__
    texts = [f"select r.a, r.b from t as r where r.a in ('x', {it})" for it in ("'y'", "'z'")]
    expected = [parse_read_sets(text) for text in texts]
    assert [uncached(text) for text in texts] == expected
    monkeypatch.delattr(kept_read_sets, "_read")
    assert [uncached(text) for text in texts] == expected
    assert len(_kept(place.parent)) == len(texts)


def test_templates_are_compiled_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_place", lambda bucket: place.with_name(bucket.key))
    for number in (1, 1, 2):
        made = environment._environment.__wrapped__()
        made.loader = FileSystemLoader(place.parent)
        (place.parent / "t.j2").write_text(f"{{{{ n }}}} {number}")
        before = [file.read_bytes() for file in _kept(place.parent)]
        assert made.get_template("t.j2").render(n=7) == f"7 {number}"
        after = [file.read_bytes() for file in _kept(place.parent)]
        assert len(after) == 1
        assert (before == after) is (number == 1 and bool(before))
        place.touch()  # the second time it is read


def test_an_installation_keeps_all_that_runs_would(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says where it cannot."""
    monkeypatch.setattr(compiled, "_path", lambda it: place.parent / f"{it.name}.kept")
    fresh = [suite._shipped, suite.schema_rules, parsed_query._shipped, parsed_query.parse, environment._environment,
             kept_read_sets.read_sets_of]  # fmt: skip
    for cached in fresh:
        cached.cache_clear()
    assert keep.main() == 0
    templates = {f"template_{it}" for it in (Path(environment.__file__).parent / "templates").glob("*.j2")}
    names = {it.stem for it in _kept(place.parent)}
    assert {f"{it}_{what}" for it in ("current", "proposed") for what in ("suite", "parsed")} | {"lint_suite"} <= names
    assert len([it for it in names if it.startswith("template_")]) == len(templates)
    assert [it for it in names if it.startswith("read_sets_")]  # of impacts
    place.touch()
    monkeypatch.setattr(compiled, "_path", lambda _: place / "no folder")
    assert keep.main() == 3
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert keep.main() == 3


@pytest.mark.parametrize("text", ["select a::text", "select '::a'", "a :: b", "::::a", "x:=y", ""])
def test_texts_without_a_variable_are_not_split(text: str) -> None:
    assert list(placeholders.placeholders(text)) == []


@pytest.mark.parametrize("text", [":a", "b::int, :a", "a:::b", "::int[:a]", "(:'a')", ':"a"', "= :a", "::text:::a"])
def test_each_variable_is_seen(text: str) -> None:
    assert [it.name in "ab" for it in placeholders.placeholders(text)] == [True]
