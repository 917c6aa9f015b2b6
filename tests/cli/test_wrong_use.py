"""Wrong use of the command line: one line with the error, an exit code, and no files left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from order_audit import expectations
from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.query_facts import ParsedQuery
from tests.cli.support import BROKEN, PASSWORD, Done, Place, in_process, order_audit


@dataclass(frozen=True)
class Wrong:
    """A command that must fail: its words, its exit code, and a part of the one line that it prints."""

    words: list[str]
    code: int
    says: str = ""
    env: dict[str, str] = field(default_factory=dict)


_RUN = ["run", "--out", "{out}", "--quiet"]
_ON_SAMPLE = [*_RUN, "--dsn", "{sample}"]
_LINT = ["lint", "--dsn", "{sample}"]
_PROFILE = ["profile", "--dsn", "{sample}"]
_MALFORMED = {
    "no equals sign": "postgres:/oa:{password}@localhost/shop",
    "bad percent": "postgresql://oa:{password}%zz@localhost/shop",
    "unknown parameter": "postgresql://oa:{password}@localhost/shop?colour={password}",
    "open quote": "host=localhost password='{password}",
    "slash in the password": "postgresql://oa:{password}/{password}@localhost/shop",
    "at sign in the password": "postgresql://oa:{password}@{password}@localhost/shop",
}

WRONG: Final[dict[str, Wrong]] = {
    # the database
    "no database given": Wrong(_RUN, 2, "--dsn"),
    "malformed DATABASE_URL": Wrong(_RUN, 2, "", {"DATABASE_URL": "postgres:/oa:{password}@localhost/shop"}),
    "wrong password": Wrong(
        [*_RUN, "--dsn", "host={socket} port={port} dbname={db} user=oa_guarded password={password}-wrong"],
        3, "password authentication failed",
    ),
    "wrong password in PGPASSWORD": Wrong(
        _RUN, 3, "password authentication failed",
        {"PGHOST": "{socket}", "PGDATABASE": "{db}", "PGUSER": "oa_guarded", "PGPASSWORD": "{password}-wrong"},
    ),
    "connection refused": Wrong(
        [*_RUN, "--dsn", "postgresql://oa:{password}@127.0.0.1:{closed}/shop"], 3, "refused"
    ),
    "server down": Wrong([*_RUN, "--dsn", "host={folder}/no-server dbname=shop"], 3, "no-server"),
    "unknown host": Wrong([*_RUN, "--dsn", "host=no-such-host.invalid dbname=shop password={password}"], 3, "no-such"),
    "no such database": Wrong(
        [*_RUN, "--dsn", "host={socket} port={port} user=postgres dbname=no_such_db"], 3, '"no_such_db" does not exist'
    ),
    "no tables": Wrong([*_RUN, "--dsn", "{empty}"], 3, "--suite FOLDER"),
    "no such schema": Wrong([*_ON_SAMPLE, "--schema", "nowhere"], 3, "'nowhere'"),
    "no permission": Wrong(
        [*_RUN, "--dsn", "host={socket} port={port} user=oa_stranger dbname={db}"], 3, "permission denied"
    ),
    "load without permission": Wrong(
        ["scenario", "load", "--dsn", "{empty} user=oa_stranger"], 3, "permission denied"
    ),
    "load twice": Wrong(["scenario", "load", "--dsn", "{sample}"], 2, "customers and orders"),
    # rules and suites
    "unknown rule": Wrong([*_ON_SAMPLE, "--rule", "lineage.nothing"], 2, "'lineage.nothing'"),
    "unknown rule excluded": Wrong([*_ON_SAMPLE, "--exclude", "lineage.nothing"], 2, "'lineage.nothing'"),
    "unknown rule explained": Wrong(["rules", "lineage.is_cyclic"], 2, "did you mean lineage.is_acyclic?"),
    "unknown suite": Wrong([*_ON_SAMPLE, "--suite", "nosuch"], 2, "'nosuch'"),
    "broken suite in a run": Wrong([*_ON_SAMPLE, "--suite", "{folder}/broken/no_title"], 2, "'title'"),
    # where files go
    "out is missing": Wrong(["run", "--dsn", "{sample}"], 2, "--out"),
    "out below a file": Wrong(["run", "--out", "/dev/null/x", "--dsn", "{sample}", "--quiet"], 2, "/dev/null/x"),
    "out is a file": Wrong(["run", "--out", "{folder}/file", "--dsn", "{sample}", "--quiet"], 2, "{folder}/file"),
    "report below a file": Wrong(["report", "{results}", "--out", "/dev/null/x/y.html"], 2, "/dev/null/x"),
    "report on a folder": Wrong(["report", "{results}", "--out", "{folder}"], 2, "{folder}"),
    "report on this folder": Wrong(["report", "{results}", "--out", "."], 2, "."),
    "compare below a file": Wrong(["compare", "{results}", "{results}", "--out", "/dev/null/x"], 2, "/dev/null/x"),
    # values of options
    "unknown format": Wrong([*_ON_SAMPLE, "--format", "json,pdf"], 2, "'pdf'"),
    "no format": Wrong([*_ON_SAMPLE, "--format", " , "], 2, "--format"),
    "pass rate is a word": Wrong([*_ON_SAMPLE, "--min-pass-rate", "most"], 2, "--min-pass-rate"),
    "pass rate above 100": Wrong([*_ON_SAMPLE, "--min-pass-rate", "100.01"], 2, "--min-pass-rate"),
    "pass rate below 0": Wrong([*_ON_SAMPLE, "--min-pass-rate", "-1"], 2, "--min-pass-rate"),
    "bad fail-on": Wrong([*_ON_SAMPLE, "--fail-on", "fatal"], 2, "--fail-on"),
    "bad examples": Wrong([*_ON_SAMPLE, "--examples", "-1"], 2, "--examples"),
    "infinite time-out": Wrong([*_ON_SAMPLE, "--statement-timeout", "inf"], 2, "--statement-timeout"),
    "time-out without end": Wrong([*_ON_SAMPLE, "--statement-timeout", "1e15"], 2, "--statement-timeout"),
    "lint: time-out below 0": Wrong([*_LINT, "--statement-timeout", "-1"], 2, "--statement-timeout"),
    "lint: unknown rule": Wrong([*_LINT, "--rule", "schema.nothing"], 2, "'schema.nothing'"),
    "lint: no rule left": Wrong([*_LINT, "--exclude", "*", "--fail-on", "info"], 2, "leave no rule"),
    "a gate on no lint": Wrong([*_ON_SAMPLE, "--no-lint", "--fail-on-schema", "info"], 2, "--no-lint"),
    "lint: no such file": Wrong([*_LINT, "--allow", "{folder}/none.txt"], 2, "none.txt"),
    "lint: no connection": Wrong(["lint", "--dsn", "host={socket} port={port} dbname=no_such_db user=postgres"], 3, ""),
    "profile: time-out is no number": Wrong([*_PROFILE, "--statement-timeout", "nan"], 2, "--statement-timeout"),
    "profile: sample of nothing": Wrong([*_PROFILE, "--sample", "0"], 2, "--sample"),
    "profile: no such table": Wrong([*_PROFILE, "--table", "nowhere"], 2, "'nowhere'"),
    "profile: no tables": Wrong(["profile", "--dsn", "{empty}"], 3, "--schema"),
    "sample above 100": Wrong([*_ON_SAMPLE, "--sample", "101"], 2, "--sample"),
    # files that are read
    "suppressions are not there": Wrong([*_ON_SAMPLE, "--allow", "{folder}/none.txt"], 2, "none.txt"),
    "baseline is not there": Wrong([*_ON_SAMPLE, "--baseline", "{folder}/none.json"], 2, "none.json"),
    "baseline is no JSON": Wrong([*_ON_SAMPLE, "--baseline", "{folder}/text.json"], 2, "text.json"),
    "baseline without its keys": Wrong(
        [*_ON_SAMPLE, "--baseline", "{folder}/bare.json"], 2, "bare.json: violations.csv is not beside it"
    ),
    "baseline is damaged": Wrong([*_ON_SAMPLE, "--baseline", "{folder}/damaged.json"], 2, "damaged.json"),
    "baseline of another database": Wrong([*_ON_SAMPLE, "--baseline", "{other}"], 2, "--different"),
    **{
        f"report on {what}": Wrong(["report", f"{{folder}}/{what}", "--out", "{out}/x"], 2, what)
        for what in ("none.json", "list.json", "other.json", "binary.json", "deep.json", "damaged.json", "no-server")
    },
    "compare with nothing": Wrong(["compare", "{folder}/none.json", "{results}", "--out", "{out}"], 2, "none.json"),
    "compare with a damaged file": Wrong(
        ["compare", "{results}", "{folder}/damaged.json", "--out", "{out}"], 2, "damaged.json"
    ),
    # the words themselves
    "unknown command": Wrong(["audit"], 2, "'audit'"),
    "unknown option": Wrong(["run", "--otu", "x"], 2, "--otu"),
    "argument missing": Wrong(["compare", "{results}"], 2, "AFTER"),
    "report without out": Wrong(["report", "{results}"], 2, "--out"),
    **{f"malformed DSN: {what}": Wrong([*_RUN, "--dsn", dsn], 2, "") for what, dsn in _MALFORMED.items()},
    **{
        f"suite: {name}": Wrong(["rules", "--suite", f"{{folder}}/broken/{name}"], 2, BROKEN[name][1])
        for name in ("unknown_header", "two_statements", "not_utf8", "same_id")
    },
}  # fmt: skip


#: Those that run in a process of their own, with its streams and its exit code: some of each kind.
ALONE: Final = {"no database given", "connection refused", "report on this folder", "unknown option"}


@dataclass(frozen=True)
class Tried:
    """The outcome of a wrong command."""

    done: Done
    out: Path
    says: str


@pytest.fixture(scope="module")
def tried(place: Place, audits: dict[str, Path]) -> Callable[[str], Tried]:
    """A wrong command, by its name; each is run once."""
    names = place.names | {
        "results": str(audits["sample"] / "results.json"), "other": str(audits["issues"] / "results.json")
    }  # fmt: skip

    shutil.copy(audits["sample"] / "results.json", place.folder / "bare.json")

    @cache
    def attempt(name: str) -> Tried:
        wrong, out = WRONG[name], place.out()
        filled = names | {"out": str(out)}
        env = {name: value.format(**filled) for name, value in wrong.env.items()}
        words = [word.format(**filled) for word in wrong.words]
        run = order_audit if name in ALONE else in_process
        return Tried(run(*words, env=env, cwd=place.folder), out, wrong.says.format(**filled))

    return attempt


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_one_line(tried: Callable[[str], Tried], name: str) -> None:
    """One line on stderr that names the place, the exit code that says of what kind, and nothing left behind."""
    found = tried(name)
    done = found.done
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("order-audit: ")
    assert found.says in lines[0]
    assert done.stdout == ""
    assert done.returncode == WRONG[name].code, lines[0]
    # where no rule can be judged, there is the rest
    judged_nothing = "no rule can be judged" in lines[0]
    assert judged_nothing or not found.out.exists() or list(found.out.iterdir()) == []


def _shapes(suite: Path) -> list[ParsedQuery]:
    return [parsed_query.parse(rule) for rule in expectations.load(suite).rules]


@pytest.mark.parametrize("name", BROKEN)
def test_a_suite_that_cannot_be_used_is_named(place: Place, name: str) -> None:
    """Each kind of mistake, as the commands above meet it: one line that names the file, and where it can the line."""
    with pytest.raises(expectations.SuiteError) as caught:
        _shapes(place.folder / "broken" / name)
    assert BROKEN[name][1] in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_passwords_are_in_no_message(tried: Callable[[str], Tried]) -> None:
    """Whatever is wrong with a DSN, its password is not printed."""
    told = [name for name in WRONG if PASSWORD in tried(name).done.stderr]
    assert told == []


def test_nothing_is_left_where_the_commands_ran(tried: Callable[[str], Tried], place: Place) -> None:
    """No draft, hidden or not, in the folder that they were started in."""
    for name in WRONG:
        tried(name)
    there = {path.name for path in place.folder.iterdir() if not path.name.startswith("out-")}
    assert there == {
        "broken", "file", "no-server", "text.json", "list.json", "other.json", "binary.json", "deep.json",
        "damaged.json", "bare.json",
    }  # fmt: skip
    assert (place.folder / "file").read_text(encoding="utf-8") == "in the way"


_DEBUGGED: Final = {
    "usage": ["run", "--out", "{out}", "--dsn", "{sample}", "--rule", "nothing"],
    "option": ["run", "--otu"],
    "connection": ["run", "--out", "{out}", "--dsn", "host={folder}/no-server dbname=x password={password}"],
    "malformed": ["run", "--out", "{out}", "--dsn", "postgresql://oa:{password}%zz@localhost/shop"],
    "document": ["report", "{folder}/list.json", "--out", "{out}/x"],
}


@pytest.mark.parametrize("name", _DEBUGGED)
def test_debug_shows_a_traceback(place: Place, name: str) -> None:
    """With --debug before or after the command: the traceback, then the same line; no password."""
    filled = place.names | {"out": str(place.out())}
    words = [word.format(**filled) for word in _DEBUGGED[name]]
    first = name in ("usage", "document")
    done = in_process(*(["--debug", *words] if first else [*words, "--debug"]), cwd=place.folder)
    assert done.returncode in (2, 3)
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("order-audit: ")
    assert PASSWORD not in done.stderr
