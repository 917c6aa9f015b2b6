"""The documentation is complete: each word, option and function is described."""

from __future__ import annotations

import re
import typing

import pytest

import order_audit
from order_audit.expectations import fragments, requirements, rule
from order_audit.fixes import fix
from order_audit.fixes.guarding import guard_file
from order_audit.reports.gate import decide
from tests.support import docs


def test_every_header_field_of_a_rule_is_described() -> None:
    text = docs.text_of(docs.ROOT / "docs" / "rules.md")
    fields, old_names = text.split("### Old names")
    assert set(re.findall(r"^\| `(\w+)` \|", fields, re.MULTILINE)) >= set(rule._FIELDS)
    for old, new in rule._RENAMED.items():
        assert f"| `{old}` | `{new}` |" in old_names


def test_every_word_of_a_fix_file_is_described() -> None:
    words = re.search(r"\(\?P<word>([a-z|]+)\)", fix._LINE.pattern)
    assert words is not None
    text = docs.text_of(docs.ROOT / "docs" / "fixes.md")
    rows = set(re.findall(r"^\| `(\w+)[ :]", text, re.MULTILINE))
    assert rows == set(words[1].split("|"))
    assert rows > set(typing.get_args(fix.Op))
    assert all(f"`{word}`" in text for word in ("violation", "unit", fix.LEAVE))


def test_every_word_of_a_guard_file_is_described() -> None:
    text = docs.text_of(docs.ROOT / "docs" / "guards.md")
    parts = re.search(r"\(\?P<kind>([a-z |]+)\).*\(\?P<bare>([a-z|]+)\)", guard_file._PART.pattern)
    assert parts is not None
    for word in (*guard_file._FIELDS, *parts[1].split("|"), *parts[2].split("|")):
        assert re.search(rf"^\|.*`{word}( TABLE)?`", text, re.MULTILINE), word


def test_the_line_that_includes_a_fragment_is_described() -> None:
    """In a rule that the page's own test loads from its file."""
    text = docs.text_of(docs.ROOT / "docs" / "rules.md")
    includes = [line for block in docs.blocks(docs.ROOT / "docs" / "rules.md") for line in block.text.splitlines()
                if fragments._INCLUDE.fullmatch(line)]  # fmt: skip
    assert includes
    assert fragments.ENDING in text


def test_every_public_function_is_described() -> None:
    text = docs.text_of(docs.ROOT / "docs" / "python.md")
    assert [name for name in order_audit.__all__ if name.islower() and f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(("kind", "fields"), requirements._TEXTS.items())
def test_every_field_of_requirements_is_described(kind: str, fields: tuple[str, ...]) -> None:
    text = docs.text_of(docs.ROOT / "docs" / "rules.md").split(f"| `{kind}` |")[1].split("\n\n")[0]
    assert [field for field in (*fields, "rules") if f"`{field}`" not in text] == []


def test_every_option_is_described() -> None:
    reference = docs.text_of(docs.ROOT / "docs" / "commands.md")
    for name, command in docs.commands():
        section = reference.split(f"## {name.removeprefix('order-audit ')}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("--") or option in section, f"{name} {option}"


def test_every_option_of_run_stands_on_a_page_beside_the_reference() -> None:
    pages = " ".join(docs.text_of(page) for page in docs.PAGES if page.name != "commands.md")
    parameters = dict(docs.commands())["order-audit run"].params
    assert [option for it in parameters for option in it.opts if option not in pages] == []


def test_every_way_in_which_the_gate_fails_is_described() -> None:
    text = docs.text_of(docs.ROOT / "docs" / "ci.md")
    options = set(typing.get_type_hints(decide)) - {"document", "judged", "new", "anomalies", "expired", "return"}
    assert "a suppression has expired" in text
    assert [name for name in options if f"--{name.replace('_', '-')}" not in text] == []
