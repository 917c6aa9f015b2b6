"""Aggregates over tables, many in one statement; one that fails costs no other its answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import psycopg
from psycopg import sql

from order_audit.audit import mask
from order_audit.reports.document import JsonObject

#: The limits of one statement on the data: tables, and rows as estimated by the catalogs. A larger table has one of
#: its own.
_MOST_SOURCES: Final = 100
_MOST_ROWS: Final = 1_000_000
#: The name of the reason in the answer of a probe that failed.
FAILED: Final = "not looked at"

#: Answers by source and aggregate.
Known: TypeAlias = dict[tuple[str, str], Any]


@dataclass(frozen=True)
class Probe:
    """Aggregates by name over a FROM item, and their answers once it has run."""

    source: str
    aggregates: dict[str, str]
    answer: JsonObject = field(default_factory=dict)


def batches(probes: Iterable[Probe], sizes: dict[str, float]) -> Iterator[list[list[Probe]]]:
    """Group probes into statements: those of one source together, and several sources. `sizes` are rows by source."""
    by_source: defaultdict[str, list[Probe]] = defaultdict(list)
    for probe in probes:
        by_source[probe.source].append(probe)
    batch: list[list[Probe]] = []
    weight = 0.0
    for source, group in by_source.items():
        # a source that is not known is an end of an index
        size = sizes.get(source, 0)
        if batch and (len(batch) == _MOST_SOURCES or weight + size > _MOST_ROWS):
            yield batch
            batch, weight = [], 0.0
        batch.append(group)
        weight += size
    if batch:
        yield batch


def look(connection: psycopg.Connection, batch: list[list[Probe]], stopped: Callable[[], bool]) -> None:
    """Run a batch of probes; on failure, split it by source and then by probe, to find the failing one."""
    try:
        _ask(connection, batch)
    except psycopg.Error as error:
        parts = [[group] for group in batch] if len(batch) > 1 else [[[probe]] for probe in batch[0]]
        if len(parts) > 1:
            for part in parts:
                if stopped():
                    return
                look(connection, part, stopped)
        else:
            batch[0][0].answer[FAILED] = mask.error(error)


def _ask(connection: psycopg.Connection, batch: list[list[Probe]]) -> None:
    asked = "\nunion all\n".join(
        f"select {number}, to_jsonb(array[{', '.join(map(_object, group))}]) from {group[0].source}"
        for number, group in enumerate(batch)
    )
    # rolled back, so that no lock stays until the end of the audit, or there is no room for those of other sessions
    with connection.transaction(force_rollback=True):
        answer = connection.execute(asked.encode()).fetchall()
    for number, found in answer:
        for probe, values in zip(batch[number], found, strict=True):
            probe.answer.update(values)


def _object(probe: Probe) -> str:
    """The aggregates that a probe asks for, as one value."""
    named = (f"{sql.Literal(name).as_string()}, {asked}" for name, asked in probe.aggregates.items())
    return f"jsonb_build_object({', '.join(named)})"
