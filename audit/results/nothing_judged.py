"""What is said where no rule could be judged."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg

from order_audit import search_path, session
from order_audit.audit.scans.outcome import Outcome
from order_audit.expectations import shipped
from order_audit.reports.document import Database, Result


def other_schema(connection: psycopg.Connection, outcomes: Iterable[Outcome]) -> str:
    """Return a schema of this database that has all tables, without a schema of their own, that skipped rules lack."""
    missing = {name for outcome in outcomes if outcome.status == "skipped" for name in outcome.missing}
    if not missing or any(" " in name or "." in name for name in missing):
        return ""
    found = session.scalar(
        connection,
        "select n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relname = any(%(names)s) and c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_'"
        " group by n.nspname having count(*) = cardinality(%(names)s) order by n.nspname limit 1",
        {"names": sorted(missing)},
    )
    return found or ""


def first_word(outcomes: Iterable[Outcome]) -> str:
    """Return, before lint and profile, that all wanted rules lack tables, and which; empty if it is not so."""
    wanted = [it for it in outcomes if it.status not in ("not_selected", "not_checkable")]
    missing = sorted({name for it in wanted if it.cause is not None for name in it.cause.tables})
    if not missing or any(it.status != "skipped" for it in wanted):
        return ""
    return f"no rule can be judged: no table {', '.join(missing)}; what can be done is the schema lint and the profile"


def message(results: Sequence[Result], database: Database, suites: Sequence[str], elsewhere: str, out: Path) -> str:
    """Return why no rule could be judged, and what to do next."""
    schemas = f", schema{'s' * bool(database.further_schemas)} {', '.join(database.schemas)}"
    where = f"database {database.name}" + schemas * bool(database.schema)
    errors = dict.fromkeys(it.error for it in results if it.error)
    missing = sorted({name for it in results for name in it.missing_tables})
    reasons = dict.fromkeys(it.reason for it in results if it.status == "skipped")
    why = next(iter(errors or reasons)) if errors or not missing else f"no table {', '.join(missing)}"
    if errors:
        denied = re.match(r"permission denied for (schema|table) (\S+)", why)
        right = {"schema": "usage on schema", "table": "select on"}[denied[1]] if denied else ""
        hint = f"grant {right} {denied[2]} to {database.user}" if denied else "grant the role what it lacks"
    elif elsewhere:
        hint = f"schema {elsewhere} has tables of these names: --schema {shlex.quote(search_path.text([elsewhere]))}"
    elif ours := [suite for suite in suites if suite in shipped()]:
        about = sorted({name for it in results if it.suite in ours for name in it.missing_tables})
        why = f"the suite '{ours[0]}' is about tables that are not there: {', '.join(about)}" if about else why
        hint = "rules of your own: --suite FOLDER; no rules: --suite none"
    else:
        hint = "correct the names in the rules, or name the schema of the tables with --schema"
    return f"no rule can be judged in {where}: {why}. {hint[0].upper()}{hint[1:]}. All else is in {out}"
