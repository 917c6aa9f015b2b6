"""Run the documentation's pages as the tests do: each command in a database and a folder of the page's own.

`python -m tests.support.pages` writes the output of a page's commands anew, wherever a run gives another one.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

import psycopg

from order_audit.audit.cli.app import main
from tests.support import servers
from tests.support.docs import PAGES, ROOT, Block, blocks, text_of, words

#: Where a page's commands begin, as in a checkout; `cd ../NAME` stays in the folder of the run.
_CHECKOUT: Final = "checkout"


@dataclass(frozen=True)
class Step:
    """A command of a block, the output that the page shows, and that of a run."""

    command: str
    shown: list[str]
    seen: list[str]

    @property
    def agrees(self) -> bool:
        """Whether the run printed the output that the page shows; an error in full."""
        if any(line.startswith("order-audit: ") and line not in self.shown for line in self.seen):
            return False
        lines = (re.escape(line).replace("…", ".*") for line in self.shown)
        pattern = "\n".join(r"(?:.*\n)*?.*" if line.strip() == ".*" else line for line in lines)
        return re.fullmatch(pattern, "\n".join(self.seen)) is not None


def run(page: Path, dsn: str, folder: Path) -> Iterator[tuple[Block, list[Step]]]:
    """Run a page in an empty database and an empty folder; gives each block with commands that were run."""
    roles: list[str] = []
    at = folder / _CHECKOUT
    at.mkdir()
    try:
        for block in blocks(page):
            if block.mark.startswith("file: "):
                path = at / block.mark.removeprefix("file: ")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif block.mark == "database":
                roles += re.findall(r"create role (\w+)", block.text)
                with psycopg.connect(dsn, autocommit=True) as connection:
                    connection.execute(block.text.encode())
            elif block.language == "console":
                steps = _steps(block.text)
                if block.mark == "run" or any(shown for _, shown in steps):
                    with _environment(dsn, at):
                        done = [Step(command, shown, _printed(command)) for command, shown in steps]
                        at = Path.cwd()
                    yield block, done
    finally:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for role in roles:
                connection.execute(f"drop owned by {role}; drop role {role}".encode())


def _steps(text: str) -> list[tuple[str, list[str]]]:
    parts = re.split(r"^\$ (.*)\n?", text, flags=re.MULTILINE)
    return [
        (command, shown.rstrip("\n").split("\n") if shown.strip() else [])
        for command, shown in zip(parts[1::2], parts[2::2], strict=True)
    ]


@contextmanager
def _environment(dsn: str, folder: Path) -> Iterator[None]:
    with mock.patch.dict(os.environ, {"DATABASE_URL": dsn, "COLUMNS": "110"}), contextlib.chdir(folder):
        yield


def _printed(command: str) -> list[str]:
    """The output of a command, line by line; the page's address stands for the test's database."""
    argv = words(command)
    if "--dsn" in argv:
        place = argv.index("--dsn")
        del argv[place : place + 2]
    out = io.StringIO()
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(out)
    with mock.patch.object(sys, "argv", argv), streams[0], streams[1], contextlib.suppress(SystemExit):
        match argv:
            case ["order-audit", *_]:
                main()
            case ["cd", folder]:
                os.chdir(folder)
            case ["cat", name]:
                print(Path(name).read_text(encoding="utf-8"), end="")
            case ["python", script]:
                runpy.run_path(str(ROOT / script), run_name="__main__")
            case _:
                raise AssertionError(f"cannot run {command}")
    return out.getvalue().rstrip("\n").split("\n") if out.getvalue().strip() else []


def renewed(page: Path, dsn: str, folder: Path) -> str:
    """The text of a page, with the output of a run wherever the page shows another."""
    text = text_of(page)
    for block, steps in reversed(list(run(page, dsn, folder))):
        if not all(step.agrees for step in steps):
            body = "".join(
                "\n".join([f"$ {step.command}", *(step.shown if step.agrees else step.seen)]) + "\n" for step in steps
            )
            text = text[: block.start] + body + text[block.start + len(block.text) :]
    return text


if __name__ == "__main__":
    with servers.running(18) as server:
        for page in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
            with servers.database(server) as dsn, tempfile.TemporaryDirectory() as place:
                text = renewed(page, dsn, Path(place))
            if text != page.read_text(encoding="utf-8"):
                page.write_text(text, encoding="utf-8")
                print(f"{page.relative_to(ROOT)}: output written anew")
