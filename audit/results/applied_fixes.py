"""The fixes that were applied to the audited database, by its undo log."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from order_audit.audit import mask
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.options import Options
from order_audit.fixes.engine.status import status
from order_audit.reports.document import Fixes, decode


def applied_fixes(snapshot: Snapshot, options: Options) -> Fixes | None:
    """Return the applied fixes; None if there are none, or if this role may not read the undo log."""
    try:
        with snapshot.connection.transaction():
            applied = status(snapshot.connection)
    except psycopg.Error:
        return None
    if applied is None:
        return None
    if not options.unmask:
        rejected = (replace(it, keys=tuple(mask.key(key, it.columns) for key in it.keys)) for it in applied.rejected)
        applied = replace(applied, rejected=tuple(rejected))
    return decode(Fixes, applied.document())
