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

#: How a count with a scan of its own begins.
_OWN_SCAN: Final = "(select count(*) from"

#: Answers by source and aggregate.
Known: TypeAlias = dict[tuple[str, str], Any]


@dataclass(frozen=True)
class Probe:
    """Aggregates by name over a FROM item, and their answers once it has run.

    With `measures`, which are aggregates too, the aggregates are expressions over those, named as in `v.orphans`. Equal
    measures of one source are computed once, however many expressions name them; `measured` are their values.
    """

    source: str
    aggregates: dict[str, str]
    answer: JsonObject = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)
    measured: JsonObject = field(default_factory=dict)

    def known(self) -> Known:
        """The answers, by source and aggregate: of the measures where there are any."""
        asked, found = (self.measures, self.measured) if self.measures else (self.aggregates, self.answer)
        return {(self.source, aggregate): found.get(name) for name, aggregate in asked.items()}


def count(source: str, condition: str) -> str:
    """The number of rows of a source that meet a condition, as an expression beside aggregates over it.

    A condition on rows of another table gets a scan of its own, which the server can join with that table: that takes
    less than half of a look-up for each row. Rules write the same, so that it is counted once.
    """
    if "not exists (select" in condition:
        return f"{_OWN_SCAN} {source} where {condition})"
    return f"count(*) filter (where {condition})"


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
    asked = "\nunion all\n".join(f"select {number}, {_query(group)}" for number, group in enumerate(batch))
    # rolled back, so that no lock stays until the end of the audit, or there is no room for those of other sessions
    with connection.transaction(force_rollback=True):
        answer = connection.execute(asked.encode()).fetchall()
    for number, found in answer:
        for probe, values in zip(batch[number], found, strict=True):
            probe.answer.update(values["answer"])
            probe.measured.update(values["measured"])


def _query(group: list[Probe]) -> str:
    """The select list and the FROM clause that ask all probes of one source."""
    measures = dict.fromkeys(text for probe in group for text in probe.measures.values())
    columns = {text: f"m{number}" for number, text in enumerate(measures)}
    plain: list[dict[str, str]] = []
    answers = []
    for probe in group:
        measured = {name: f"m.{columns[text]}" for name, text in probe.measures.items()}
        if measured:
            values = ", ".join(f"{value} as {sql.Identifier(name).as_string()}" for name, value in measured.items())
            answer = f"(select {_object(probe.aggregates)} from (select {values}) as v)"
        else:
            plain.append(probe.aggregates)
            answer = f"m.plain[{len(plain)}]"
        answers.append(_object({"answer": answer, "measured": _object(measured)}))
    inner = [f"array[{', '.join(map(_object, plain))}]::jsonb[] as plain"]
    inner += [f"{text} as {column}" for text, column in columns.items()]
    asked = [*columns, *(text for aggregates in plain for text in aggregates.values())]
    # without an aggregate there would be a row for each of the table
    one_row = " group by ()" if all(text.startswith(_OWN_SCAN) for text in asked) else ""
    return (
        f"to_jsonb(array[{', '.join(answers)}]) from (select {', '.join(inner)} from {group[0].source}{one_row}) as m"
    )


def _object(expressions: dict[str, str]) -> str:
    """Expressions as one jsonb value."""
    named = (f"{sql.Literal(name).as_string()}, {expression}" for name, expression in expressions.items())
    return f"jsonb_build_object({', '.join(named)})"
