"""The documentation as the tests and cog read it: pages, their blocks, and commands that are run.

A fenced block of a page can have a mark on the line above it, which readers do not see:

    <!-- file: NAME -->      the block is the content of that file, in the page's own folder
    <!-- database -->        the block is run in the page's own database; so is SQL inside of such a comment
    <!-- run -->             the commands of the block are run although it shows no output

A `console` block that shows output is run by `pages`, and its output compared: a line `…` stands for any lines, and
`…` in a line for any text.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from typer.main import get_command

from order_audit.audit.cli.app import app
from order_audit.audit.config import keys
from order_audit.audit.config import suppressions as suppressed
from order_audit.expectations import Rule, load, schema_rules
from order_audit.expectations.rule import parse as parse_rule
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.guard_file import guards
from order_audit.reports.formatting import MARKS

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md")))

_BLOCK: Final = re.compile(
    r"^(?: *<!-- (?P<mark>[^\n]*?) -->\n)?(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$"
    r"|^<!-- database\n(?P<hidden>.*?)^-->$"
    r"|^<!-- \[\[\[cog.*?^<!-- \[\[\[end\]\]\] -->$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language, its text without the fences, its mark, the line on which it begins.

    `start` is where the text begins in the page. SQL inside of a comment is hidden. What cog writes is not among them.
    """

    page: Path
    line: int
    language: str
    text: str
    mark: str
    start: int
    is_hidden: bool = False

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def text_of(page: Path) -> str:
    """A page, as Markdown."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> Iterator[Block]:
    """The blocks of a page in order."""
    text = text_of(page)
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if found["hidden"] is not None:
            yield Block(page, line, "sql", found["hidden"], "database", found.start("hidden"), True)
        elif found["text"] is not None:
            indent = found["indent"]
            body = "".join(part.removeprefix(indent) for part in found["text"].splitlines(keepends=True))
            yield Block(page, line, found["language"], body, found["mark"] or "", found.start("text"))


def rules_of(page: Path) -> dict[str, Rule]:
    """The rules that are files of a page, below the folder of their suite."""
    files = {
        block.mark.removeprefix("file: "): block.text
        for block in blocks(page)
        if block.mark.startswith("file: ") and "\n-- key:" in block.text
    }
    texts = {".".join(Path(name).with_suffix("").parts[1:]): text for name, text in files.items()}
    return {id: parse_rule(text, id=id, suite="docs", path=page) for id, text in texts.items()}


def written(page: Path) -> list[str]:
    """The lines of console blocks, and of YAML, that call the program: what stands behind `order-audit`."""
    texts = [block.text.replace("\\\n", "") for block in blocks(page) if block.language in ("console", "yaml")]
    lines = [line for text in texts for line in text.splitlines()]
    return [found[1] for line in lines if (found := re.search(r"(?:^\$ |[:-] |^)order-audit (.*)", line.strip()))]


def words(command: str) -> list[str]:
    """The arguments of a command as a shell passes them: without a comment, up to a pipe or the like."""
    found = shlex.split(command, comments=True)
    ends = [found.index(sign) for sign in ("|", ">", ">>", "&&", "||", ";") if sign in found]
    return found[: min(ends, default=len(found))]


# For cog ------------------------------------------------------------------------------------------


def show(*arguments: str) -> str:
    """A console block with a command that needs no database, and its output."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"ORDER_AUDIT_HOME": str(ROOT / "out" / "home")}
        done = subprocess.run(
            ["order-audit", *arguments], capture_output=True, text=True, cwd=folder, env=environment, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return f"\n```console\n$ order-audit {shlex.join(arguments)}\n{done.stdout.rstrip()}\n```\n\n"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command of the program, by its full name."""

    def below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
        if hasattr(command, "commands"):
            for word, other in command.commands.items():
                yield from below(f"{name} {word}", other)
        else:
            yield name, command

    return below("order-audit", get_command(app))


def reference() -> str:
    """The help of every command, as Markdown."""
    parts = []
    for name, command in commands():
        context = command.context_class(command, info_name=name, terminal_width=100, max_content_width=100)
        text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        parts.append(f"## {name.removeprefix('order-audit ')}\n\n```text\n{text}\n```\n")
    return "\n" + "\n".join(parts) + "\n"


def rules(suite: str) -> str:
    """A suite's rules as a table; those of `current` with their fixes and guards, which come with it."""
    found = load(suite).rules
    if suite != "current":
        return _table(("rule", "severity", "title"), [_named(rule) for rule in found])
    repairs = fixes(found)
    protected = {rule.id: guard.name for guard in guards().values() for rule in guard.protects}
    rows = []
    for rule in found:
        fix = repairs.get(rule.id)
        assert fix or rule.unfixed, rule.id
        ways = ["automatic"] * bool(fix.automatic) + ["decision"] * bool(fix.options) if fix else []
        guard = protected.get(rule.id, "")
        assert guard or rule.requires or rule.unguarded, rule.id
        rows.append((*_named(rule), ", ".join(ways) or "–", f"`{guard}`" if guard else "–"))
    return _table(("rule", "severity", "title", "fix", "guard"), rows)


def schema() -> str:
    """The schema rules as a table."""
    return _table(("rule", "severity", "title"), [_named(rule) for rule in schema_rules()])


def configuration() -> str:
    """The keys of a configuration file as tables, by section, with the options that they stand in for."""
    known = {name.removeprefix("order-audit "): command for name, command in commands()}
    parts = []
    for section in ("", *keys.SECTIONS):
        rows = []
        for key in (key for key in keys.KEYS if key.section == section):
            options = [
                next(it.opts[0] for it in known[command].params if it.name == parameter)
                for command, parameter in key.options.items()
            ]
            values = ", ".join(f"`{choice}`" for choice in key.choices) or keys.WORDS[key.kind]
            named, used = (
                ", ".join(f"`{it}`" for it in dict.fromkeys(words)) or "–" for words in (options, key.options)
            )
            rows.append([f"`{key.name}`", key.meaning, values, named, used])
        head = f"`[{section}]`" if section else "\nAt the top"
        parts.append(f"{head}:\n{_table(('key', 'meaning', 'value', 'option', 'commands'), rows)}")
    own = [[f"`[{name}]`", meaning] for name, meaning in keys.OPEN.items()]
    return f"{''.join(parts)}Sections with names of your own:\n{_table(('section', 'meaning'), own)}"


def suppressions() -> str:
    """The keys of a suppression as a table."""
    return _table(("key", "meaning"), [[f"`{name}`", meaning] for name, meaning in suppressed.KEYS.items()])


def _named(rule: Rule) -> tuple[str, ...]:
    return f"`{rule.id}`", f"{MARKS[rule.severity]} {rule.severity}", rule.title


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n" + "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n\n"


def included(name: str) -> str:
    """Return a file of the project as a block of a page."""
    path = ROOT / name
    return f"```{path.suffix.removeprefix('.').replace('yml', 'yaml')}\n{path.read_text(encoding='utf-8')}```\n"
