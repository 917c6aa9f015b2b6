"""What `init` prints: how much was looked at and proposed, the rules with exceptions, and what is not proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from order_audit.audit.init.candidate import KINDS
from order_audit.audit.init.facts import NO_RIGHT
from order_audit.audit.init.propose import EMPTY, Proposal
from order_audit.reports.control_characters import escape
from order_audit.reports.formatting import plural

#: Rules with exceptions that are listed, and conditions that are no rules.
_LISTED = 10
_NEAR = 5
#: Tables without rules that are named.
_TABLES = 10
_REASONS = {NO_RIGHT: "not readable", EMPTY: "empty"}


def summary_text(proposal: Proposal) -> str:
    """Return tables, rules by kind, those with exceptions, the most telling ones first, and what is nearly a rule."""
    counts = Counter(file.first.kind for file in proposal.files)
    tables = len({file.first.table.oid for file in proposal.files})
    of = plural(len(proposal.seen), "table")
    lines = [f"{plural(len(proposal.files), 'rule')} for {tables:,} of {of}{escape(_left_out(proposal))}"]
    lines += [f"  {counts[kind]:>5,}  {name}" for kind, (_, name) in KINDS.items() if counts[kind]]
    failed = [it for it in proposal.omitted if it.failed]
    lines += [f"not proposed: {escape(f'{it.subject}: {it.kind}: {it.reason}')}" for it in failed[:_LISTED]]
    if len(failed) > _LISTED:
        lines.append(f"… and {len(failed) - _LISTED:,} more that failed; --explain lists them all")
    broken = [it for file in proposal.files for it in file.candidates if it.broken]
    broken.sort(key=lambda it: (list(KINDS).index(it.kind), it.broken))
    faults = [it.exceptions for it in broken if it.finds_faults]
    tolerated = [it.exceptions for it in broken if not it.finds_faults]
    lines += _listed(f"{plural(len(faults), 'rule')} that nearly all rows meet, which a run fails on:", faults)
    lines += _listed(f"{plural(len(tolerated), 'condition')} with exceptions, which the rules tolerate:", tolerated)
    if not broken:
        lines.append("all hold on the present data")
    order = [name for _, name in KINDS.values()]
    told = [it for it in proposal.omitted if it.near]
    near = [it.near for it in sorted(told, key=lambda it: (order.index(it.kind), it.subject))]
    return "\n".join([*lines, *_listed("not proposed, although most rows meet it:", near, _NEAR)])


def _left_out(proposal: Proposal) -> str:
    """The tables without figures, by their reason, the first ones of each."""
    names: dict[str, list[str]] = {}
    tables = {table.shown for table in proposal.seen} - {table.shown for table in proposal.tables}
    for it in proposal.omitted:
        if it.subject in tables:
            names.setdefault(_REASONS.get(it.reason, "not looked at"), []).append(it.subject)
    parts = []
    for reason, found in sorted(names.items()):
        more = f" and {len(found) - _TABLES:,} more" if len(found) > _TABLES else ""
        parts.append(f"; {reason}: {', '.join(found[:_TABLES])}{more}")
    return "".join(parts)


def _listed(heading: str, texts: Sequence[str], most: int = _LISTED) -> list[str]:
    """A heading with its lines, the first ones of many; nothing without any."""
    lines = [f"  {escape(text)}" for text in texts[:most]]
    if len(texts) > most:
        lines.append(f"  … and {len(texts) - most:,} more")
    return [heading, *lines] if texts else []


def explanation(proposal: Proposal) -> str:
    """Return what is not proposed, by table and column, with the reasons."""
    width = max((len(it.kind) for it in proposal.omitted), default=0)
    lines: list[str] = []
    before = ""
    for it in sorted(proposal.omitted, key=lambda it: it.subject):
        if it.subject != before:
            lines.append(escape(it.subject))
            before = it.subject
        lines.append(f"  {it.kind:<{width}}  {escape(it.reason)}")
    return "\n".join(["not proposed:", *_indented(lines)])


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" for line in lines] or ["  nothing: each candidate became a rule"]
