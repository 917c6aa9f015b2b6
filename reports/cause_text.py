"""The reason why a rule was not judged, as text."""

from __future__ import annotations

from collections.abc import Sequence

from order_audit.reports.document import Cause


def reason(cause: Cause, requires: Sequence[str] = (), without: str = "") -> str:
    """Return the reason without a full stop; `requires` and `without` are the rule's header fields."""
    match cause.kind:
        case "interrupted":
            return "interrupted before it was judged"
        case "no_instances":
            return "for_each gives no value"
        case "missing_tables":
            return f"no table {', '.join(cause.tables)}"
        case "engine":
            return f"not checkable on {cause.engine}: {', '.join(cause.lacks)}"
        case "missing_column":
            missing = f"{', '.join(cause.tables)} has no column {cause.column}"
        case "encoding":
            missing = f"the database's encoding is {cause.encoding}"
    requirement = f"; requires {', '.join(requires)}" if requires else ""
    return f"{without or missing}{requirement}"
