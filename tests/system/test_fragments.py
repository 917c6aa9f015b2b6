"""SQL that several files share stands in fragments: how it is found, put in place, and pointed at."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.run import Options
from order_audit.expectations import SuiteError, fragments
from order_audit.fixes.fix import FixError, fixes
from order_audit.fixes.guarding.guard_file import guards
from tests.cli.support import in_process
from tests.support.results import run

ROOT = Path(__file__).parents[2]
HEAD = "-- title: A rule\n-- severity: critical\n-- key: id\n"
HEAVY = "parcels as p\nwhere p.weight > 9\n"


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., str]:
    """Write files of a suite by their paths, a rule by its body; give its folder."""

    def write(**bodies: str) -> str:
        for name, body in bodies.items():
            path = tmp_path / "mine" / (name.replace("__", "/").replace("_fragment", ".fragment") + ".sql")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body if path.name.endswith(fragments.ENDING) else HEAD + body, encoding="utf-8")
        return str(tmp_path / "mine")

    return write


def _sql(folder: str) -> dict[str, str]:
    return {rule.id: rule.sql for rule in expectations.load(folder).rules}


def test_a_fragment_stands_where_it_is_included(suite: Callable[..., str]) -> None:
    """Indented like the line, at each include; empty lines stay empty; line ends do not matter."""
    folder = suite(
        a="select p.id\nfrom (\n  -- include: heavy\n) as p\n",
        b="--include: heavy\nunion all\n\t-- include:  heavy \n",
        heavy_fragment="\ufeffselect id\r\n\r\nfrom parcels\r\n\r\n",
    )
    assert _sql(folder) == {
        "a": "select p.id\nfrom (\n  select id\n\n  from parcels\n) as p",
        "b": "select id\n\nfrom parcels\nunion all\n\tselect id\n\n\tfrom parcels",
    }


def test_a_fragment_can_hold_header_lines(suite: Callable[..., str]) -> None:
    """As if they had been written there."""
    folder = suite(a="-- include: about\nselect id from parcels", about_fragment="-- why: It is so,\n--   and was.\n")
    (rule,) = expectations.load(folder).rules
    assert (rule.why, rule.sql) == ("It is so, and was.", "select id from parcels")


def test_prose_that_goes_on_includes_nothing(suite: Callable[..., str]) -> None:
    """A header line that begins with two spaces continues the one before, whatever it says."""
    folder = suite(a="-- why: What they\n--  include: no more.\nselect id from parcels")
    assert expectations.load(folder).rules[0].why == "What they include: no more."


def test_the_nearest_fragment_counts(suite: Callable[..., str]) -> None:
    """Beside the rule, then in the folders above it, up to the suite's."""
    folder = suite(
        light="-- include: part",
        area__deep__heavy="-- include: part",
        area__light="-- include: part",
        part_fragment="select 1 as id",
        area__part_fragment="select 2 as id",
    )
    assert _sql(folder) == {
        "light": "select 1 as id",
        "area.deep.heavy": "select 2 as id",
        "area.light": "select 2 as id",
    }


def test_a_rule_file_can_be_run_alone_with_its_fragments(suite: Callable[..., str]) -> None:
    """Those beside it; others there may be unused, and are no part of its hash."""
    folder = suite(a="-- include: part", part_fragment="select 1 as id", other_fragment="select 2")
    alone = f"{folder}/a.sql"
    assert _sql(alone) == {"a": "select 1 as id"}
    command = "sha256sum a.sql part.fragment.sql | sha256sum"
    listed = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert expectations.load(alone).hashes == {alone: listed.split()[0]}
    with pytest.raises(SuiteError, match=r"part\.fragment\.sql: a fragment is no rule"):
        expectations.load(f"{folder}/part.fragment.sql")


