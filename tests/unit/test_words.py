"""Public texts use the terms of their field: none of the project's former private words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from typer.main import get_command

from order_audit import expectations
from order_audit.audit.cli.app import app
from order_audit.expectations import Suite, schema_rules
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.guard_file import guards

ROOT: Final = Path(__file__).parents[2]
#: Words that a newcomer cannot guess, as patterns, and what to write instead.
BANNED: Final = {
    r"tells?|told": "the verb that fits: shows, says, finds; or name the column",
    r"nobody|somebody|anybody|whoever|whom": "the role: reader, customer, session, program",
    r"there already|already there": "duplicate, existing",
    r"offend(?:s|ing)?": "highlight",
    r"weakness(?:es)?": "allowed_by, schema finding",
    r"considerations?": "business requirement",
    r"allowances?": "baseline, suppression",
    r"stake": "impact",
    r"put back": "revert",
    r"put right": "fix",
    r"in thought": "checksum verification",
    r"passed over": "locked, skipped",
    r"left alone|kept back": "conflict",
    r"restless": "not converging",
    r"foresee": "dry run",
    r"spool": "violation store",
    r"twins?": "partition column",
    r"kinship": "implied foreign key",
    r"breach(?:es)?": "violation predicate",
    r"pivots?": "key column",
    r"tied?s?": "constraint",
    r"come(?:s)? to more than": "exceeds",
    r"stands? (?:twice|nowhere|in (?:its|the) way)": "is repeated, is missing, conflicts",
    r"is there twice": "is repeated",
    r"cannot be one": "invalid",
    r"bundles?": "batch",
    r"dear(?:er|est)?": "expensive",
    r"fore(?:told|tell)": "predicted, as planned",
    r"put away": "stored",
    r"tak(?:e|en|ing) along": "carry, copy",
    r"at work": "running, active",
    r"anew": "again, new",
    r"homeless": "without a line",
    r"of somebody else's|somebody else": "another session",
}
_BANNED: Final = {
    re.compile(rf"(?<![\w.])(?:{words})(?!\w|\.\w)", re.IGNORECASE): instead for words, instead in BANNED.items()
}
#: The number of words that a sentence may have, and a rule's title.
LONGEST_SENTENCE: Final = 25
LONGEST_TITLE: Final = 6
Texts = Iterator[tuple[str, str]]


def suites() -> list[Suite]:
    """The suites that come with the program."""
    return [expectations.load(name) for name in expectations.shipped()]


# Where texts are ------------------------------------------------------------------------------------


def rule_headers() -> Texts:
    """Titles and prose of rules, those on schemas included."""
    for rule in [*(rule for suite in suites() for rule in suite.rules), *schema_rules()]:
        for field in ("title", "why", "limitations", "without", "unfixed", "unguarded"):
            yield f"{rule.path}: {field}", getattr(rule, field)
        for cause in rule.schema_causes:
            yield f"{rule.path}: {cause.rule}", cause.which


def requirements() -> Texts:
    """Requirements and questions."""
    for suite in suites():
        entries = [it.document() for it in suite.requirements] + [it.document() for it in suite.questions]
        for entry in entries:
            yield from ((f"{suite.name}: {field}", text) for field, text in entry.items() if isinstance(text, str))


def fix_prose() -> Texts:
    """The effects, assumptions and order of fixes."""
    for suite in suites():
        for fix in fixes(suite.rules).values():
            yield f"{fix.path}: assumes", fix.assumes
            yield f"{fix.path}: leave", fix.leave
            yield from ((f"{fix.path}: after {rule}", reason) for rule, reason in fix.after.items())
            for option in (fix.automatic, *fix.options):
                if option is not None:
                    yield f"{fix.path}: {option.name}", option.does


def guard_prose() -> Texts:
    """Titles and assumptions of guards."""
    for guard in guards().values():
        yield f"{guard.name}: title", guard.title
        yield f"{guard.name}: assumes", guard.assumes


def sql_comments() -> Texts:
    """Comments in the files of rules, fixes and guards."""
    for folder in ("expectations", "fixes/current", "fixes/guards"):
        for path in sorted((ROOT / folder).rglob("*.sql")):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if found := re.search(r"(?:^|\s)--\s+(?P<text>.*)", line):
                    yield f"{path.relative_to(ROOT)}:{number}", found["text"]


def lint_literals() -> Texts:
    """Strings in the schema rules: messages, suggestions, names of evidence."""
    for path in sorted((ROOT / "expectations" / "lint").rglob("*.sql")):
        for text in re.findall(r"'((?:[^']|'')*)'", re.sub(r"(?m)^\s*--.*$", "", path.read_text(encoding="utf-8"))):
            yield str(path.relative_to(ROOT)), text


def catalog_names() -> Texts:
    """Names of the catalogue, which authors of schema rules read."""
    for name in re.findall(r"[a-z_]+", expectations.catalog()):
        yield "expectations/catalog.sql", name


def data_issues() -> Texts:
    """The rubric of the labelled issues."""
    yield from _prose("scenario/data-issues/README.md")


def readme() -> Texts:
    """The README, without commands and their output."""
    yield from _prose("README.md")


def docs() -> Texts:
    """The pages below docs."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        yield from _prose(str(path.relative_to(ROOT)))


