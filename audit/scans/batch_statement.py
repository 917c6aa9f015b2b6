"""The statement of a batch of scans.

It collects the violating rows of each scan once (`hits 0`, ...), and sends three kinds of lines over COPY: the sums of
each rule, its first examples, and all violating keys in order, with the violated rules of the scan. The client does not
keep them. A rule on its own may give one more line, of numbers. A line's number is that of its rule in the batch; for
keys, that of the scan's first rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from order_audit.audit.analysis.query_facts import SelectClauses
from order_audit.audit.database.quoting import quoted
from order_audit.audit.database.sampling import combined_key
from order_audit.audit.scans.batch import Batch
from order_audit.audit.scans.evidence_sql import examples_sql
from order_audit.audit.scans.impact import Impacts, RelatedRows, impact_sql
from order_audit.audit.scans.measured_sql import groups_sql, value_lines
from order_audit.audit.scans.personal_keys import digits_sql, hash_sql
from order_audit.audit.scans.planner import Scan
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.restriction import Restriction
from order_audit.expectations import Prefilter

_COPY: Final = "copy (\n"


@dataclass(frozen=True)
class BatchStatement:
    """The COPY statement; in a scan of one rule, `offset` is the position of the rule's SQL, to locate errors."""

    text: str
    offset: int


def compose(batch: Batch, impacts: Impacts, examples: int) -> BatchStatement:
    """Compose a batch's statement; `examples` is the number of evidence rows per rule."""
    text = _rows(batch, impacts, examples)
    offset = text.index(batch.rules[0].query.body) if batch.alone else 0
    return BatchStatement(f"{_COPY}{text}\n) to stdout (format csv)", len(_COPY) + offset)


def explain_sql(batch: Batch, impacts: Impacts) -> str:
    """Return the statement that explains a batch's statement."""
    return f"explain (format json) {_rows(batch, impacts, 1)}"


def _rows(batch: Batch, impacts: Impacts, examples: int) -> str:
    """Return the query for COPY."""
    tables: list[str] = [batch.shared_cte.text] if batch.shared_cte else []
    tables += [batch.beside.queries] if batch.beside else []
    tables += batch.restriction.texts() if batch.restriction else []
    tables += [
        _left(prefilter) for prefilter in dict.fromkeys(scan.prefilter for scan in batch.scans) if prefilter is not None
    ]
    lines: list[str] = []
    related: dict[str, tuple[RelatedRows, list[str]]] = {}
    first = 0
    for number, scan in enumerate(batch.scans):
        scan = batch.beside.without_queries(scan) if batch.beside else scan
        hits = quoted(f"hits {number}")  # no table is called that
        rows, evidence = _hits(scan, batch.restriction)
        flags = _flags(scan)
        if batch.restriction:
            counts = batch.restriction.counts(evidence[0][scan.rules[0].key[0]])
            rows = f"select h.* from (\n{rows}\n) as h\nwhere {counts}"
        if scan.rules[0].rule.measure is not None:
            groups = quoted(f"groups {number}")
            tables.append(f"{groups} as materialized (\n{groups_of(scan.rules[0])}\n)")
            rows = f"select h.* from {groups} as h where h.broken is not null"
            lines += value_lines(groups, scan.rules[0], key_of_hit(scan.rules[0]), first)
        tables += _kept(scan, number, rows)
        for place, (prepared, values, flag) in enumerate(zip(scan.rules, evidence, flags, strict=True), first):
            if impact := impact_sql(prepared, values, hits, flag, impacts):
                lines.append(f"(select 's', {place}, null::text, x.* from (\n  {impact}\n) as x)")
            if of_rule := impacts.related(prepared):
                key = f"select {values[prepared.key[0]]} from {hits} as h where {flag}"
                related.setdefault(of_rule.name, (of_rule, []))[1].append(key)
            if examples:
                lines.append(examples_sql(prepared, values, hits, flag, place, examples))
        bits = " || ".join(f"{flag}::int::text" for flag in flags) if scan.shared else "'1'"
        # the sort has a key once, and not its text as well
        places = f"select h.place, {bits} as bits from {hits} as h order by h.place nulls first"
        lines.append(f"(select 'k', {first}, h.bits, {key_of_hit(scan.rules[0])} from ({places}) as h)")
        first += len(scan.rules)
    for of_rules, keys in related.values():
        # the extract stands under the bare name
        cte, table = batch.shared_cte, of_rules.relation
        extracted = cte is not None and cte.table == table and cte.holds(of_rules.read_set)
        some = batch.restriction.rows_of(table.oid) if batch.restriction else None
        tables.append(of_rules.sql(some or (quoted(table.name) if extracted else quoted(table)), keys))
    lines += [batch.beside.line] if batch.beside else []
    withs, body = ",\n".join(tables), "\nunion all\n".join(lines)
    return f"with {withs}\n{body}"


