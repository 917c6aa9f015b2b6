"""Run a batch of scans and read the outcomes of their rules."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

import psycopg

from order_audit import session
from order_audit.audit.database.lost import UNCHANGED, lost
from order_audit.audit.scans.batch import Batch
from order_audit.audit.scans.batch_statement import compose
from order_audit.audit.scans.impact import NO_IMPACTS, Impacts
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.planner import Scan
from order_audit.audit.scans.prepared_rule import failure
from order_audit.audit.scans.rule_reader import RuleReader, unquoted
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.foreign_code import whole_path

#: A denied or a locked table.
_CLOSED: Final = ("42501", "55P03")


def execute(
    connection: psycopg.Connection,
    batch: Batch,
    impacts: Impacts,
    store: ViolationStore,
    *,
    examples: int,
    unmask: bool,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Outcome]:
    """Judge the rules of a batch on a connection in the snapshot.

    A failed batch runs again scan by scan, and a failed scan rule by rule, so that a faulty rule does not affect
    others. `stopped` returns whether the audit was interrupted.
    """
    try:
        return _run(connection, batch, impacts, store, examples=examples, unmask=unmask)
    except psycopg.Error as error:
        if connection.closed and not stopped():
            raise lost([connection], error, UNCHANGED) from None
        if batch.beside is not None and not stopped():
            alone = replace(batch, beside=None)
            return execute(connection, alone, impacts, store, examples=examples, unmask=unmask, stopped=stopped)
        if batch.alone and impacts and error.sqlstate in _CLOSED and not stopped():
            # the role may lack privileges on the tables of the impact
            return execute(connection, batch, NO_IMPACTS, store, examples=examples, unmask=unmask, stopped=stopped)
        if batch.alone or stopped():
            offset = compose(batch, impacts, examples).offset if batch.alone else None
            return {
                prepared.rule.id: Outcome(
                    "errored", failure=failure(connection, prepared.rule, error, offset=offset, unmask=unmask)
                )
                for prepared in batch.rules
            }
    if batch.restriction is not None:
        whole = replace(batch, restriction=None)
        return execute(connection, whole, impacts, store, examples=examples, unmask=unmask, stopped=stopped)
    parts = [Batch((Scan(scan.rules, scan.value),)) for scan in batch.scans]
    if len(parts) == 1:
        parts = [Batch((Scan((prepared,)),)) for prepared in batch.rules]
    outcomes: dict[str, Outcome] = {}
    for part in parts:
        outcomes |= execute(connection, part, impacts, store, examples=examples, unmask=unmask, stopped=stopped)
    return outcomes


def _run(
    connection: psycopg.Connection,
    batch: Batch,
    impacts: Impacts,
    store: ViolationStore,
    *,
    examples: int,
    unmask: bool,
) -> dict[str, Outcome]:
    began = time.perf_counter()
    wanted = max(examples, store.rows.most) if store.rows else examples
    statement = compose(batch, impacts, wanted)
    with ExitStack() as stack:
        readers = [
            stack.enter_context(RuleReader(prepared, store, impacts.of(prepared), examples=examples, unmask=unmask))
            for prepared in batch.rules
        ]
        hit_by: dict[tuple[bytes, bytes], list[RuleReader]] = {}
        with (
            # what a rule does to the session must not reach the next one
            session.undone(connection, may_lock=any(prepared.may_steer for prepared in batch.rules)),
            whole_path(connection),
            connection.cursor() as cursor,
            cursor.copy(statement.text.encode()) as copy,
        ):
            for block in copy:
                kind, number, bits, rest = bytes(block).split(b",", 3)
                if kind == b"k":
                    if (number, bits) not in hit_by:
                        of_scan = readers[int(number) : int(number) + len(bits)]
                        hit_by[number, bits] = [it for it, bit in zip(of_scan, bits, strict=True) if bit == 49]
                    for reader in hit_by[number, bits]:
                        reader.add(rest)
                elif kind == b"e":
                    readers[int(number)].show(unquoted(rest))
                elif kind == b"g":
                    readers[int(number)].values.count(unquoted(rest))
                elif kind == b"v":
                    readers[int(number)].measure(unquoted(rest))
                elif kind == b"p" and batch.beside is not None:
                    batch.beside.found = unquoted(rest)
                else:
                    readers[int(number)].weigh(unquoted(rest))
        for reader in readers:
            reader.keep_rows()
    milliseconds = round((time.perf_counter() - began) * 1000, 3)
    outcomes = {reader.task.rule.id: reader.outcome(milliseconds / len(readers)) for reader in readers}
    for outcome in outcomes.values():
        outcome.of_changes = batch.restriction is not None
    return outcomes
