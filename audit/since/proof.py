"""Keys that are judged although nothing has changed for them, to test the verdicts that are taken over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg

from order_audit.audit.analysis.dependence import Link
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.since.numbers import Numbers
from order_audit.audit.since.old_keys import Keys
from order_audit.audit.since.values import Value
from order_audit.errors import RunError
from order_audit.reports.formatting import plural


@dataclass(frozen=True)
class Proof:
    """Keys of a rule that are judged although nothing has changed for them, and which of them violated before."""

    root: Link
    value: Value
    keys: Numbers
    known: Numbers


def verify(
    connection: psycopg.Connection,
    rules: Iterable[PreparedRule],
    proofs: Mapping[str, Proof],
    store: Callable[[str], Path | None],
) -> int:
    """Compare the verdicts on the keys of proofs with those of the earlier audit; return how many were compared.

    `store` gives the file of a rule's keys. Raises RunError if any differ.
    """
    compared = 0
    for prepared in rules:
        proof = proofs.get(prepared.rule.id)
        if proof is None:
            continue
        path = store(prepared.rule.id)
        found = proof.keys[:0]
        if path is not None:
            numbers = Keys(path, header=False).numbers(connection, prepared, proof.root, proof.value)
            found = np.intersect1d(numbers, proof.keys)
        if wrong := len(np.setxor1d(found, proof.known)):
            raise RunError(
                f"{prepared.rule.id}: {plural(wrong, 'key')} of {len(proof.keys):,} that were judged again have"
                " another verdict than in the earlier audit, although nothing has changed for them: run with --full"
            )
        compared += len(proof.keys)
    return compared
