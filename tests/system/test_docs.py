"""The documentation: its examples work, and its links lead somewhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from order_audit.audit.analysis import parsed_query
from order_audit.audit.config import settings, suppressions
from order_audit.audit.config.file import ConfigFile
from order_audit.domain import GROUP
from order_audit.expectations import load, requirements, rule, schema_rules
from order_audit.fixes import fix
from order_audit.fixes.guarding import guard_file
from order_audit.fixes.planning import decisions
from tests.support import docs
from tests.support.pages import Step, run

RULES: Final = {it.id: it for it in (*load("current").rules, *schema_rules())}
README: Final = docs.ROOT / "README.md"
#: Run by tests/system/test_tutorial.py.
TUTORIAL: Final = docs.ROOT / "docs" / "tutorial.md"
#: The section with the blocks that tests/scan/test_shipped_rules.py adds to a copy of the project.
SHIPPED_RULE: Final = re.search(
    r"^## Add a shipped rule$.*?(?=^## |\Z)", (docs.ROOT / "docs/contributing.md").read_text(), re.DOTALL | re.MULTILINE
)
BLOCKS: Final = [
    block
    for page in docs.PAGES
    for block in docs.blocks(page)
    if not (page.name == "contributing.md" and SHIPPED_RULE and SHIPPED_RULE.start() < block.start < SHIPPED_RULE.end())
]
#: Programs beside ours that the pages call.
OTHERS: Final = {"make", "pip", "pipx", "uvx", "python", "docker", "sqitch", "cd", "cat", "sha256sum"}
#: Options of pg_restore in a sentence on it.
PG_RESTORE: Final = {"--data-only", "--disable-triggers"}

pages = pytest.mark.parametrize("page", docs.PAGES, ids=lambda page: page.name)


def blocks(*languages: str) -> pytest.MarkDecorator:
    found = [block for block in BLOCKS if block.language in languages]
    assert found
    return pytest.mark.parametrize("block", found, ids=str)


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", docs.text_of(page), flags=re.DOTALL | re.MULTILINE)


# Commands -----------------------------------------------------------------------------------------


@pages
def test_commands_and_their_options_exist(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "order-audit.toml").write_text("[env.ci]\n")
    monkeypatch.chdir(tmp_path)
    known = dict(docs.commands())
    for command in docs.written(page):
        argv = docs.words(f"order-audit {command}")
        name = named(argv, known)
        assert name, f"{page.name}: no command in {command!r}"
        # parsed as when it is called, and not run
        known[name].make_context(name, argv[len(name.split()) :])


def named(argv: list[str], known: Container[str]) -> str:
    return next((name for end in (3, 2) if (name := " ".join(argv[:end])) in known), "")


@pages
def test_commands_and_options_in_sentences_exist(page: Path) -> None:
    known = dict(docs.commands())
    options = {option for command in known.values() for parameter in command.params for option in parameter.opts}
    for code in re.findall(r"`([^`\n]+)`", prose(page)):
        assert set(re.findall(r"(?<!\S)--[a-z][a-z-]+", code)) <= options | {"--debug", *PG_RESTORE}, (
            f"{page.name}: {code}"
        )
        if code.startswith("order-audit "):
            assert named(docs.words(code), known) or any(name.startswith(f"{code} ") for name in known), (
                f"{page.name}: {code}"
            )


@blocks("console")
def test_console_blocks_call_known_programs(block: docs.Block) -> None:
    lines = [line for line in block.text.splitlines() if line.startswith("$ ")]
    assert lines, f"{block}: no command"
    targets = re.findall(r"^([\w-]+):", docs.text_of(docs.ROOT / "Makefile"), re.MULTILINE)
    for line in lines:
        argv = docs.words(line.removeprefix("$ "))
        assert argv[0] in {"order-audit", *OTHERS}, f"{block}: {line}"
        assert argv[0] != "make" or argv[1] in targets, f"{block}: {line}"


@pytest.mark.parametrize("page", [page for page in docs.PAGES if page != TUTORIAL], ids=lambda page: page.name)
def test_commands_print_what_pages_show(page: Path, dsn: str, tmp_path: Path) -> None:
    for block, steps in run(page, dsn, tmp_path):
        for step in steps:
            assert step.agrees, f"{block}: $ {step.command}\n" + "\n".join(step.seen)


def test_a_step_agrees_with_its_own_output_alone() -> None:
    """Where a page leaves lines out it says so."""
    assert Step("x", ["a", "…", "c"], ["a", "b", "b", "c"]).agrees
    assert Step("x", ["a", "…"], ["a"]).agrees is False
    assert Step("x", ["a", "c"], ["a", "b", "c"]).agrees is False
    assert Step("x", [], ["a"]).agrees is False
    assert Step("x", ["on … from 3"], ["on 2026-11-30 from 3"]).agrees
    assert Step("x", ["on … from 3"], ["on 2026-11-30 from 4"]).agrees is False


def test_readme_shows_a_violation_that_an_audit_finds() -> None:
    """Its example is run as it stands there, by the test above."""
    assert any("mine/shipping/parcel_has_weight.sql" in block.mark for block in docs.blocks(README))
    assert any("2 of 3  Parcel without a weight" in block.text for block in docs.blocks(README))


# Examples -----------------------------------------------------------------------------------------


@blocks("sql")
def test_sql_blocks_are_files_of_ours_or_are_run(block: docs.Block) -> None:
    """Rules, fixes and guards are read by their own loaders; statements are run by the test of their page."""
    if block.mark == "database":
        return
    path = f"{block}"
    if re.search(r"^-- protects:", block.text, re.MULTILINE):
        assert guard_file.parse(block.text, "example", RULES | docs.rules_of(block.page), path).objects
    elif re.search(r"^-- (automatic|option \w+.*):", block.text, re.MULTILINE):
        assert fix.parse(block.text, next(iter(RULES.values())), path)
    else:
        parsed_query.parse(rule.parse(block.text, id="example", suite="docs", path=path))


@blocks("toml")
def test_toml_blocks_can_be_read(block: docs.Block, tmp_path: Path) -> None:
    path = tmp_path / ("order-audit.toml" if block.mark == "file: order-audit.toml" else "example.toml")
    path.write_text(block.text, encoding="utf-8")
    if path.name == "order-audit.toml":
        assert settings.read(tmp_path, None)
        return
    parts = tomllib.loads(block.text)
    if "suppress" in parts:
        assert suppressions.suppressions(ConfigFile(path, parts), parts["suppress"], ())
        return
    if "requirement" in parts:
        assert requirements.read(path, path.name)[0]
        return
    if parts.get("project", {}).get("entry-points", {}).keys() == {GROUP}:
        return
    # decisions on rules whose fixes the same page shows
    shown = {
        name.removeprefix("repairs/").removesuffix(".sql").replace("/", "."): other.text
        for other in docs.blocks(block.page)
        if (name := other.mark.removeprefix("file: ")).startswith("repairs/") and other.language == "sql"
    }
    assert decisions.read(
        path, {id: fix.parse(text, RULES["orders.status_is_known"], id) for id, text in shown.items()}
    )


@blocks("yaml")
def test_yaml_blocks_can_be_read(block: docs.Block) -> None:
    assert yaml.safe_load(block.text)


@blocks("python")
@pytest.mark.filterwarnings("ignore")  # what other libraries say of themselves
def test_python_blocks_run(block: docs.Block, sample: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "false")
    monkeypatch.setenv("ORDER_AUDIT_GX_URL", "")  # blocks set it, each for its own database
    monkeypatch.delenv("ORDER_AUDIT_GX_URL")
    monkeypatch.chdir(tmp_path)
    text = re.sub(r'"postgresql://[^"]*"', lambda _: repr(sample), block.text)
    exec(compile(text, str(block), "exec"), {})


def test_every_block_has_a_language() -> None:
    assert [str(block) for block in BLOCKS if not block.language] == []


def test_no_block_is_overlooked() -> None:
    """Whatever stands between fences is a block of its page, or cog's."""
    for page in docs.PAGES:
        by_hand = re.sub(r"^<!-- \[\[\[cog.*?^<!-- \[\[\[end", "", docs.text_of(page), flags=re.DOTALL | re.MULTILINE)
        fences = len(re.findall(r"^ *```", by_hand, re.MULTILINE))
        assert fences == 2 * sum(block.language != "" and not block.is_hidden for block in docs.blocks(page)), page.name


# Links --------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def links(page: Path) -> Iterator[tuple[str, str]]:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if not target.startswith(("http://", "https://")):
            path, _, anchor = target.partition("#")
            yield path, anchor


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {path} is not there"
        if anchor:
            assert anchor in anchors(target), f"{page.name}: {path}#{anchor}: {sorted(anchors(target))}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, waiting = set[Path](), [README]
    while waiting:
        page = waiting.pop()
        seen.add(page)
        if page.suffix == ".md":
            found = {(page.parent / path).resolve() for path, _ in links(page) if path}
            waiting += [path for path in found if path not in seen]
    assert seen >= set(docs.PAGES)
    assert seen >= {path for path in (docs.ROOT / "docs").iterdir() if path.suffix != ".md"}


# All of it ----------------------------------------------------------------------------------------


def test_readme_is_short() -> None:
    assert len(docs.text_of(README).splitlines()) <= 150


def test_readme_counts_the_rules() -> None:
    assert f"{len(load('current').rules)} rules" in docs.text_of(README)
