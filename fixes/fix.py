"""A fix: one SQL file with the new values of rows that violate a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from order_audit.errors import OrderAuditError
from order_audit.expectations import Rule, SuiteError, fragments, shipped
from order_audit.expectations.fragments import Line
from order_audit.fixes.comments import are_comments, open_places, statement
from order_audit.fixes.fix_paths import fix_path
from order_audit.fixes.names import NAME, folded, parts, stored, written

_HOME: Final = Path(__file__).parent

#: The choice that there always is: the rows are listed, and not touched.
LEAVE: Final = "leave"
#: The name under which what one right answer is derivable for is applied.
AUTOMATIC: Final = "automatic"

Op = Literal["update", "delete", "insert"]
_LINE: Final = re.compile(
    r"--\s?(?P<word>after|assumes|leave|given|automatic|option|update|delete|insert)(?:\s+(?P<name>[^:]*?))?:(?:\s+(?P<text>.*))?"
)
_CHANGE: Final = re.compile(rf"(?P<table>{NAME}(?:\.{NAME})?) by (?P<key>{NAME}(?:\s*,\s*{NAME})*)")
_NULL: Final = re.compile(rf"(?i)\bnull as ({NAME})")
_MORE: Final = re.compile(r"--\s{2,}(?P<text>.*)")


class FixError(OrderAuditError):
    """A fix file cannot be used; the message is one line that names the place."""

    exit_code = 2


@dataclass(frozen=True)
class Change:
    """One statement of an option: a query of the rows to change, by their key.

    Its other columns are the new values (of an update, or of rows to insert where they are not there yet). A column
    `unit` names what must be changed together or not at all; without it, each row is for itself. The query may read
    `violation`, the rows that the rule finds, and the queries that are `given` by name, which may read them too.

    `table` is SQL, with its schema or without; `key` has names as they are stored. `where` is file and line of the
    change, `lines` those of its query, `given_lines` those of each given query.
    """

    op: Op
    table: str
    key: tuple[str, ...]
    sql: str
    given: tuple[tuple[str, str], ...] = ()
    where: str = field(default="", compare=False)
    lines: tuple[Line, ...] = field(default=(), repr=False, compare=False)
    given_lines: tuple[tuple[Line, ...], ...] = field(default=(), repr=False, compare=False)

    @property
    def nulls(self) -> tuple[str, ...]:
        """The columns that lose their value, of which the query says `null as column`."""
        return tuple(map(stored, _NULL.findall(self.sql))) if self.op == "update" else ()

    @property
    def place(self) -> str:
        """Where the change is written, for the beginning of a message."""
        return f"{self.where}: " if self.where else ""

    @property
    def header(self) -> str:
        """The change as its file says it: `update stock by site, sku`."""
        return f"{self.op} {self.table} by {', '.join(map(written, self.key))}"


@dataclass(frozen=True)
class Option:
    """One way to put rows right."""

    name: str
    does: str
    recommended: bool = False
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Fix:
    """The fix of a rule's violations.

    `automatic` fixes rows whose data determine the right value. `options` are choices for the other rows, besides
    leaving them unchanged. `leave` has the consequence of that, or why there is no option. `after` has the rules whose
    fixes run first, with reasons.
    """

    rule: Rule
    automatic: Option | None
    options: tuple[Option, ...]
    after: dict[str, str] = field(default_factory=dict)
    assumes: str = ""
    leave: str = ""
    path: str = ""
    text: str = ""

    @property
    def recommended(self) -> str:
        """The option that is recommended, or to leave the rows as they are."""
        return next((option.name for option in self.options if option.recommended), LEAVE)

    def option(self, name: str) -> Option | None:
        """The option of a name, the automatic one included."""
        if name == AUTOMATIC:
            return self.automatic
        return next((option for option in self.options if option.name == name), None)

    def document(self) -> dict[str, Any]:
        """Return the description of the fix as JSON: automatic option (or null), other options, assumptions."""
        return {
            "automatic": self.automatic.does if self.automatic else None,
            "options": [
                {"name": option.name, "does": option.does, "recommended": option.recommended} for option in self.options
            ],
            "leave": self.leave,
            "assumes": self.assumes,
            "after": self.after,
        }


def fixes(rules: Iterable[Rule], folder: Path | None = None) -> dict[str, Fix]:
    """The fixes of these rules, by rule, each after those that it names. A rule without a file has none, or
    one that only leaves its rows and says why, as the rule's header `unfixed` does.

    Those of a shipped suite are shipped too; `folder` holds those of others. Raises FixError for a wrong file or cycle.
    """
    if folder is not None and not folder.is_dir():
        raise FixError(f"--fixes: {folder} is not a folder")
    by_rule: dict[str, Fix] = {}
    for rule in rules:
        fix = _shipped(rule, _HOME / rule.suite) if rule.suite in shipped() else None
        fix = fix or (_in_folder(rule, folder) if folder else None)
        if rule.unfixed and not fix:
            fix = Fix(rule, None, (), leave=rule.unfixed, path=rule.path, text=f"-- leave: {rule.unfixed}")
        if fix:
            by_rule[rule.id] = fix
    return {id: by_rule[id] for id in ordered({id: tuple(fix.after) for id, fix in by_rule.items()})}


def _in_folder(rule: Rule, home: Path) -> Fix | None:
    path = fix_path(rule, home)
    if path and rule.for_each:  # a fix knows no values
        raise FixError(
            f"{path}: for_each repeats {rule.base or rule.id} ({rule.path}), and a fix knows no values:"
            " write a rule of its own for the value to fix, with its fix, and remove this file"
        )
    if path and rule.measure:
        raise FixError(f"{path}: {rule.path} is a measured rule, which has no rows to fix: delete this file")
    if path and rule.unfixed:
        raise FixError(f"{path}: the header 'unfixed' of {rule.path} says that this rule has no fix")
    return read(with_fragments(path, home), rule, path) if path else None


_shipped = cache(_in_folder)  # an audit asks for our own files before and after it has judged the rules


def ordered(after: dict[str, tuple[str, ...]]) -> list[str]:
    """Names so that each comes after those that it waits for, else by the alphabet. Raises FixError for a circle."""
    left, done = sorted(after), []
    while left:
        ready = next((name for name in left if not any(other in left for other in after[name])), None)
        if ready is None:
            raise FixError(f"fixes wait for each other: {', '.join(left)}")
        left.remove(ready)
        done.append(ready)
    return done


def with_fragments(path: Path, top: Path) -> list[Line]:
    """Read a file of fixes or guards, with fragments from its folder or those above it, up to `top`.

    Raises FixError that names file and line.
    """
    try:
        return fragments.read(path, top)
    except UnicodeDecodeError:
        raise FixError(f"{path}: not UTF-8 text") from None
    except SuiteError as error:
        raise FixError(str(error)) from None


def parse(text: str, rule: Rule, path: Path | str) -> Fix:
    """Read the text of a fix file that includes no fragments. Raises FixError as `read` does."""
    return read(fragments.lines(text, str(path)), rule, path)


def read(lines: Sequence[Line], rule: Rule, path: Path | str) -> Fix:
    """Read the lines of a fix file. Raises FixError that names file and line."""
    if message := open_places(lines):
        raise FixError(message)
    after: dict[str, str] = {}
    assumes: list[str] = []
    leave: list[str] = []
    options: list[tuple[str, list[str], list[Change], str]] = []
    body: list[Line] = []
    given: list[tuple[str, str, tuple[Line, ...]]] = []
    change: tuple[Op, str, tuple[str, ...]] | None = None
    shared = begins = ""
    prose: list[str] | None = None

    def finish() -> None:
        nonlocal change, shared
        lines = statement(body)
        sql = "\n".join(line.text for line in lines).strip().removesuffix(";").rstrip()
        body.clear()
        if (change is not None or shared) and not sql:
            raise FixError(f"{begins}: {f'given {shared}' if shared else f'{change[0]} {change[1]}' if change else ''}"
                           " without a query")  # fmt: skip
        if change is not None:
            used: list[tuple[str, str, tuple[Line, ...]]] = []
            for it in reversed(given):  # one may read those above it
                if re.search(rf"\b{it[0]}\b", " ".join([sql, *(text for _, text, _ in used)])):
                    used.insert(0, it)
            options[-1][2].append(
                Change(*change, sql, tuple(it[:2] for it in used), begins, lines, tuple(its for *_, its in used))
            )
        elif shared:
            given.append((shared, sql, lines))
        elif sql:
            if are_comments(lines):
                return
            at = f"{lines[0].path}:{lines[0].number}"
            like_a_rule = any(re.match(r"--\s?(title|severity|key):", line.text) for line in lines)
            raise FixError(
                f"{at}: this looks like a rule file; its folder belongs to --suite" if like_a_rule else
                f"{at}: a query without a header line for its change: {sql.splitlines()[0]}"
            )  # fmt: skip
        change, shared = None, ""

    for each in lines:
        line, where = each.text, f"{each.path}:{each.number}"
        if match := _LINE.fullmatch(line.rstrip()):
            word, name, text = match["word"], (match["name"] or "").strip(), (match["text"] or "").strip()
            finish()
            if word == "after":
                after[name] = text
                prose = None
            elif word in ("assumes", "leave"):
                prose = assumes if word == "assumes" else leave
                prose.append(text)
            elif word == "given":
                if options or not re.fullmatch(r"[a-z][a-z_]*", name) or name == "violation":
                    raise FixError(f"{where}: not 'given NAME:' above the first option, in small letters")
                shared, prose, begins = name, [text], where
            elif word in ("automatic", "option"):
                prose = [text]
                options.append((AUTOMATIC if word == "automatic" else name, prose, [], where))
            else:
                target = _CHANGE.fullmatch(name)
                if target is None or not options:
                    raise FixError(f"{where}: not '{word} TABLE by KEY:' below an option")
                op: Op = "update" if word == "update" else "delete" if word == "delete" else "insert"
                change, begins, prose = (op, folded(target["table"]), parts(target["key"])), where, None
        elif (further := _MORE.fullmatch(line.rstrip())) and prose is not None and not body:
            prose.append(further["text"].strip())
        elif line.strip() or body:
            if line.strip() and not line.startswith("--"):
                prose = None
            body.append(each)
    finish()
    made: list[Option] = []
    for name, words, changes, where in options:
        made.append(_option(name, " ".join(words), tuple(changes), where))
        if made[-1].name == LEAVE or any(other.name == made[-1].name for other in made[:-1]):
            raise FixError(f"{where}: the option '{made[-1].name}' is repeated, or is called '{LEAVE}'")
    return Fix(
        rule=rule,
        automatic=next((option for option in made if option.name == AUTOMATIC), None),
        options=tuple(option for option in made if option.name != AUTOMATIC),
        after=after,
        assumes=" ".join(assumes),
        leave=" ".join(leave),
        path=str(path),
        text="\n".join(line.text for line in lines),
    )


def _option(name: str, does: str, changes: tuple[Change, ...], where: str) -> Option:
    recommended = name.endswith("(recommended)")
    name = name.removesuffix("(recommended)").strip()
    if not re.fullmatch(r"[a-z][a-z_]*", name) or not does or not changes:
        raise FixError(f"{where}: option '{name}' needs a lower-case name, a description, a change")
    return Option(name, does, recommended, changes)


@cache
def journal() -> str:
    """The SQL of the journal, which all fixes need."""
    return (_HOME / "journal.sql").read_text(encoding="utf-8")
