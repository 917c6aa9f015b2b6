"""What the labels in `data-issues/*.sql` say: which rules the rows violate.

`python -m order_audit.scenario.labels` writes `truth.csv`, and the rubric beside it takes its table from here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from order_audit.expectations import load
from order_audit.scenario.load import ISSUES, TRUTH

#: Violations of the sample data by rule; the sample data have no labels of their own.
SAMPLE: Final = {
    "customers.phone_is_dialable": (1, 2, 3, 4, 5),
    "lineage.one_live_order": (1004, 1005),
    "orders.delivery_args_hold_no_secret": (1002, 1008),
    "orders.schedule_repeats_by_day": (1001, 1007, 1010),
}
_LABEL: Final = re.compile(r"^ *-- (planted|follows): (\S+)((?: \d+)+)$", re.MULTILINE)


class Label(NamedTuple):
    """A violating row, by its key: `planted` for the rule, or a consequence (`follows`) of another fault."""

    kind: str
    rule: str
    key: int


def labels() -> list[Label]:
    """All labels, in the order of the files."""
    return [
        Label(kind, rule, int(key))
        for file in ISSUES
        for kind, rule, keys in _LABEL.findall(file.read_text(encoding="ascii"))
        for key in keys.split()
    ]


def truth() -> list[tuple[str, int]]:
    """Rule and key of every violation once all is loaded, in the order of `violations.csv`."""
    pairs = {(rule, key) for rule, keys in SAMPLE.items() for key in keys}
    return sorted(pairs | {(label.rule, label.key) for label in labels()})


def rubric() -> Iterator[str]:
    """Lines of a Markdown table: what stands where, rule by rule."""
    yield "| rule | finds | planted in | follows in | in the sample data |"
    yield "| --- | --- | --- | --- | --- |"
    pairs = labels()
    for rule in load("current").rules:
        cells = [
            _ranges(it.key for it in pairs if (it.kind, it.rule) == (kind, rule.id)) for kind in ("planted", "follows")
        ]
        cells.append(_ranges(SAMPLE.get(rule.id, ())))
        if any(cells):
            yield f"| `{rule.id}` | {rule.title} | {' | '.join(cells)} |"


def _ranges(keys: Iterable[int]) -> str:
    """Numbers in words: `105 to 108, 111`."""
    runs = [[key for _, key in run] for _, run in groupby(enumerate(sorted(keys)), lambda it: it[1] - it[0])]
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def main() -> None:
    """Write `truth.csv`."""
    with TRUTH.open("w", encoding="ascii", newline="") as file:
        written = csv.writer(file, lineterminator="\n")
        written.writerow(("rule", "key"))
        written.writerows(truth())


if __name__ == "__main__":
    main()
