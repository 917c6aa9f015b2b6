"""The text of a new fix file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from order_audit.expectations import Rule
from order_audit.fixes.comments import FILL_IN
from order_audit.fixes.fix import FixError
from order_audit.fixes.names import row_count
from order_audit.fixes.skeleton.facts import Column, Facts

_WIDTH: Final = 116
#: More columns than these are not offered for a change, only listed.
_MOST: Final = 4


def skeleton(rule: Rule, facts: Facts, violations: int | None) -> str:
    """Return the fix file of a rule, with FILL_IN where a person has to write.

    `violations` is their number now, None if it is not known. Raises FixError for a name that no header line can have.
    """
    table = facts.table or FILL_IN
    key = facts.key or (FILL_IN,)
    if any(not letter.isprintable() for name in (table, *key) for letter in name):
        raise FixError(f"{rule.path}: the name of its table or key has a line break, which no fix file can have")
    blocks = [
        "\n".join(_facts(rule, facts, violations)),
        "\n".join([
            *_comment("What must be true for the changes to be right, and no data can prove."),
            f"-- assumes: {FILL_IN}",
            *_comment("What the rows mean for the business as long as they stay as they are."),
            f"-- leave: {FILL_IN}",
        ]),
        "\n".join([
            *_comment(
                "A change that needs no decision: the data determine one right value. Limit it to the rows for which"
                " they do, or delete the block."
            ),
            f"-- automatic: {FILL_IN}",
            f"-- update {table} by {', '.join(key)}:",
            *_query(rule, facts, condition=True),
        ]),
        "\n".join([
            *_comment(
                "A choice for the rows that are left: a name of small letters, and '(recommended)' behind it if it is"
                " safe. Repeat the block for each choice, or delete it. To delete rows, write '-- delete TABLE by KEY:'"
                " and a query of the key alone."
            ),
            f"-- option {FILL_IN}: {FILL_IN}",
            f"-- update {table} by {', '.join(key)}:",
            *_query(rule, facts, condition=False),
        ]),
    ]  # fmt: skip
    return "\n\n".join(blocks) + "\n"


def _facts(rule: Rule, facts: Facts, violations: int | None) -> Iterator[str]:
    yield from _comment(f"The fix of {rule.id}: {rule.title}")
    yield from _comment(
        "A word of capital letters with an underscore stands for what you have to write; until then, 'order-audit fixes"
        " plan' refuses this file. Comments like this one, which begin with a capital letter, can stay or go."
    )
    number = "an unknown number of rows" if violations is None else row_count(violations)
    yield "--"
    yield from _comment(
        f"Database {facts.database}, PostgreSQL {facts.version}: the rule finds {number} now. Its query, which the"
        " changes read as 'violation', has these columns:"
    )
    width = max(len(column.quoted) for column in facts.columns)
    for column in facts.columns:
        notes = [column.type, *(["key"] if column.in_key else [])]
        if column.table and column.table == facts.oid:
            notes.append(f"{facts.table}.{column.origin}")
        yield from _comment(f"{column.quoted:<{width}}  {', '.join(notes)}", "  ")
    yield "--"
    yield from _about_table(facts)
    yield "--"
    yield from _comment(
        "How 'order-audit fixes apply' runs: transactions of at most 10,000 rows (--batch-size); no other session waits"
        " longer than 500 ms for it (--max-lock-wait); a row that has changed since it was read, or is locked, is"
        " skipped; every old value is in order_audit.journal first, so that 'order-audit fixes revert' restores it."
    )


def _about_table(facts: Facts) -> Iterator[str]:
    if not facts.table:
        yield from _comment(
            "No column of the query is one of a table. Name the table to change and its key, and join it to"
            " 'violation'."
        )
        return
    size = f"about {row_count(facts.rows)}, {facts.size}" if facts.rows >= 0 else f"not analyzed yet, {facts.size}"
    yield from _comment(f"Table {facts.table} ({size}):")
    named = ", ".join(facts.key)
    if not facts.index:
        yield from _comment(f"Rows have no name: {facts.obstacle or 'it has no unique index'}.", "  ")
    elif {*facts.key} <= {column.origin for column in facts.columns if column.in_key and column.is_own}:
        yield from _comment(f"Rows are named by {named}, which the unique index {facts.index} covers.", "  ")
    else:
        yield from _comment(
            f"Rows are named by {named} (unique index {facts.index}): the key of the rule is not unique in it, so limit"
            " the changes to the right rows.",
            "  ",
        )
    for words, texts in (
        ("Triggers that a change fires", facts.triggers),
        ("Foreign keys that new values must satisfy", facts.references),
        ("Foreign keys that refer to it, so that a referenced row is not deleted", facts.referenced),
        ("Constraints that new values must satisfy", facts.checks),
    ):
        yield from _comment(f"{words}: {'none' if not texts else ''}".rstrip(), "  ")
        for text in texts:
            yield from _comment(text, "    ")


def _query(rule: Rule, facts: Facts, *, condition: bool) -> list[str]:
    """The query of a change: the key from the rule's columns, or from the table that is joined by them."""
    shown: dict[str, Column] = {}
    for column in facts.columns:
        if column.is_own and (column.in_key or column.origin not in shown):
            shown[column.origin] = column
    key = facts.key or (FILL_IN,)
    has_join = not set(key) <= shown.keys()
    joined = [column for column in facts.columns if column.in_key and column.is_own]
    items = [f"t.{name}" if has_join else _as(shown[name]) for name in key]
    items += [f"{FILL_IN} as {name}" for name in _changed(rule, shown, key)]
    lines = ["select", *(f"  {item}," for item in items[:-1]), f"  {items[-1]}", "from violation as v"]
    if has_join:
        on = " and ".join(f"t.{column.origin} = v.{column.quoted}" for column in joined) or FILL_IN
        lines.append(f"join {facts.table or FILL_IN} as t on {on}")
    lines += [f"where {FILL_IN}"] if condition or has_join else []
    return [*lines[:-1], f"{lines[-1]};"]


def _as(column: Column) -> str:
    return f"v.{column.quoted}" if column.quoted == column.origin else f"v.{column.quoted} as {column.origin}"


def _changed(rule: Rule, shown: dict[str, Column], key: Sequence[str]) -> list[str]:
    """The columns of the table that the rule highlights, else all that its query shows, without the key."""
    able = [name for name, column in shown.items() if name not in key and column.changeable]
    marked = [name for name in able if rule.highlight and shown[name].name in rule.highlight.columns]
    return (marked or able)[:_MOST] or [FILL_IN]


def _comment(text: str, indent: str = "") -> list[str]:
    """A wrapped comment; what cannot be printed becomes ?."""
    safe = "".join(letter if letter.isprintable() else "?" for letter in text)
    return textwrap.wrap(
        safe, _WIDTH, initial_indent=f"-- {indent}", subsequent_indent=f"--   {indent}", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