def templates() -> Texts:
    """The words of HTML templates."""
    for path in sorted((ROOT / "reports" / "html" / "templates").rglob("*.html.j2")):
        text = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        yield str(path.relative_to(ROOT)), text


def command_help() -> Texts:
    """The help of commands and their options."""
    yield from _help(get_command(app), "order-audit")


def _help(command: Any, name: str) -> Texts:
    yield name, command.help or ""
    for parameter in command.params:
        yield f"{name} {parameter.name}", getattr(parameter, "help", None) or ""
    for below, inner in getattr(command, "commands", {}).items():
        yield from _help(inner, f"{name} {below}")


def code_messages() -> Texts:
    """Strings of four words and more in the program that are neither docstrings nor SQL."""
    for path in _modules():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or id(node) in docs or not isinstance(node.value, str):
                continue
            if node.value.count(" ") > 3 and not re.search(r"\b(select|from|where|create|alter)\b", node.value):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def docstrings() -> Texts:
    """Docstrings of the program."""
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT)}: {getattr(node, 'name', 'module')}", ast.get_docstring(node) or ""


def comments() -> Texts:
    """Comments of the program."""
    for path in _modules():
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type == tokenize.COMMENT:
                yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def _modules() -> Iterator[Path]:
    for folder in ("expectations", "audit", "reports", "fixes", "scenario", "order_audit"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not path.is_symlink() and not any(parent.is_symlink() for parent in path.parents):
                yield path


def scenario_comments() -> Texts:
    """Comments in the scenario's SQL files."""
    for path in sorted((ROOT / "scenario").rglob("*.sql")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if found := re.search(r"(?:^|\s)--\s+(?P<text>.*)", line):
                yield f"{path.relative_to(ROOT)}:{number}", found["text"]


def schema_names() -> Texts:
    """Names of objects that the scenario's SQL files create, as words."""
    named = re.compile(r"create (?:or replace )?(?:function|procedure|table|trigger|view) (?:\w+\.)?(\w+)")
    for path in sorted((ROOT / "scenario").rglob("*.sql")):
        for name in named.findall(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(ROOT)}: {name}", name.replace("_", " ")


def pages() -> Texts:
    """Pages outside of docs."""
    proposed = (f"scenario/proposed/{name}.md" for name in ("decision", "runbook", "design"))
    for path in ("CHANGELOG.md", "benchmarks/README.md", "findings/README.md", *proposed):
        yield from _prose(path)


def journal() -> Texts:
    """Comments of the journal, which emitted projects contain."""
    yield (
        "fixes/journal.sql",
        "\n".join(
            line for line in (ROOT / "fixes" / "journal.sql").read_text(encoding="utf-8").splitlines() if "--" in line
        ),
    )


def _prose(path: str) -> Texts:
    text = (ROOT / path).read_text(encoding="utf-8")
    text = re.sub(r"^```.*?^```|<!--.*?-->|`[^`\n]*`", " ", text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n", text):
        yield path, " ".join(paragraph.split())


Source = Callable[[], Texts]
SOURCES: Final[tuple[Source, ...]] = (
    rule_headers, requirements, fix_prose, guard_prose, sql_comments, lint_literals, catalog_names, data_issues,
    readme, docs, templates, command_help, code_messages, docstrings, comments, journal, scenario_comments,
    schema_names, pages,
)  # fmt: skip


# The tests ------------------------------------------------------------------------------------------


def private_words(text: str) -> list[str]:
    """Banned words in a text, with what to write instead."""
    return [f"'{found[0]}' (write: {instead})" for word, instead in _BANNED.items() if (found := word.search(text))]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.__name__)
def test_texts_have_no_private_words(source: Source) -> None:
    """The messages name the place, the word, and what to write instead."""
    texts = list(source())
    assert any(text for _, text in texts)
    wrong = [f"{place}: {word}: {text}" for place, text in texts for word in private_words(text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Nobody was told", 2), ("a weakness that lets in rows", 1), ("Customer that is there already", 1),
        ("the table retold in c.twin", 0), ("order amount is negative", 0), ("a twin of the column", 1),
    ],
)  # fmt: skip
def test_private_words_are_found(text: str, count: int) -> None:
    """As whole words, in any case."""
    assert len(private_words(text)) == count


def test_titles_are_short() -> None:
    """A title states the fault in at most six words, and no two rules of a suite have the same."""
    for rules in (*(suite.rules for suite in suites()), schema_rules()):
        titles = [rule.title for rule in rules]
        assert len(set(titles)) == len(titles)
        assert [title for title in titles if len(title.split()) > LONGEST_TITLE or title.endswith(".")] == []


@pytest.mark.parametrize("source", [rule_headers, requirements, fix_prose, guard_prose], ids=lambda it: it.__name__)
def test_sentences_are_short(source: Source) -> None:
    """One idea a sentence."""
    sentences = [(place, each) for place, text in source() for each in re.split(r"(?<=[.:;!?])\s+", text)]
    assert [(place, each) for place, each in sentences if len(each.split()) > LONGEST_SENTENCE] == []
