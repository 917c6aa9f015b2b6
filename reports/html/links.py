"""Links within a page: an anchor for each rule, and texts with links on rules and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from markupsafe import Markup

from order_audit.reports import escaping, gate_text
from order_audit.reports.document import Document, Reason
from order_audit.reports.gate_text import Piece
from order_audit.reports.schema_findings import Group

#: A reason of the gate with more rules than this is folded.
_NAMED: Final = 3
#: The anchor of the section that a kind of reason counts; failed rules are in their severity's section.
_PLACES: Final = {
    "errored": "errored", "skipped": "skipped", "schema_findings": "schema", "schema_rules_errored": "schema",
    "anomalies": "unusual", "engine": "not-checkable",
}  # fmt: skip
_LINK: Final = Markup('<a{} href="#{}">{}</a>')


def anchors(rules: Iterable[str]) -> dict[str, str]:
    """Return a unique URL fragment for each rule, made of its id."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for rule in rules:
        base = anchor = "rule-" + re.sub(r"[^A-Za-z0-9._-]+", "-", rule)
        number = 1
        while anchor in taken:
            number += 1
            anchor = f"{base}-{number}"
        taken.add(anchor)
        made[rule] = anchor
    return made


def of_document(document: Document, groups: Iterable[Group]) -> dict[str, str]:
    """Return the anchor of each rule, and of each group of schema findings: those of the report."""
    return anchors([it.rule for it in document.results] + [f"{it.rule}/{it.severity}" for it in groups])


def linker(anchors: dict[str, str]) -> Callable[[str], Markup]:
    """Return a function that turns rule ids in the text of a fix or guard into links."""
    ids = "|".join(re.escape(rule) for rule in sorted(anchors, key=len, reverse=True))
    known = re.compile(rf"(?<![\w.])({ids})(?!\w|\.\w)" if ids else r"(?!)()")

    def linked(text: str) -> Markup:
        parts, place = [], 0
        for match in known.finditer(text):
            parts += [escaping.visible(text[place : match.start()]), _rule(match[1], anchors[match[1]])]
            place = match.end()
        return Markup("").join([*parts, escaping.visible(text[place:])])

    return linked


def reasons(document: Document, anchors: dict[str, str]) -> list[tuple[Markup, Markup]]:
    """Return each reason why the gate failed, and separately its rules if they are many."""
    failed = {result.rule for result in document.results if result.status == "failed"}

    def linked(reason: Reason, pieces: Sequence[Piece]) -> Markup:
        return Markup("").join(_piece(reason, piece, anchors, failed) for piece in pieces)

    linked_reasons = []
    for reason, sentence in gate_text.sentences(document.summary.gate, document.run.changed_tables):
        if len(reason.rules) > _NAMED:
            head = escaping.visible("".join(piece.text for piece in sentence.head))
            linked_reasons.append((head, linked(reason, sentence.rules)))
        else:
            between = (Piece(": "),) if sentence.rules else ()
            linked_reasons.append((linked(reason, (*sentence.head, *between, *sentence.rules)), Markup("")))
    return linked_reasons


def _piece(reason: Reason, piece: Piece, anchors: dict[str, str], failed: set[str]) -> Markup:
    anchor = anchors.get(piece.rule) or anchors.get(f"{piece.rule}/{reason.severity}")
    match piece.kind:
        case "total" if place := _PLACES.get(reason.kind, reason.severity):
            return _LINK.format("", place, piece.text)
        case "rule" if anchor:
            return _rule(piece.rule, anchor)
        case "count" if anchor and piece.rule in failed:
            return _LINK.format("", f"rows-{anchor}", piece.text)
    return escaping.visible(piece.text)


def _rule(rule: str, anchor: str) -> Markup:
    return _LINK.format(Markup(' class="id"'), anchor, escaping.name(rule))