def _kept(scan: Scan, number: int, rows: str) -> list[str]:
    """Return the tables that keep a scan's hits. A key of one column is kept once: its place is computed when read."""
    first, hits = scan.rules[0], quoted(f"hits {number}")
    if scan.shared or first.rule.measure is not None or first.key_is_personal or len(first.key) != 1:
        return [f"{hits} as materialized (\n{rows}\n)"]
    kept, place = quoted(f"kept {number}"), _place(first, [f"k.e{first.key[0]}"])
    columns = ", ".join(f"h.e{number}" for number in range(len(first.columns)))
    return [
        f"{kept} as materialized (select {columns} from (\n{rows}\n) as h)",
        f"{hits} as not materialized (select k.*, {place} as place from {kept} as k)",
    ]


def count_sql(scan: Scan) -> str:
    """A statement that gives one row: how many keys violate each rule of a scan."""
    null = _has_null(scan.rules[0])
    counts = ", ".join(
        f"pg_catalog.count(distinct h.place) filter (where {flag} and not {null})"
        f" + count(*) filter (where {flag} and {null})"
        for flag in _flags(scan)
    )
    return f"select {counts}\nfrom (\n{_hits(scan)[0]}\n) as h"


def _has_null(prepared: PreparedRule) -> str:
    """Return the condition that the key of a row h has a NULL: it equals no other."""
    if len(prepared.key) == 1 or prepared.key_is_personal:
        return "h.place is null"
    parts = "pg_catalog.json_array_elements(pg_catalog.convert_from(h.place, 'UTF8')::json) as p (value)"
    return f"exists (select from {parts} where pg_catalog.json_typeof(p.value) = 'null')"


def _flags(scan: Scan) -> list[str]:
    """Return for each rule the condition that a row h of the scan's hits violates it."""
    return [f"h.r{place}" for place in range(len(scan.rules))] if scan.shared else ["true"]


def _hits(scan: Scan, restriction: Restriction | None = None) -> tuple[str, list[tuple[str, ...]]]:
    """The query of a scan's violating rows, and per rule its columns as those rows, called h, have them."""
    if scan.value:
        return _once_per_value(scan)
    if scan.shared:
        return _shared(scan, restriction)
    prepared = scan.rules[0]
    if prepared.rule.measure is not None:
        rows = f"select h.* from (\n{groups_of(prepared)}\n) as h where h.broken is not null"
        return rows, [tuple(f"h.e{place}" for place in range(len(prepared.columns)))]
    return _alone(scan), [tuple(f"h.e{place}" for place in range(len(prepared.columns)))]


def groups_of(prepared: PreparedRule) -> str:
    """Return the query of a measured rule's groups."""
    return groups_sql(prepared, _place(prepared, [f"v.e{place}" for place in prepared.key]))


#: The places of the rows that a test does not prefilter.
_LEFT: Final = quoted("rows left")


def _left(prefilter: Prefilter) -> str:
    row = prefilter.table.split()[-1]
    left = f"select {row}.ctid\nfrom {prefilter.table}\nwhere not exists (\n{prefilter.query}\n)"
    return f"{_LEFT} as materialized (\n{left}\n)"


def _prefiltering(scan: Scan, text: str, place: tuple[int, int] | None) -> str:
    """A text in which, at a place, a table stands with the rows alone that are not prefiltered."""
    if scan.prefilter is None or place is None:
        return text
    table, _, row = scan.prefilter.table.split()
    # of an array that is not known yet the server expects few values, and looks them, and what they join, up
    rows = f"(select * from {table} where ctid = any (array(select ctid from {_LEFT}))) as {row}"
    return text[: place[0]] + rows + text[place[1] :]


def _alone(scan: Scan) -> str:
    """A rule as its author wrote it, in brackets, its columns renamed by place."""
    prepared = scan.rules[0]
    body = _prefiltering(scan, prepared.query.body, prepared.query.prefiltered)
    names = ", ".join(f"e{place}" for place in range(len(prepared.columns)))
    place = _place(prepared, [f"v.e{place}" for place in prepared.key])
    return f"select v.*, {place} as place\nfrom (\n{body}\n) as v ({names})"


def _shared(scan: Scan, restriction: Restriction | None) -> tuple[str, list[tuple[str, ...]]]:
    """Several rules in one pass: the rows that violate any, with a flag for each and every column that any shows."""
    shown, evidence = _evidence(scan)
    wheres = [_slices(prepared).where for prepared in scan.rules]
    if restriction is not None:
        key = _slices(scan.rules[0]).columns[scan.rules[0].key[0]]
        wheres = [
            restriction.verdict(prepared.rule.id, key, where)
            for prepared, where in zip(scan.rules, wheres, strict=True)
        ]
    flags = [f"({where}\n) is true as r{number}" for number, where in enumerate(wheres)]
    listed = ",\n".join([*shown, *flags, _place_of_row(scan)])
    any_of = "\nor ".join(f"({where}\n)" for where in wheres)
    return f"select\n{listed}\nfrom {_origin(scan)}\nwhere {any_of}", evidence


