"""A suite: a folder of rule files."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

from order_audit import compiled
from order_audit.expectations import fragments, requirements, variable_use
from order_audit.expectations import rule as rule_file
from order_audit.expectations.error import SuiteError
from order_audit.expectations.fragments import Line
from order_audit.expectations.ownership import tagged
from order_audit.expectations.requirements import Question, Requirement
from order_audit.expectations.rule import Rule

#: The name of the suite without rules.
NONE: Final = "none"
_HOME = Path(__file__).parent
#: Endings of the files that the program's own suites are made of, and of what reads them.
_READ: Final = {".sql", ".toml", ".py"}
T = TypeVar("T")


@dataclass(frozen=True)
class Suite:
    """Rules in the order of their ids, with requirements and questions.

    `name` is a shipped suite's name, or the user's folder or file. `hashes` has for each the SHA-256 of the output of
    `sha256sum` for its files (rules, fragments, requirements.toml), sorted by path below the folder.
    """

    name: str
    rules: tuple[Rule, ...]
    requirements: tuple[Requirement, ...] = ()
    questions: tuple[Question, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)


#: The rules on schemas. They read the catalogs, and are no suite that could be run on rows.
LINT: Final = "lint"


@cache
def shipped() -> tuple[str, ...]:
    """The names of the suites that come with the program; asked for with each rule, so the folder is read once."""
    names = (folder.name for folder in _HOME.iterdir() if folder.is_dir() and any(folder.rglob("*.sql")))
    return tuple(sorted(name for name in names if name != LINT))


@cache
def schema_rules() -> tuple[Rule, ...]:
    """The rules on schemas, in the order of their ids."""
    return _kept(LINT, lambda: _rules(_HOME / LINT, LINT, LINT)[0])


def schema_fragment(name: str) -> str:
    """The text of a fragment that rules on schemas include."""
    return (_HOME / LINT / "schema" / f"{name}{fragments.ENDING}").read_text(encoding="utf-8").rstrip()


def catalog() -> str:
    """The WITH list of what the rules on schemas read."""
    return (_HOME / "catalog.sql").read_text(encoding="utf-8")


def load(*sources: str | Path) -> Suite:
    """Load suites by shipped name or by path (a folder, or a single rule file), as one suite; `none` has no rule.

    A rule's id is its path below the folder with `.` for `/`, without `.sql`. A single file's id is its name, with the
    folder that it is in as its area if that is in a further folder: `mine/shipping/has_weight.sql`.
    Raises SuiteError for an unusable source, or two rules with the same id.
    """
    if NONE in sources and len(sources) > 1:
        raise SuiteError(f"suite '{NONE}' stands for no rules: name it alone")
    suites = [_load(source) for source in sources]
    rules = [rule for suite in suites for rule in suite.rules]
    twice = [id for id, count in Counter(rule.id for rule in rules).items() if count > 1]
    if twice:
        places = " and ".join(rule.path for rule in rules if rule.id == twice[0])
        raise SuiteError(f"rule {twice[0]} exists twice: {places}")
    all_requirements = tuple(it for suite in suites for it in suite.requirements)
    all_questions = tuple(it for suite in suites for it in suite.questions)
    requirements.check((*all_requirements, *all_questions), {rule.id for rule in rules})
    return Suite(
        "+".join(suite.name for suite in suites),
        tuple(sorted(rules, key=lambda rule: rule.id)),
        all_requirements,
        all_questions,
        dict(item for suite in suites for item in suite.hashes.items()),
    )


def faults(source: str | Path) -> list[str]:
    """Return what is wrong with the files of a suite: an error for each file that is no rule, else that of `load`."""
    folder = Path(source)
    found: list[str] = []
    if source not in shipped() and folder.is_dir():
        for path in fragments.files(folder):
            try:
                id = ".".join(path.relative_to(folder).with_suffix("").parts)
                variable_use.check(rule_file.read(_lines(path, id, folder, str), id=id, suite="", path=path))
            except SuiteError as error:
                found.append(str(error))
    if not found:
        try:
            load(source)
        except SuiteError as error:
            found.append(str(error))
    return found


def _load(source: str | Path) -> Suite:
    if source == NONE:
        return Suite(NONE, ())
    if isinstance(source, str) and source in shipped():
        return _shipped(source)
    folder = Path(source)
    if folder.is_file():
        if folder.name.endswith(fragments.ENDING):
            raise SuiteError(f"{source}: a fragment is no rule; name the file of a rule that includes it")
        id = _id_of_file(folder)
        lines = _lines(folder, id, folder.parent, str)
        rule = rule_file.read(lines, id=id, suite=str(source), path=folder)
        variable_use.check(rule)
        own = {Path(line.path) for line in lines}
        return Suite(str(source), (rule,), hashes={str(source): _hash(folder.parent, own)})
    if not folder.is_dir():
        raise SuiteError(f"no suite '{source}': neither a shipped one ({', '.join(shipped())}) nor a folder or file")
    return _of_folder(folder, str(source), "")


@cache
def _shipped(name: str) -> Suite:
    """A suite that comes with the program, which reads it once."""
    return _kept(name, lambda: _of_folder(_HOME / name, name, name))


def _kept(name: str, make: Callable[[], T]) -> T:
    """Return what is read from a folder of the program, kept from an earlier start where nothing has changed since."""
    files = [path for path in (*(_HOME / name).rglob("*"), *_HOME.glob("*.py")) if path.suffix in _READ]
    return compiled.computed(_HOME / f"{name}_suite", compiled.key(compiled.contents(files)), make)


def _of_folder(folder: Path, source: str, named: str) -> Suite:
    """The suite in a folder, which messages call by its path where it is not `named`."""
    rules, files = _rules(folder, source, named)
    if not rules:
        raise SuiteError(f"suite '{source}' holds no rule: there is no .sql file in it")
    _check_causes(rules)
    purpose = folder / requirements.FILE
    needs, questions = requirements.read(purpose, f"{named}/{purpose.name}" if named else str(purpose))
    if purpose.exists():
        files.append(purpose)
    return Suite(source, rules, needs, questions, {source: _hash(folder, files)})


def _id_of_file(file: Path) -> str:
    """Return the id of a file named by itself; which folder is its suite is not known beyond the working folder."""
    there = Path(os.path.abspath(file))  # noqa: PTH100 - a link in the suite is in the suite
    place = there.relative_to(Path.cwd()) if there.is_relative_to(Path.cwd()) else Path(file.name)
    return f"{place.parent.name}.{file.stem}" if len(place.parts) > 2 else file.stem


def _check_causes(rules: Iterable[Rule]) -> None:
    """Raise SuiteError where a rule follows from one that is not in its suite, or by a key that cannot be compared."""
    known = {rule.id: rule for rule in rules}
    for rule in known.values():
        for it in rule.follows_from:
            if it.rule not in known or it.rule == rule.id:
                raise SuiteError(f"{rule.path}: follows_from names {it.rule}, which is no other rule of this suite")
            if known[it.rule].for_each:
                raise SuiteError(
                    f"{rule.path}: follows_from names {it.rule}, which for_each repeats: name another rule"
                )
            if len(known[it.rule].key) > 1 if it.by else known[it.rule].key != rule.key:
                need = "a key of one column" if it.by else f"the key {', '.join(rule.key)}, or 'by COLUMN'"
                raise SuiteError(f"{rule.path}: follows_from needs {it.rule} to have {need}")


def _rules(folder: Path, suite: str, named: str) -> tuple[tuple[Rule, ...], list[Path]]:
    """The rules below a folder, which messages call by its path where it is not `named`, and their files."""

    def show(path: Path) -> str:
        return f"{named}/{path.relative_to(folder).as_posix()}" if named else str(path)

    files = fragments.files(folder)
    rules = []
    included: set[str] = set()
    for path in files:
        id = ".".join(path.relative_to(folder).with_suffix("").parts)
        lines = _lines(path, id, folder, show)
        included |= {line.path for line in lines}
        rules.append(rule_file.read(lines, id=id, suite=suite, path=show(path)))
        variable_use.check(rules[-1])
    return tuple(rules), files + fragments.used(folder, included, show)


def _hash(folder: Path, files: Iterable[Path]) -> str:
    lines = sorted((path.relative_to(folder).as_posix().encode(), path.read_bytes()) for path in files)
    listed = b"".join(b"%s  %s\n" % (hashlib.sha256(body).hexdigest().encode(), name) for name, body in lines)
    return hashlib.sha256(listed).hexdigest()


def _lines(path: Path, id: str, top: Path, show: Callable[[Path], str]) -> list[Line]:
    shown = show(path)
    if any(ord(letter) < 32 or "\ud800" <= letter <= "\udfff" for letter in id):
        raise SuiteError(f"{shown!r}: a rule's file name is text without control characters")
    try:
        return fragments.read(path, top, show)
    except UnicodeDecodeError:
        raise SuiteError(f"{shown}: not UTF-8 text") from None
    except OSError as error:
        raise SuiteError(f"{shown}: {error.strerror}") from None


def unknown_rule(id: str, rules: Iterable[Rule]) -> str:
    """Return what to say behind a rule's name that is unknown: the nearest one, and the command that lists all."""
    import difflib

    rules = list(rules)
    near = difflib.get_close_matches(id, [rule.id for rule in rules], 1)
    suites = dict.fromkeys(rule.suite for rule in rules if rule.suite != "lint")
    searched = f" in the suite{'s' * (len(suites) > 1)} {', '.join(suites)}" if suites else ""
    words = "".join(f" --suite {suite}" for suite in suites if suite != "current" or len(suites) > 1)
    words += " --lint" * any(rule.suite == "lint" for rule in rules)
    return f"{searched}{f' (did you mean {near[0]}?)' if near else ''}; 'order-audit rules{words}' lists all"


