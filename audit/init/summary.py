"""What `init` prints: how much was looked at and proposed, the rules with exceptions, and what is not proposed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from order_audit.audit.init.candidate import KINDS, Candidate
from order_audit.audit.init.propose import Proposal
from order_audit.reports.formatting import plural, share
from order_audit.reports.terminal.escape import escape

#: Rules with exceptions that are listed.
_LISTED = 10


def summary_text(proposal: Proposal) -> str:
    """Return tables, rules by kind, and rules with exceptions, the most telling ones first."""
    counts = Counter(file.first.kind for file in proposal.files)
    tables = len({file.first.table.oid for file in proposal.files})
    lines = [f"{plural(len(proposal.files), 'rule')} for {tables:,} of {plural(len(proposal.tables), 'table')}"]
    lines += [f"  {counts[kind]:>5,}  {name}" for kind, (_, name) in KINDS.items() if counts[kind]]
    failed = [it for it in proposal.omitted if it.failed]
    lines += [f"not proposed: {escape(f'{it.subject}: {it.kind}: {it.reason}')}" for it in failed[:_LISTED]]
    if len(failed) > _LISTED:
        lines.append(f"… and {len(failed) - _LISTED:,} more that failed; --explain lists them all")
    broken = [it for file in proposal.files for it in file.candidates if it.broken]
    if not broken:
        return "\n".join([*lines, "all hold on the present data"])
    lines.append(f"{plural(len(broken), 'condition')} with exceptions, which the rules tolerate:")
    broken.sort(key=lambda it: (list(KINDS).index(it.kind), it.broken))
    lines += [f"  {escape(_exception(it))}" for it in broken[:_LISTED]]
    if len(broken) > _LISTED:
        lines.append(f"  … and {len(broken) - _LISTED:,} more; the headers of the rules have them all")
    return "\n".join(lines)


def _exception(it: Candidate) -> str:
    return f"{it.title}: {it.broken:,} of {it.checked:,} ({share(it.broken, it.checked)})"


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