def _once_per_value(scan: Scan) -> tuple[str, list[tuple[str, ...]]]:
    """Several rules on the values of some columns: each different value is judged, then its rows are looked up.

    The rules' own text judges a table of the values that stands in the place, and under the name, of theirs.
    """
    local = _slices(scan.rules[0]).row_local
    assert local is not None  # noqa: S101 - plan() puts no other rules here
    rest = _rests(scan)
    shown, evidence = _evidence(scan)
    wheres = [_slices(prepared).where for prepared in scan.rules]
    flags = ",\n".join(f"({where}\n) is true as r{number}" for number, where in enumerate(wheres))
    any_of = "\nor ".join(f"({where}\n)" for where in wheres)
    keys = [part.encode(f"{local.alias}.{quoted(part.column)}") for part in scan.value]
    numbered = [f"k{number}" for number in range(len(keys))]
    values = ", ".join(
        f"{part.decode(f'v.{key}')} as {quoted(part.column)}" for part, key in zip(scan.value, numbered, strict=True)
    )
    # The values found are joined by one column that is known to be unique: the planner takes a hash of several columns
    # of a subquery for a bad one, and would rather sort the table.
    value = combined_key(scan.value, [f"{local.alias}.{key}" for key in numbered])
    judged = f"""  select distinct on (value) {value} as value,
{flags}
  from (
    select {", ".join(f"v.{key}" for key in numbered)}, {values}
    from (
      select distinct {", ".join(f"{key} as {name}" for key, name in zip(keys, numbered, strict=True))}
      from {local.table}
    ) as v
    offset 0
  ) as {local.alias}
  {rest}
  where {any_of}"""
    listed = ",\n".join([*shown, *(f"judged.r{number}" for number in range(len(wheres))), _place_of_row(scan)])
    same = f"judged.value operator(pg_catalog.=) {combined_key(scan.value, keys)}"
    joined = f"from {local.table}\njoin (\n{judged}\n) as judged on {same}"
    return f"select\n{listed}\n{joined}", evidence


def _evidence(scan: Scan) -> tuple[list[str], list[tuple[str, ...]]]:
    """The columns that the hits of several rules have, and per rule which of them it shows."""
    columns: dict[str, str] = {}
    evidence = [
        tuple(f"h.{columns.setdefault(text, f'e{len(columns)}')}" for text in _slices(prepared).columns)
        for prepared in scan.rules
    ]
    return [f"({text}\n) as {name}" for text, name in columns.items()], evidence


def _place_of_row(scan: Scan) -> str:
    first = scan.rules[0]
    return f"{_place(first, [f'({_slices(first).columns[place]})' for place in first.key])} as place"


def _slices(prepared: PreparedRule) -> SelectClauses:
    assert prepared.query.clauses is not None  # noqa: S101 - plan() puts no rule without them beside others
    return prepared.query.clauses


def _origin(scan: Scan) -> str:
    """FROM, with the LATERAL subqueries of all the rules that share it."""
    clauses = _slices(scan.rules[0])
    if clauses.row_local:
        return f"{clauses.row_local.table}\n{_rests(scan)}"
    return _prefiltering(scan, clauses.origin, clauses.prefiltered)


def _rests(scan: Scan) -> str:
    locals_ = (_slices(prepared).row_local for prepared in scan.rules)
    return "\n".join(
        dict.fromkeys(local.lateral_joins for local in locals_ if local is not None and local.lateral_joins)
    )


def _place(prepared: PreparedRule, key: list[str]) -> str:
    """Return the sort expression of a key: the key as a number, else the bytes of its text, or of a hash of it."""
    if prepared.ordered_as_number and not prepared.key_is_personal:
        return key[0]
    text = _key_text(prepared, key)
    if prepared.key_is_personal:
        return hash_sql(text, prepared.salt)
    return f"pg_catalog.convert_to({text}, 'UTF8')"


def key_of_hit(prepared: PreparedRule) -> str:
    """Return the text of the key of a row h; of a personal key, its hash."""
    if prepared.key_is_personal:
        return digits_sql("h.place", prepared.salt)
    if prepared.ordered_as_number:
        return _key_text(prepared, ["h.place"])
    return "pg_catalog.convert_from(h.place, 'UTF8')"


def _key_text(prepared: PreparedRule, key: list[str]) -> str:
    """Return the text of a key: the value, or a JSON array of several."""
    columns = [prepared.columns[place] for place in prepared.key]
    # equal numerics can be written in several ways: 1 and 1.0
    parts = [
        f"pg_catalog.trim_scale({part})" if column.is_numeric else f"({part})"
        for part, column in zip(key, columns, strict=True)
    ]
    # without a key, the whole table is the one group
    return f"pg_catalog.json_build_array({', '.join(parts)})::text" if len(parts) != 1 else f"{parts[0]}::text"
