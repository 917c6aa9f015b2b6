"""The profile of the tables that rules read, beside their scans where that is allowed."""

from __future__ import annotations

from order_audit import search_path
from order_audit.audit.database import catalog
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.options import Options
from order_audit.audit.scans.engine import Scans
from order_audit.reports.document import JsonObject


def profile_beside(snapshot: Snapshot, relations: list[catalog.Relation], scans: Scans, options: Options) -> JsonObject:
    """Return the profile if it may be made while rules are judged: low impact is one statement at a time."""
    return profiled(snapshot, relations, scans, options) if options.profile and not options.gentle else {}


def profiled(snapshot: Snapshot, relations: list[catalog.Relation], scans: Scans, options: Options) -> JsonObject:
    """Return the profile, made on the snapshot's first connection; an empty one after an interruption."""
    from order_audit.audit.profiling.profile import profile
    from order_audit.audit.profiling.sample import LARGE

    return profile(
        snapshot.connection,
        relations,
        sample=options.sample,
        large=None if options.exact else LARGE,
        unmask=options.unmask,
        home=search_path.home(options.schema),
        on_progress=options.start_progress("profiling tables"),
        stopped=lambda: scans.interrupted,
    )