def matching(rules: Iterable[Rule], patterns: Iterable[str], *, maybe: bool = True) -> set[str]:
    """The ids that match any pattern (`lineage.*`). Raises SuiteError for a pattern that matches none.

    Brackets stand for themselves, and the id of a rule selects all of its instances. Without `maybe`, a rule whose
    instances are unknown matches only by its own id.
    """
    rules = list(rules)
    names: set[str] = set()
    for pattern in patterns:
        hits = [rule.id for rule in rules if matches(rule, pattern)]
        pending = [rule.id for rule in rules if rule.is_pending and _is_like(rule.id, pattern.partition("[")[0])]
        if not hits and not pending:
            raise SuiteError(f"no rule '{pattern}'{unknown_rule(pattern, rules)}")
        names.update(hits, pending if maybe else ())
    return names


def matches(rule: Rule, pattern: str) -> bool:
    """Return whether a pattern selects a rule by its id, or an instance by the id of its rule."""
    return _is_like(rule.id, pattern) or bool(rule.base and _is_like(rule.base, pattern))


def asked(
    rules: Iterable[Rule], patterns: Iterable[str] = (), exclude: Iterable[str] = (), tags: Iterable[str] = ()
) -> set[str]:
    """The ids of rules that match a pattern and a tag, if any is given, and are not excluded. Raises SuiteError."""
    rules, patterns, tags = list(rules), list(patterns), list(tags)
    ids = matching(rules, patterns) if patterns else {rule.id for rule in rules}
    ids &= tagged(rules, tags) if tags else ids
    return ids - matching(rules, exclude, maybe=False)


def _is_like(id: str, pattern: str) -> bool:
    return id == pattern or fnmatchcase(id, pattern.replace("[", "[[]"))
