"""Fingerprints of a plan: its violations, and the new values of each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

from order_audit.fixes.engine.copies import copy_of
from order_audit.fixes.engine.key_text import columns_text, key_text
from order_audit.fixes.engine.work_list import STAGING
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Change, Fix, Option
from order_audit.fixes.names import row_count
from order_audit.fixes.planning.decisions import Decisions, Reviewed, RowsFingerprint

#: The number of keys that a plan lists individually.
NAMED: Final = 100
#: A text as a number: the first eight bytes of its SHA-256.
_HASH: Final = (
    "('x' || left(encode(sha256(convert_to({}, getdatabaseencoding())), 'hex'), 16))::bit(64)::bigint::numeric"
)


@dataclass
class HashSum:
    """The sum of row hashes, computed on the server; `keys` has the sum of each key, None if they are too many."""

    rows: int = 0
    total: int = 0
    keys: dict[str, int] | None = field(default_factory=dict)

    def add(self, connection: psycopg.Connection, items: sql.Composable) -> None:
        """Add the rows of a query, each a key and a hash."""
        row = connection.execute(
            sql.SQL(
                "select count(*), coalesce(sum(i.hash), 0)::text,"
                " json_agg(json_build_array(i.key, i.hash::text)) filter (where i.number <= {most})"
                " from (select i.*, row_number() over () from ({items}) as i) as i (key, hash, number)"
            ).format(most=NAMED, items=items)
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate gives one row
        count, total, keys = int(row[0]), int(row[1]), row[2] or []
        self.rows += count
        self.total += total
        if self.keys is not None:
            for key, one in keys:
                self.keys[key] = self.keys.get(key, 0) + int(one or 0)
            if count > NAMED or len(self.keys) > NAMED:
                self.keys = None

    def fingerprint(self) -> RowsFingerprint:
        """Return the fingerprint for the decisions file."""
        keys = self.keys or {}
        return RowsFingerprint(
            self.rows,
            f"{self.total % 2**64:016x}",
            {key: f"{keys[key] % 2**32:08x}" for key in sorted(keys, key=_by_number)},
        )


@dataclass
class Review:
    """The violations of a rule, and the changes of each option in its pass."""

    fix: Fix
    rows: HashSum = field(default_factory=HashSum)
    options: dict[str, HashSum] = field(default_factory=dict)

    def add_violations(self, connection: psycopg.Connection) -> None:
        """Add the rule's violations, whose keys are in the verdict table of the dry run."""
        tables = [
            change.table
            for option in (self.fix.automatic, *self.fix.options)
            for change in (option.changes if option else ())
            if _is_key(change, self.fix) and change.op != "insert"
        ]
        row: sql.Composable = sql.SQL("v.key")
        join: sql.Composable = sql.SQL("")
        if tables and (copy := copy_of(connection, tables[0])):
            row = sql.SQL("the_row::text")
            join = sql.SQL("left join {} as the_row on {} = v.key").format(
                copy, columns_text(self.fix.rule.key, "the_row")
            )
        self.rows.add(
            connection,
            sql.SQL(
                "select v.key, {} from pg_temp.order_audit_verdict as v {} where v.phase = 'before' and v.rule = {}"
            ).format(sql.SQL(_HASH).format(row), join, self.fix.rule.id),
        )

    def add_listed(self, connection: psycopg.Connection, option: Option) -> None:
        """Add the work list of an option in the dry run: keys, row hashes, new values.

        References to secrets count without their ids, which are assigned when a secret is stored.
        """
        others = ["" if _is_key(change, self.fix) else f"{change.table} " for change in option.changes]
        item = sql.SQL(
            "concat_ws(' ', t.option, t.step, t.op, t.key, t.seen,"
            " regexp_replace(t.after::text, 'secret-ref:order-audit/[0-9]+', 'secret-ref', 'g'))"
        )
        self.options.setdefault(option.name, HashSum()).add(
            connection,
            sql.SQL("select ({}::text[])[t.step] || {}, {} from {} as t where t.rule = {}").format(
                others,
                sql.SQL(key_text("t.key")),
                sql.SQL(_HASH).format(item),
                sql.SQL(STAGING.text("order_audit.todo")),
                self.fix.rule.id,
            ),
        )

    def reviewed(self, choice: str) -> Reviewed:
        """Return the review for the decisions file, with the option chosen at that time."""
        return Reviewed(
            self.rows.fingerprint(),
            {name: listed.fingerprint() for name, listed in self.options.items() if listed.rows},
            choice,
        )


def _is_key(change: Change, fix: Fix) -> bool:
    """Return whether a change has the key of its rule."""
    return {*change.key} == {*fix.rule.key}


def differences(
    decisions: Decisions, now: Mapping[str, Reviewed], identity: Mapping[str, str], choices: Mapping[str, str]
) -> list[str]:
    """Return the differences between a reviewed plan and the current one, a line each; none for a policy.

    For each rule, compares its violations and the changes of `automatic`, the reviewed choice and the current choice.
    """
    if not decisions.plan:
        return []
    lines = []
    for name, label in {
        "database": "database",
        "cluster": "database server",
        "schema": "schema",
        "tables": "columns of the tables",
        "files": "fix files or rules",
    }.items():
        if decisions.plan.get(name) != identity[name]:
            shown = (
                f": '{decisions.plan.get(name)}' then, '{identity[name]}' now" if name in ("database", "schema") else ""
            )
            lines.append(f"another {label}{shown}" if name in ("database", "cluster", "schema") else f"other {label}")
    for rule, then in sorted(decisions.reviewed.items()):
        here = now.get(rule)
        if here is None:
            continue
        options = [AUTOMATIC, *dict.fromkeys([then.choice, choices.get(rule, LEAVE)])]
        pairs = [(then.found, here.found)]
        pairs += [
            (then.options.get(name, RowsFingerprint()), here.options.get(name, RowsFingerprint())) for name in options
        ]
        if any(one != other for one, other in pairs):
            lines.append(f"{rule}: {_difference(pairs)}")
    return lines


def _difference(pairs: Sequence[tuple[RowsFingerprint, RowsFingerprint]]) -> str:
    """Return the difference of violations and listed rows, then and now, in words."""
    if any(fingerprint.rows and not fingerprint.keys for pair in pairs for fingerprint in pair):
        then, now = (
            f"{violations.rows:,} {'violation' if violations.rows == 1 else 'violations'}"
            f" and {row_count(sum(one.rows for one in listed))} to change"
            for violations, *listed in zip(*pairs, strict=True)
        )
        return f"{then} then, {now} now" if then != now else f"{then}, with other old or new values"
    named: dict[str, set[str]] = {"new": set(), "gone": set(), "with other values": set()}
    for then_rows, now_rows in pairs:
        then_keys, now_keys = then_rows.keys, now_rows.keys
        named["new"] |= now_keys.keys() - then_keys.keys()
        named["gone"] |= then_keys.keys() - now_keys.keys()
        named["with other values"] |= {
            key for key in then_keys.keys() & now_keys.keys() if then_keys[key] != now_keys[key]
        }
    return "; ".join(
        f"{', '.join(sorted(keys, key=_by_number)[:10])}{' …' if len(keys) > 10 else ''} {kind}"
        for kind, keys in named.items()
        if keys
    )


def _by_number(key: str) -> tuple[int, str]:
    return len(key), key
