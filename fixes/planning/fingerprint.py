"""What is reviewed of a plan: what its rules found, and what would become of each row. Of many, it is a fingerprint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

from order_audit.fixes.engine.work_list import STAGING
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix, Option
from order_audit.fixes.planning.decisions import Decisions, Reviewed, RowsFingerprint

#: Keys that a plan names one by one.
NAMED: Final = 100
#: A text as a number that can be added up: the first eight bytes of its SHA-256.
_HASH: Final = (
    "('x' || left(encode(sha256(convert_to({}, getdatabaseencoding())), 'hex'), 16))::bit(64)::bigint::numeric"
)


@dataclass
class HashSum:
    """Rows added up as hashes on the server; `keys` has the sum of each key, None where they are too many."""

    rows: int = 0
    total: int = 0
    keys: dict[str, int] | None = field(default_factory=dict)

    def add(self, connection: psycopg.Connection, items: sql.Composable) -> None:
        """Add what a query gives: a key and a hash for each row."""
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
        """What goes into the file."""
        keys = self.keys or {}
        return RowsFingerprint(
            self.rows,
            f"{self.total % 2**64:016x}",
            {key: f"{keys[key] % 2**32:08x}" for key in sorted(keys, key=_by_number)},
        )


@dataclass
class Review:
    """What a rule found, and what each option would make of which row in its pass."""

    fix: Fix
    rows: HashSum = field(default_factory=HashSum)
    options: dict[str, HashSum] = field(default_factory=dict)

    def found(self, connection: psycopg.Connection) -> None:
        """Add the rows that the rule found, whose keys the verdict of the dry run holds."""
        tables = [
            change.table
            for option in (self.fix.automatic, *self.fix.options)
            for change in (option.changes if option else ())
            if change.key == self.fix.rule.key and change.op != "insert"
        ]
        row: sql.Composable = sql.SQL("v.key")
        join: sql.Composable = sql.SQL("")
        if tables:
            row = sql.SQL("the_row::text")
            join = sql.SQL("left join pg_temp.{} as the_row on the_row.{}::text = v.key").format(
                sql.Identifier(tables[0]), sql.Identifier(self.fix.rule.key[0])
            )
        self.rows.add(
            connection,
            sql.SQL(
                "select v.key, {} from pg_temp.order_audit_verdict as v {} where v.phase = 'before' and v.rule = {}"
            ).format(sql.SQL(_HASH).format(row), join, self.fix.rule.id),
        )

    def listed(self, connection: psycopg.Connection, option: Option) -> None:
        """Add what is on the work list of the dry run for an option: keys, rows as they are, new values.

        References to secrets count without their numbers, which are given when a secret is put away.
        """
        others = ["" if change.key == self.fix.rule.key else f"{change.table} " for change in option.changes]
        item = sql.SQL(
            "concat_ws(' ', t.option, t.step, t.op, t.key, t.seen,"
            " regexp_replace(t.after::text, 'secret-ref:order-audit/[0-9]+', 'secret-ref', 'g'))"
        )
        self.options.setdefault(option.name, HashSum()).add(
            connection,
            sql.SQL(
                "select ({}::text[])[t.step] || k.key, {} from {} as t cross join lateral ("
                "select string_agg(k.value, ', ' order by k.key) as key from jsonb_each_text(t.key) as k) as k"
                " where t.rule = {}"
            ).format(others, sql.SQL(_HASH).format(item), sql.SQL(STAGING.text("order_audit.todo")), self.fix.rule.id),
        )

    def reviewed(self, choice: str) -> Reviewed:
        """What goes into the file, with the option that was chosen when it was added up."""
        return Reviewed(
            self.rows.fingerprint(),
            {name: listed.fingerprint() for name, listed in self.options.items() if listed.rows},
            choice,
        )


def differences(
    decisions: Decisions, now: Mapping[str, Reviewed], who: Mapping[str, str], choices: Mapping[str, str]
) -> list[str]:
    """Where what is there now is not what was reviewed; a line each, none for a policy.

    Of each rule, what it found is compared, and what becomes of it by itself, by what was chosen then and what is now.
    """
    if not decisions.plan:
        return []
    lines = []
    for name, what in {
        "database": "database",
        "cluster": "database server",
        "schema": "schema",
        "tables": "columns of the tables",
        "files": "fix files or rules",
    }.items():
        if decisions.plan.get(name) != who[name]:
            shown = f": '{decisions.plan.get(name)}' then, '{who[name]}' now" if name in ("database", "schema") else ""
            lines.append(f"another {what}{shown}" if name in ("database", "cluster", "schema") else f"other {what}")
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
    """What was found, and then what was listed by each option, then and now."""
    if any(fingerprint.rows and not fingerprint.keys for pair in pairs for fingerprint in pair):
        then, now = (
            f"{found.rows} rows found and {sum(one.rows for one in listed)} listed to be changed"
            for found, *listed in zip(*pairs, strict=True)
        )
        return f"{then} then, {now} now" if then != now else f"{then}, not the same or not to become the same"
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
