"""What an audit knows from an earlier one, and the state that it keeps for later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.options import Options
from order_audit.audit.results.own_folder import STATE
from order_audit.audit.scans.beside import Beside
from order_audit.audit.scans.engine import Engine
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.restriction import Restriction
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.reports.document import Changed, Since
from order_audit.reports.results_file import Audit

if TYPE_CHECKING:
    from order_audit.audit.since.incremental import Incremental
    from order_audit.audit.since.incremental import Since as Found


class Known:
    """Nothing, unless a state is asked for, or an audit since an earlier one."""

    def __init__(
        self, snapshot: Snapshot, engine: Engine, rules: Iterable[PreparedRule], options: Options, last: Audit | None
    ) -> None:
        self.restrictions: Mapping[str, Restriction] = {}
        self.counts: Mapping[int, int] = {}
        self.beside: Mapping[str, Beside] = {}
        self._last = last
        self._incremental: Incremental | None = None
        self._found: Found | None = None
        self._verified = 0
        #: What was otherwise than asked; empty if nothing was.
        self.note = ""
        if not options.state and last is None:
            return
        # arrays take their time to be imported
        from order_audit.audit.since.incremental import Incremental

        self._incremental = Incremental(
            snapshot.connection, rules, options.schema, engine.related, float(options.verify_since or 0) / 100
        )
        why = "--full asks for it" if options.full else ""
        if snapshot.foreign:
            why = "other roles may create functions and operators in a schema of the search path"
        self._found = self._incremental.since(last, why)
        self.restrictions, self.counts = self._found.restrictions, self._found.counts
        self.beside = self._incremental.beside

    def write_state(self, folder: Path, run: str, wait: Callable[[str], object]) -> None:
        """Write the state into the folder of the files; `wait` waits until a rule is judged."""
        if (
            self._incremental is not None
            and self._found is not None
            and not self._incremental.keep(folder / STATE.name, run, self._found, wait)
        ):
            self.note = "no state was kept: this role may not call pg_control_system(), which identifies the server"

    def verify(self, store: ViolationStore) -> None:
        """Test verdicts that were taken over. Raises RunError if one is wrong."""
        if self._incremental is not None and self._found is not None:
            self._verified = self._incremental.verify(store.file, self._found)

    def document(self, outcomes: Mapping[str, Outcome], schema: str) -> Since | None:
        """Return what the earlier audit has spared; tables outside of `schema` are named with their schema."""
        if self._last is None or self._found is None or self._incremental is None:
            return None
        shown = self._incremental.shown(schema)
        found = self._found
        refused = (rule for rule in self.restrictions if not outcomes[rule].of_changes)
        in_full = found.in_full | dict.fromkeys(refused, "its query cannot be restricted to some rows")
        return Since(
            run=found.run,
            started_at=self._last.document.run.started_at,
            whole=found.whole or None,
            changed={shown[name]: Changed(*changes.kinds) for name, changes in sorted(found.found.items())},
            in_full={} if found.whole else dict(sorted(in_full.items())),
            verified=self._verified,
        )
