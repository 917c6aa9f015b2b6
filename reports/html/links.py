"""Links within a page: an anchor for each rule, and texts in which rules and their numbers lead to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from markupsafe import Markup

from order_audit.reports import escaping, gate_text
from order_audit.reports.document import Document, Reason
from order_audit.reports.gate_text import Piece

#: More rules than this in a reason of the gate are folded away.
_NAMED: Final = 3
#: Where on the page is what reasons of a kind count; a failed rule is under its severity.
_PLACES: Final = {
    "errored": "errored", "skipped": "skipped", "schema_findings": "schema", "schema_rules_errored": "schema"
}  # fmt: skip
_LINK: Final = Markup('<a{} href="#{}">{}</a>')


def anchors(rules: Iterable[str]) -> dict[str, str]:
    """A fragment for each rule: its id as far as that can stand in an address, and different from all others."""
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


def linker(anchors: dict[str, str]) -> Callable[[str], Markup]:
    """Gives texts that somebody has written, of a fix or a guard, in which every rule's id is a link."""
    ids = "|".join(re.escape(rule) for rule in sorted(anchors, key=len, reverse=True))
    known = re.compile(rf"(?<![\w.])({ids})(?!\w|\.\w)" if ids else r"(?!)()")

    def linked(said: str) -> Markup:
        parts, place = [], 0
        for found in known.finditer(said):
            parts += [escaping.visible(said[place : found.start()]), _rule(found[1], anchors[found[1]])]
            place = found.end()
        return Markup("").join([*parts, escaping.visible(said[place:])])

    return linked


def reasons(document: Document, anchors: dict[str, str]) -> list[tuple[Markup, Markup]]:
    """Why the gate failed: each reason, and apart from it the rules that it names where they are many."""
    failed = {found.rule for found in document.results if found.status == "failed"}

    def linked(reason: Reason, pieces: Sequence[Piece]) -> Markup:
        return Markup("").join(_piece(reason, piece, anchors, failed) for piece in pieces)

    found = []
    for reason, said in gate_text.sentences(document.summary.gate, document.run.changed_tables):
        if len(reason.rules) > _NAMED:
            head = escaping.visible("".join(piece.text for piece in said.head))
            found.append((head, linked(reason, said.rules)))
        else:
            between = (Piece(": "),) if said.rules else ()
            found.append((linked(reason, (*said.head, *between, *said.rules)), Markup("")))
    return found


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
