"""Guards of one's own: a folder of guard files, for rules of any suite."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from order_audit.expectations import Rule, fragments, schema_rules
from order_audit.fixes.fix import FixError, journal, with_fragments
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_file import SUITE, guards, in_order, read
from order_audit.fixes.guarding.installed import TABLE
from order_audit.fixes.guarding.tables import Table
from order_audit.fixes.guarding.triggers import Function


def own_guards(folder: Path | None, rules: Sequence[Rule], selected: Sequence[Rule] | None = None) -> dict[str, Guard]:
    """Return the guards in a folder and the folders below it by name, each after those that it requires.

    With `selected`, guards of other rules are left out. A guard has the name of its file. Raises FixError for a file
    that is none, two of one name, a name that is taken, and a rule that is not among `rules`.
    """
    if folder is None:
        return {}
    if not folder.is_dir():
        raise FixError(f"--guards: {folder} is not a folder")
    known = {rule.id: rule for rule in (*schema_rules(), *rules)}
    found: dict[str, Guard] = {}
    for path in fragments.files(folder):
        guard = read(with_fragments(path, folder), path.stem, known, path)
        if other := found.get(guard.name):
            raise FixError(f"{path}: {other.path} has the same name: rename one, since {guard.name} names its objects")
        if rule := next((rule for rule in guard.protects if rule.unguarded), None):
            raise FixError(f"{path}: the header 'unguarded' of {rule.path} says that this rule has no guard")
        if rule := next((rule for rule in guard.protects if rule.for_each is not None), None):
            raise FixError(
                f"{path}: for_each repeats {rule.id} ({rule.path}), and a guard knows no values: write a rule of its"
                " own for the value to guard, and name that one under 'protects'"
            )
        if not guard.refuses and (rule := next((rule for rule in guard.protects if rule.measure), None)):
            raise FixError(f"{path}: {rule.path} is a measured rule, which finds no rows: add the part 'refuses'")
        _refuse_taken(guard, rules)
        found[guard.name] = guard
    if not found:
        raise FixError(f"--guards: {folder} has no guard: a file NAME.sql is one")
    guards = in_order(found.values())
    if selected is None:
        return guards
    ids = {rule.id for rule in selected}
    return {name: guard for name, guard in guards.items() if all(rule.id in ids for rule in guard.protects)}


def _refuse_taken(guard: Guard, rules: Iterable[Rule]) -> None:
    """Raise FixError if an object of the guard in schema order_audit, or the guard itself, has a name that is taken."""
    makes = any(isinstance(guard_object, Function | Table) for guard_object in guard.objects)
    if makes and guard.name in {*re.findall(r"\border_audit\.(\w+)", journal()), TABLE.removeprefix("order_audit.")}:
        raise FixError(f"{guard.path}: order_audit.{guard.name} is an object of the undo log: rename the file")
    if guard.name in guards() and (makes or any(rule.suite == SUITE for rule in rules)):
        raise FixError(f"{guard.path}: a guard that is shipped has this name: rename the file")
