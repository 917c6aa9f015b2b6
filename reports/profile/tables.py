"""Tables of a profile, with the figures that domains add."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from order_audit.domain import Chart, Crosstab, table_figures
from order_audit.reports.formatting import figure, plural, size
from order_audit.reports.profile.alerts import alert
from order_audit.reports.profile.columns import column
from order_audit.reports.profile.model import Profile, Table

#: Columns that are shown in all; a page of thousands would be of no use.
COLUMNS: Final = 400
#: With more columns than this, the tables are folded.
_FOLDED: Final = 60
#: Alerts of a table that are listed.
_ALERTS: Final = 20


def shown(profile: Mapping[str, Any], most: int = COLUMNS) -> Profile:
    """The profile of a result document, made ready to be shown, with `most` columns in all."""
    left = most
    tables = []
    for name, entry in profile.items():
        if "error" in entry:
            tables.append(Table(name, error=entry["error"]))
            continue
        table = _table(name, entry, left)
        left -= len(table.columns)
        table.is_part = bool(entry.keys() & {"sampled", "first_rows"}) or any(
            it.is_estimated or it.picked is not None for it in table.columns
        )
        tables.append(table)
    return Profile(tables, is_folded=sum(table.width for table in tables) > _FOLDED)


def _table(name: str, entry: Mapping[str, Any], most: int) -> Table:
    columns = list(entry["columns"].items())
    table = Table(name, size=_size(entry), width=len(columns))
    if "sampled" in entry:
        table.sampled = entry["rows"]
    table.facts = list(_facts(entry))
    alerts = [
        (its_name, alert(it, figures) + ("; in the sample" if "sampled" in entry else ""))
        for its_name, figures in columns
        for it in figures.get("alerts", ())
    ]
    table.alerts, table.more_alerts = alerts[:_ALERTS], max(0, len(alerts) - _ALERTS)
    table.columns = [column(name, its_name, figures, entry["rows"]) for its_name, figures in columns[:most]]
    for of_domain in table_figures():
        figures = entry.get(of_domain.name)
        if figures and "error" in figures:
            table.errors.append(f"{of_domain.name.replace('_', ' ').capitalize()}: {figures['error']}")
        elif figures:
            for shown_of_all in of_domain.show(figures):
                made = _of_sample(shown_of_all, figures)
                if isinstance(made, Chart):
                    table.charts.append(made)
                else:
                    table.crosstabs.append(made)
    return table


def _size(entry: Mapping[str, Any]) -> str:
    """Return the number of rows in words; a sample of pages does not know that of its table."""
    if "sampled" in entry and "all_rows" not in entry:
        return plural(entry["rows"], "sampled row")
    return plural(entry.get("all_rows", entry["rows"]), "row")


def _of_sample(shown: Chart | Crosstab, figures: Mapping[str, Any]) -> Chart | Crosstab:
    """Return a chart that says of which sample it is."""
    if not (sample := figures.get("sample")):
        return shown
    said = f"a sample: the rows with {plural(sample['groups'], 'value')} of {sample['by']}, 1 in {sample['one_in']:,}"
    if (error := _margin(sample)) is not None:
        said += f"; shares of {sample['of']} are {error}"
    return replace(shown, note=f"{shown.note}; {said}" if shown.note else said)


def _margin(sample: Mapping[str, Any]) -> str | None:
    """Return by how much shares of a sample may be off, in words; None where that is not known."""
    margin = sample.get("margin")
    return None if margin is None else f"within {margin:g} percentage points, with 95 % confidence"


def _facts(entry: Mapping[str, Any]) -> Iterable[str]:
    if "sampled" in entry:
        error = _margin(entry)
        within = f"; their shares of rows are {error}" if error else ""
        if "all_rows" in entry:
            yield f"Figures of columns are of {plural(entry['rows'], 'row')} picked at random{within}"
        else:
            yield f"Figures of a sample of {entry['sampled']:g} % of its pages{within}"
    if "first_rows" in entry:
        yield f"Figures of its first {entry['first_rows']:,} rows; the rest was not read"
    sizes = entry["bytes"]
    yield (f"{size(sizes['total'])}, of it {size(sizes['indexes'])} indexes" if sizes["total"] else "no storage")
    if entry["dead_rows"]:
        yield plural(entry["dead_rows"], "dead row")
    if key := entry["key"]:
        ends = f", {figure(key['min'])} to {figure(key['max'])}" if key.get("min") is not None else ""
        yield f"key {', '.join(key['columns'])}{ends}"
        if sequence := key["sequence"]:
            at = sequence["position"]
            where = f"at {at:,}" if at is not None else "not drawn from yet" if sequence["readable"] else "not readable"
            yield f"sequence {sequence['name']} {where}"
