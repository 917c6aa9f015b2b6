"""Help and version: at once, for each command, and as documented."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer

from order_audit.audit.cli.app import app
from tests.cli.support import ENVIRONMENT, order_audit
from tests.support import docs


def _commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Every command with its words, and whether it is a group of others."""
    below = getattr(command, "commands", {})
    yield words, bool(below)
    for name, sub in below.items():
        yield from _commands(sub, (*words, name))


COMMANDS: Final = dict(_commands(typer.main.get_command(app)))


#: Runs `--help` of each command in one fresh process; prints how each ended and the modules that it was the first to
#: import.
ASK: Final = """
import contextlib, io, json, sys
from order_audit.audit.cli.app import main
told, before = [], set()
for words in json.load(sys.stdin):
    sys.argv = ["order-audit", *words, "--help"]
    code = None
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            main()
        except SystemExit as end:
            code = end.code
    told.append([code, out.getvalue(), sorted({*sys.modules} - before)])
    before = {*sys.modules}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def helped() -> dict[tuple[str, ...], tuple[int, str, set[str]]]:
    """Of every command: how `--help` ended, what it printed, and the modules that it was the first to import."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        input=json.dumps(list(COMMANDS)),
        capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    return {words: (code, said, set(imported)) for words, (code, said, imported) in zip(COMMANDS, told, strict=True)}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_answers_at_once(helped: dict[tuple[str, ...], tuple[int, str, set[str]]], words: tuple[str, ...]) -> None:
    """Every command explains itself, with an example, and imports nothing heavy for it."""
    code, said, modules = helped[words]
    assert code == 0
    assert "Usage: order-audit" in said
    if not COMMANDS[words] and words != ("version",):
        assert f"Example: order-audit {' '.join(words)} " in said
    imported = {name.split(".")[0] for name in modules}
    assert not imported & {"great_expectations", "pandas", "sqlglot", "sqlalchemy", "numpy", "jinja2", "psycopg"}
    assert not modules & {"order_audit.expectations", "order_audit.reports.document"}, "they take a third of the time"


@pytest.mark.parametrize("words", [(), ("scenario",)], ids=["nothing", "a group"])
def test_without_a_command_the_help_is_shown(words: tuple[str, ...]) -> None:
    """The commands there are, a line each, and not one long line."""
    done = order_audit(*words)
    shown = done.stdout or done.stderr
    assert done.returncode in (0, 2)
    assert len(shown.splitlines()) > 5
    assert "Traceback" not in shown
    assert re.search(r"^\s+(run|load)\s", shown, re.MULTILINE)


def test_version() -> None:
    """`order-audit version`."""
    done = order_audit("version")
    assert re.fullmatch(r"order-audit \d+\.\d+\.\d+\S*\n", done.stdout)


def test_every_command_is_documented_here() -> None:
    """The commands that scripts rely on are there."""
    assert {("run",), ("rules",), ("report",), ("compare",), ("demo",), ("scenario", "load")} <= COMMANDS.keys()
    assert COMMANDS[("scenario",)], "a group"


@pytest.mark.parametrize(("name", "command"), list(docs.commands()), ids=lambda it: it if isinstance(it, str) else "")
def test_the_example_of_a_command_is_right_use(
    name: str, command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With values of each kind that its help names: an address, a path."""
    found = re.search(r"Example: ((?:.+\n?)+)", command.help or "")
    if found:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "order-audit.toml").write_text("[env.ci]\n", encoding="utf-8")
        words = shlex.split(" ".join(found[1].split()))
        assert " ".join(words).startswith(name)
        command.parse_args(command.context_class(command, info_name=name), words[len(name.split()) :])
