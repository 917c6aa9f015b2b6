"""A suite: a folder of rule files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from expectations.rule import Rule, SuiteError, parse

_HOME = Path(__file__).parent


@dataclass(frozen=True)
class Suite:
    """Rules in the order of their ids. `name` is a shipped suite's name, or the user's folder or file."""

    name: str
    rules: tuple[Rule, ...]


#: The rules on schemas. They read the catalogs, and are no suite that could be run on rows.
LINT: Final = "lint"


def shipped() -> list[str]:
    """The names of the suites that come with the program."""
    names = (folder.name for folder in _HOME.iterdir() if folder.is_dir() and any(folder.rglob("*.sql")))
    return sorted(name for name in names if name != LINT)


def schema_rules() -> tuple[Rule, ...]:
    """The rules on schemas, in the order of their ids."""
    folder = _HOME / LINT
    found = []
    for path in sorted(folder.rglob("*.sql")):
        below = path.relative_to(folder)
        found.append(_read(path, ".".join(below.with_suffix("").parts), LINT, f"{LINT}/{below.as_posix()}"))
    return tuple(found)


def catalog() -> str:
    """The WITH list of what the rules on schemas read."""
    return (_HOME / "catalog.sql").read_text(encoding="utf-8")


def load(*sources: str | Path) -> Suite:
    """Load suites by shipped name or by path (a folder, or a single rule file), as one suite.

    A rule's id is its path below the folder with `.` for `/`, without `.sql`; a single file's id is its stem.
    Raises SuiteError where a source cannot be used, or where two rules have the same id.
    """
    rules = [rule for source in sources for rule in _load(source)]
    twice = [id for id, count in Counter(rule.id for rule in rules).items() if count > 1]
    if twice:
        places = " and ".join(rule.path for rule in rules if rule.id == twice[0])
        raise SuiteError(f"rule {twice[0]} is there twice: {places}")
    return Suite("+".join(str(source) for source in sources), tuple(sorted(rules, key=lambda rule: rule.id)))


def _load(source: str | Path) -> list[Rule]:
    folder = _HOME / source
    named = isinstance(source, str) and source in shipped()
    if not named:
        folder = Path(source)
    if folder.is_file():
        return [_read(folder, folder.stem, str(source), str(source))]
    if not folder.is_dir():
        raise SuiteError(f"no suite '{source}': neither a shipped one ({', '.join(shipped())}) nor a folder or file")
    rules = []
    for path in sorted(folder.rglob("*.sql")):
        below = path.relative_to(folder)
        if any(part.startswith(".") for part in below.parts):
            continue
        shown = f"{source}/{below.as_posix()}" if named else str(path)
        rules.append(_read(path, ".".join(below.with_suffix("").parts), str(source), shown))
    if not rules:
        raise SuiteError(f"suite '{source}' holds no rule: there is no .sql file in it")
    return rules


def _read(path: Path, id: str, suite: str, shown: str) -> Rule:
    if any(ord(letter) < 32 or "\ud800" <= letter <= "\udfff" for letter in id):
        raise SuiteError(f"{shown!r}: a rule's file name is text without control characters")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SuiteError(f"{shown}: not UTF-8 text") from None
    except OSError as error:
        raise SuiteError(f"{shown}: {error.strerror}") from None
    return parse(text, id=id, suite=suite, path=shown)


def matching(rules: Iterable[Rule], patterns: Iterable[str]) -> set[str]:
    """The ids that match any pattern (`lineage.*`). Raises SuiteError for a pattern that matches none."""
    ids = [rule.id for rule in rules]
    found: set[str] = set()
    for pattern in patterns:
        hits = [id for id in ids if fnmatchcase(id, pattern)]
        if not hits:
            raise SuiteError(f"no rule '{pattern}'; 'order-audit rules' lists them all")
        found.update(hits)
    return found
