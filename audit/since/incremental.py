"""An audit since an earlier one: what it has to ask, and the state that it leaves for the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import psycopg

from order_audit.audit.analysis.dependence import ROW, Dependence
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.beside import Beside
from order_audit.audit.scans.impact import RelatedRows
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.restriction import RestrictedTable, Restriction
from order_audit.audit.since import pairs, state_file
from order_audit.audit.since.changes import AnotherHistoryError, Changes, changes, horizon
from order_audit.audit.since.closure import TooManyError, asked
from order_audit.audit.since.compared import Compared
from order_audit.audit.since.counting import COUNTS
from order_audit.audit.since.derive import fingerprint
from order_audit.audit.since.facts import differ, facts
from order_audit.audit.since.keep import keep
from order_audit.audit.since.numbers import Numbers, among, different, listed
from order_audit.audit.since.old_keys import Keys
from order_audit.audit.since.pairs import Pairs
from order_audit.audit.since.pairs_beside import PairsBeside
from order_audit.audit.since.proof import Proof, verify
from order_audit.audit.since.state_file import ID, State, UnreadableError
from order_audit.audit.since.values import NULL, Value
from order_audit.reports.results_file import Audit

#: The share of a table's rows up to which asking about some is cheaper than about all, and rows that are few anyway.
_SHARE: Final = 0.2
_FEW: Final = 1_000


@dataclass
class Since:
    """What an audit knows from an earlier one.

    `whole` is why everything is judged; `in_full` has the reason by rule that is. `restrictions` are those of the other
    rules, `counts` has the rows of tables by oid.
    """

    run: str = ""
    whole: str = ""
    in_full: dict[str, str] = field(default_factory=dict)
    restrictions: dict[str, Restriction] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    found: dict[str, Changes] = field(default_factory=dict)
    proofs: dict[str, Proof] = field(default_factory=dict)


class Incremental:
    """Derives what rules depend on, finds what has changed since an earlier audit, and writes the state."""

    def __init__(
        self,
        connection: psycopg.Connection,
        rules: Iterable[PreparedRule],
        schema: str,
        related: Callable[[PreparedRule], RelatedRows | None] = lambda _: None,
        verified: float = 0.0,
    ) -> None:
        """Derive what rules depend on.

        `related` gives the rows that the impact of a rule adds up; `verified` is the share of the keys that are judged
        although nothing has changed for them.
        """
        self._related = related
        self._verified = verified
        self._connection = connection
        self._rules = list(rules)
        self._facts = facts(connection, schema)
        self._compared = Compared(connection, self._rules)
        self._old: State | None = None
        self._pairs: dict[str, Pairs] = {}
        self._beside = PairsBeside({}, [], {})

    def since(self, last: Audit | None, why: str = "") -> Since:
        """Find what has changed since an earlier audit; `why` is a reason to judge everything all the same."""
        result = self._since(last, why)
        if self._old is None:
            queries = {text: query for text, (query, _) in self._compared.pairs.items()}
            self._beside = PairsBeside(queries, self._rules, self._compared.rules)
        return result

    @property
    def beside(self) -> Mapping[str, Beside]:
        """What the state needs of the statements of rules that judge all rows."""
        return self._beside.by_rule

    def _since(self, last: Audit | None, why: str) -> Since:
        result = Since(last.document.run.id if last else "", why)
        if last is None or why:
            return result
        try:
            result.whole = self._compare(last, result)
        except UnreadableError as error:
            result.whole = f"its state cannot be used: {error}"
        except AnotherHistoryError:
            result.whole = "the database has rows from another history: it was restored"
        if result.whole:
            self._old = None
            return Since(result.run, result.whole)
        return result

    def _compare(self, last: Audit, result: Since) -> str:
        """Fill in what to ask; return why that is unknown."""
        if not (last.folder / state_file.FOLDER).is_dir():
            return "it has no state: --state writes one"
        self._old = old = state_file.read(last.folder / state_file.FOLDER)
        if old.facts["run"] != last.document.run.id:
            return "its state is of another audit"
        if not last.document.run.complete or last.document.run.changed_tables:
            return "it was interrupted, or tables were altered meanwhile"
        if self._facts is None:
            return "this role may not call pg_control_system(), which identifies the server"
        if different := differ(self._facts, old.facts):
            return different
        file, unread = last.keys.file()
        if file is None:
            return unread
        keys = Keys(file)
        since = horizon(self._connection, old.facts["oldest"])
        unfit: dict[RelationName, str] = {}
        found: dict[RelationName, Changes] = {}
        for name, table in self._compared.tables.items():
            known = old.facts["tables"].get(table.name)
            values = self._compared.values.get(name, {})
            if known is None:
                unfit[name] = f"{name.relation}: the earlier audit has kept nothing of it"
            elif known["signature"] != table.signature or known["oid"] != table.relation.oid:
                unfit[name] = f"{name.relation}: the table was altered"
            elif (
                any(known["values"].get(it) != value.sql for it, value in values.items()) or known["id"] != table.id.sql
            ):
                unfit[name] = f"{name.relation}: the earlier audit has not kept all values that rules compare"
            else:
                found[name] = changes(self._connection, table, values, old, since)
                result.counts[table.relation.oid] = found[name].count
                result.found[table.name] = found[name]
        self._pairs = pairs.known(self._connection, self._compared.pairs, old, result.found)
        groups: dict[Dependence, list[PreparedRule]] = {}
        judged = {it.rule: it.status for it in last.document.results}
        for prepared in self._rules:
            rule = prepared.rule.id
            if reason := self._reason(prepared, old, judged, unfit):
                result.in_full[rule] = reason
            else:
                groups.setdefault(self._compared.rules[rule], []).append(prepared)
        for derived, rules in groups.items():
            self._restrict(derived, rules, found, keys, result)
        return ""

    def _reason(
        self, prepared: PreparedRule, old: State, judged: Mapping[str, str], unfit: Mapping[RelationName, str]
    ) -> str:
        """Return why a rule has to be judged on all rows; empty if it has not."""
        rule = prepared.rule.id
        if rule in self._compared.underived:
            return self._compared.underived[rule]
        if judged.get(rule) not in ("passed", "failed"):
            return "the earlier audit did not judge it"
        if altered := next((unfit[name] for name in prepared.query.relations if name in unfit), ""):
            return altered
        if not {it.pairs for it in self._compared.rules[rule].edges if it.pairs} <= self._pairs.keys():
            return "the earlier audit has not kept all values that it compares"
        return "its query was changed" if old.facts["rules"].get(rule) != fingerprint(prepared) else ""

    def _restrict(
        self,
        derived: Dependence,
        rules: list[PreparedRule],
        found: Mapping[RelationName, Changes],
        old_keys: Keys,
        result: Since,
    ) -> None:
        _, root = derived.roots[0]
        value = self._compared.value(root)
        known = [old_keys.numbers(self._connection, prepared, root, value) for prepared in rules]
        array_of = self._compared.names.__getitem__
        there = {name: found[name].counted(COUNTS, dict(derived.counts).get(name, 0)) for name in derived.tables}
        proof = self._sample(there[root.table].rows.arrays[array_of(root)])
        most = {name: int(max(_FEW, _SHARE * found[name].count)) for name in derived.tables}
        try:
            what = asked(derived, there, array_of, np.concatenate(known), proof, most, self._pairs)
        except TooManyError as error:
            count, name = found[error.table].count, error.table.relation
            reason = f"more than a fifth of the {count:,} rows of {name} would have to be read again"
            result.in_full |= dict.fromkeys((prepared.rule.id for prepared in rules), reason)
            return
        restricted = tuple(
            RestrictedTable(
                name.relation,
                self._compared.tables[name].name,
                self._compared.tables[name].id.sql,
                self._compared.tables[name].id_type,
                listed(rows),
            )
            for name, rows in what.rows.items()
        )
        column = f"{ROW}.{quoted(root.column)}"
        restriction = Restriction(
            restricted,
            # another part of a union may have NULL for its key
            f"coalesce(({column})::int8, {NULL})" if value.is_integer else value.sql,
            column,
            listed(what.keys),
            listed(what.open),
            tuple(
                (prepared.rule.id, listed(keys))
                for prepared, keys in zip(rules, known, strict=True)
                if self._judges_rows(prepared, value)
            ),
            tuple(self._related_rows(rules, value, found, what.keys)),
            derived.repeats,
        )
        result.restrictions |= dict.fromkeys((prepared.rule.id for prepared in rules), restriction)
        if len(proof):
            proof = proof[~among(proof, what.changed)]
            for prepared, keys in zip(rules, known, strict=True):
                result.proofs[prepared.rule.id] = Proof(root, value, proof, np.intersect1d(keys, proof))

    def _sample(self, keys: Numbers) -> Numbers:
        """Choose the keys that are judged although nothing has changed for them."""
        all_keys = different(keys) if self._verified else keys[:0]
        return all_keys[np.random.default_rng().random(len(all_keys)) < self._verified]

    def verify(self, store: Callable[[str], Path | None], since: Since) -> int:
        """Compare the verdicts on the sample with those of the earlier audit; return how many were compared.

        `store` gives the file of a rule's keys. Raises RunError if any differ.
        """
        return verify(self._connection, self._rules, since.proofs, store)

    def _related_rows(
        self, rules: Iterable[PreparedRule], value: Value, found: Mapping[RelationName, Changes], keys: Numbers
    ) -> Iterator[tuple[int, RestrictedTable]]:
        """Yield the rows that the impacts of rules add up, of the tables whose rows are known by the key."""
        related = {rows.name: rows for rows in map(self._related, rules) if rows is not None}
        for rows in related.values():
            name = RelationName("", rows.relation.name)
            array = f"{ROW}.{quoted(rows.related.by)}"
            table, known = self._compared.tables.get(name), self._compared.values.get(name, {}).get(array)
            if (
                name in found
                and table is not None
                and table.relation == rows.relation
                and known
                and known.kind == value.kind
            ):
                bit = self._compared.counting.bit(name, rows.read_set.filters)
                there = found[name].counted(COUNTS, bit).rows.arrays
                ids = there[ID][among(there[array], keys)]
                restricted = RestrictedTable(
                    f"rows of {rows.relation.oid}", table.name, table.id.sql, table.id_type, listed(ids)
                )
                yield rows.relation.oid, restricted

    def _judges_rows(self, prepared: PreparedRule, value: Value) -> bool:
        """Whether a rule judges each row of a table, which the key names, by itself."""
        clauses, table = prepared.query.clauses, self._compared.tables[prepared.query.relations[0]]
        local = clauses.row_local if clauses else None
        return local is not None and local.single and value == table.id and len(prepared.rule.key) == 1

    def shown(self, schema: str) -> dict[str, str]:
        """Return how results call the tables, by their names as SQL."""
        return {table.name: table.relation.shown(schema) for table in self._compared.tables.values()}

    def keep(self, folder: Path, run: str, since: Since, wait: Callable[[str], object]) -> bool:
        """Write the state for the next audit into a new folder; return whether this role may read all that it takes.

        `wait` waits until a rule is judged.
        """
        if self._facts is None:
            return False
        state = {**self._facts, "run": run}
        beside = partial(self._beside.pairs, wait=wait)
        keep(self._connection, folder, state, self._compared, self._rules, since.found, self._old, self._pairs, beside)
        return True
