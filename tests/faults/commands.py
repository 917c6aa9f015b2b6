"""The commands that the harness of faults runs, and the databases that they run on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from order_audit.audit.database.server import Server
from tests.support import servers
from tests.support.program import order_audit

SUITE: Final = Path(__file__).parent / "suite"
_RULES: Final = ("--suite", str(SUITE / "rules"))
_FOLDERS: Final = (*_RULES, "--fixes", str(SUITE / "repairs"), "--guards", str(SUITE / "protect"))
APPLY: Final = ("fixes", "apply", *_FOLDERS, "--accept-recommended", "--quiet", "--batch-size", "25")
REVERT: Final = ("fixes", "revert", "--quiet", "--batch-size", "25")
_MIGRATE: Final = ("migrate", "run", "--quiet", "--batch-size", "5")
ROLLBACK: Final = ("migrate", "rollback", "--quiet")
CONTRACT: Final = ("migrate", "contract", "--drop-old-tables", "--quiet")
STEPS: Final = ("prepare", "expand", "synchronise", "backfill", "verify", "switch")


@dataclass(frozen=True)
class Command:
    """A command: its name, its words, and the database that it begins with.

    `{out}` in a word is a folder. `back` are the words of the command that undoes it; None where nothing does.
    """

    name: str
    words: tuple[str, ...]
    template: str
    reads: bool = False
    back: tuple[str, ...] | None = None
    #: The template that has the state of after `back`.
    before: str = ""


def _migration(step: str, before: str) -> Command:
    return Command(f"migrate run --to {step}", (*_MIGRATE, "--to", step), before, back=ROLLBACK, before="sample")


#: Names with fewer characters than an option: these run in the tests, as they take tenths of a second.
COMMANDS: Final = (
    Command("run", ("run", "--out", "{out}", "--format", "violations,json", *_RULES, "--no-lint", "--no-profile",
                    "--quiet"), "small", reads=True),
    Command("run, all files", ("run", "--out", "{out}", "--quiet"), "issues", reads=True),
    Command("lint", ("lint",), "small", reads=True),
    Command("profile", ("profile",), "small", reads=True),
    Command("init", ("init", "{out}", "--quiet", "--overwrite"), "small", reads=True),
    Command("fixes plan", ("fixes", "plan", *_FOLDERS, "--quiet", "--out", "{out}/decisions.toml"), "small",
            reads=True),
    Command("fixes apply", APPLY, "small", back=REVERT, before="small"),
    Command("fixes revert", REVERT, "applied", back=APPLY, before="applied"),
    *(_migration(step, f"to {before}" if before else "sample")
      for before, step in zip(("", *STEPS), STEPS, strict=False)),
    Command("migrate run", _MIGRATE, "sample", back=ROLLBACK, before="sample"),
    Command("migrate rollback", ROLLBACK, "to switch"),
    Command("migrate contract", CONTRACT, "to switch"),
    Command("migrate retire", ("migrate", "retire", "--drop-old-views", "--quiet"), "contracted"),
)  # fmt: skip


def command(name: str) -> Command:
    """Return a command by its name."""
    return next(one for one in COMMANDS if one.name == name)


@dataclass
class Templates:
    """The databases that commands begin with, each made at its first use."""

    server: Server
    _made: dict[str, str]

    def new(self, template: str, options: str = "") -> str:
        """Make a copy of a template; return its DSN."""
        return servers.new_database(self.server, self._template(template), options)

    def _template(self, name: str) -> str:
        if name in ("sample", "issues"):
            return name
        if name not in self._made:
            self._made[name] = servers.name_of(_MAKERS[name.split()[0]](self, name))
        return self._made[name]


def _small(templates: Templates, _name: str) -> str:
    dsn = servers.new_database(templates.server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((SUITE / "tables.sql").read_bytes())
    return dsn


def _applied(templates: Templates, _name: str) -> str:
    return _after(templates.new("small"), *APPLY)


def _contracted(templates: Templates, _name: str) -> str:
    return _after(templates.new("to switch"), *CONTRACT)


def _migrated(templates: Templates, name: str) -> str:
    step = name.removeprefix("to ")
    return _after(templates.new(command(f"migrate run --to {step}").template), *_MIGRATE, "--to", step)


def _after(dsn: str, *words: str) -> str:
    done = order_audit(*words, "--dsn", dsn)
    assert done.returncode == 0, done.stderr
    return dsn


_MAKERS: Final[dict[str, Callable[[Templates, str], str]]] = {
    "small": _small, "applied": _applied, "to": _migrated, "contracted": _contracted,
}  # fmt: skip