def test_the_hash_of_a_suite_is_that_of_its_fragments_too(suite: Callable[..., str]) -> None:
    """It changes where the text of a rule does."""
    folder = suite(a="-- include: part", part_fragment="select 1 as id")
    before = expectations.load(folder).hashes[folder]
    command = "sha256sum a.sql part.fragment.sql | sha256sum"
    listed = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert before == listed.split()[0]
    suite(part_fragment="select 2 as id")
    assert expectations.load(folder).hashes[folder] != before


WRONG = {
    "unknown": (
        {"a": "select 1 as id\n-- include: parts", "part_fragment": "x"},
        "a.sql:5: no fragment 'parts': parts.fragment.sql is neither beside this file nor in a folder above it within",
    ),
    "below": (
        {"a": "-- include: part", "area__part_fragment": "x"},
        "a.sql:4: no fragment 'part'",
    ),
    "a path": (
        {"area__a": "-- include: ../part", "part_fragment": "x"},
        "area/a.sql:4: '../part' is no name of a fragment: write NAME for the file NAME.fragment.sql beside this one",
    ),
    "no name": ({"a": "-- include: "}, "a.sql:4: '' is no name of a fragment"),
    "unused": (
        {"a": "select 1 as id", "area__part_fragment": "x"},
        "area/part.fragment.sql:1: no file includes this fragment: write '-- include: part' in one, or delete it",
    ),
    "itself": (
        {"a": "-- include: part", "part_fragment": "select 1 as id\n  -- include: part"},
        "part.fragment.sql:2: a fragment includes no other fragment, nor itself",
    ),
    "empty": ({"a": "-- include: part", "part_fragment": " \n"}, "a.sql:4: the fragment"),
    "header": (
        {"a": "-- include: part\nselect 1 as id", "part_fragment": "-- why: x\n-- wy: x"},
        "part.fragment.sql:2: unknown header 'wy'",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fragment_that_is_wrong_is_named(suite: Callable[..., str], name: str) -> None:
    """With file and line, in one line; as wrong use of the command."""
    files, said = WRONG[name]
    folder = suite(**files)
    with pytest.raises(SuiteError) as raised:
        expectations.load(folder)
    assert str(raised.value).startswith(f"{folder}/{said}")
    done = in_process("rules", "--suite", folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_fragment_outside_of_the_suite_is_refused(suite: Callable[..., str], tmp_path: Path) -> None:
    """One above its folder is not found, and a link does not lead there."""
    (tmp_path / "part.fragment.sql").write_text("select 1 as id")
    folder = suite(a="-- include: part")
    with pytest.raises(SuiteError, match=r"a\.sql:4: no fragment 'part'"):
        expectations.load(folder)
    link = Path(folder) / "part.fragment.sql"
    link.symlink_to(tmp_path / "part.fragment.sql")
    for source in (folder, f"{folder}/a.sql"):
        with pytest.raises(SuiteError, match=r"a\.sql:4: the fragment 'part' is a link to a file outside of the suite"):
            expectations.load(source)
    link.unlink()
    link.symlink_to("real.fragment.sql")
    (Path(folder) / "real.fragment.sql").write_bytes(b"\xff")
    with pytest.raises(SuiteError, match=r"a\.sql:4: the fragment .*part\.fragment\.sql is not UTF-8 text"):
        expectations.load(folder)


BROKEN = {
    "before": ("select p.idd,\n  p.id\nfrom (\n  -- include: part\n) as p", "select id from parcels", "a.sql", 4, 8),
    "within": ("select p.id\nfrom (\n  -- include: part\n) as p", "select id,\n  idd from parcels", "part", 2, 3),
    "behind": ("  select id from (\n  -- include: part\n) as p where p.idd = 1", "select 1 id", "a.sql", 6, 14),
    "first": ("-- include: part\nwhere id = 1", "   select idd\nfrom parcels", "part", 1, 11),
    "indented": ("\n   select idd from parcels\n-- include: part", "where id = 1", "a.sql", 5, 11),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_pointed_at_where_it_was_written(
    suite: Callable[..., str], dsn: str, tmp_path: Path, name: str
) -> None:
    """In the fragment's file where it is in the fragment, else in the rule's, at their own lines and columns."""
    body, part, file, line, column = BROKEN[name]
    folder = suite(a=body, part_fragment=part)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table parcels (id int primary key)")
    document = run(dsn, tmp_path / "out", Options(suites=(folder,), lint=False, profile=False, formats=("json",)))
    (found,) = document["results"]
    place = f"{folder}/{'part.fragment.sql' if file == 'part' else file}"
    assert found["error_at"] == {"sqlstate": "42703", "file": place, "line": line, "column": column}
    assert found["error"].endswith(f" ({place}:{line}:{column})")
    assert found["file"] == f"{folder}/a.sql"


def test_what_is_shown_is_the_whole_statement(suite: Callable[..., str], dsn: str, tmp_path: Path) -> None:
    """By `rules`, and in the results and the report, to be pasted."""
    folder = suite(a="select p.id\nfrom parcels as p\n-- include: heavy\n", heavy_fragment="where p.weight > 9\n")
    whole = "select p.id\nfrom parcels as p\nwhere p.weight > 9"
    assert in_process("rules", "--suite", folder, "a").stdout.rstrip().endswith(whole)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table parcels (id int primary key, weight int)")
        connection.execute("insert into parcels values (1, 10), (2, 1)")
    document = run(dsn, tmp_path / "out", Options(suites=(folder,), lint=False, profile=False))
    assert (document["results"][0]["violations"], document["results"][0]["sql"]) == (1, whole)
    assert "where p.weight &gt; 9" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "include: heavy" not in json.dumps(document)
    with psycopg.connect(dsn) as connection:
        assert connection.execute(document["results"][0]["sql"]).fetchall() == [(1,)]


def test_a_fix_includes_fragments_of_its_folder(suite: Callable[..., str], tmp_path: Path) -> None:
    """Lines that begin options and changes may be in them; messages name their file and line."""
    rules = expectations.load(suite(a="select id from parcels", b="select id from parcels")).rules
    repairs = tmp_path / "repairs"
    repairs.mkdir()
    (repairs / "a.sql").write_text("-- automatic: it is put right\n-- include: change\nfrom violation as v")
    (repairs / "change.fragment.sql").write_text("-- update parcels by id:\nselect v.id, 1 as weight\n")
    found = fixes(rules, repairs)
    assert found["a"].automatic is not None
    assert found["a"].automatic.changes[0].sql == "select v.id, 1 as weight\nfrom violation as v"
    assert "update parcels" in found["a"].text
    (repairs / "change.fragment.sql").write_text("\n-- update parcels by:\n")
    with pytest.raises(FixError, match=r"repairs/change\.fragment\.sql:2: not 'update TABLE by KEY:' below an option"):
        fixes(rules, repairs)
    (repairs / "change.fragment.sql").unlink()
    with pytest.raises(FixError, match=r"repairs/a\.sql:2: no fragment 'change'"):
        fixes(rules, repairs)
    (repairs / "a.sql").write_bytes(b"\xff")
    with pytest.raises(FixError, match=r"repairs/a\.sql: not UTF-8 text"):
        fixes(rules, repairs)


def test_all_shipped_fragments_are_used() -> None:
    """Those of a fix and a guard, too; no include line is left in the statements."""
    for folder in (ROOT / "order_audit" / "fixes" / "current", ROOT / "order_audit" / "fixes" / "guards" / "current"):
        included = {line.path for path in fragments.files(folder) for line in fragments.read(path, folder)}
        assert fragments.used(folder, included)
    texts = [rule.sql for suite in expectations.shipped() for rule in expectations.load(suite).rules]
    texts += [fix.text for fix in fixes(expectations.load("current").rules).values()]
    texts += [guard_object.display_sql("public") for guard in guards().values() for guard_object in guard.objects]
    assert not [text for text in texts if "include:" in text]
