"""Which rules share a scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from audit.task import Task


@dataclass(frozen=True)
class Scan:
    """Rules that are judged in one pass. A single one is run as its author wrote it."""

    tasks: tuple[Task, ...]

    @property
    def alone(self) -> bool:
        """Whether there is nothing to share."""
        return len(self.tasks) == 1


def plan(tasks: Iterable[Task]) -> list[Scan]:
    """Put rules whose FROM clauses and keys are the same into one scan; the largest scans come first."""
    groups: defaultdict[tuple[str, ...], list[Task]] = defaultdict(list)
    for task in tasks:
        slices = task.shape.slices
        same = (slices.source, *(slices.columns[place] for place in task.key)) if slices else ("", task.rule.id)
        groups[same].append(task)
    scans = [Scan(tuple(group)) for group in groups.values()]
    return sorted(scans, key=lambda scan: (-len(scan.tasks), scan.tasks[0].rule.id))
