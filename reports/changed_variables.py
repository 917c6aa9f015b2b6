"""Variables of a rule whose values two audits had differently."""

from __future__ import annotations

from order_audit.reports.document import ChangedVariable, Result


def changed_variables(before: Result | None, after: Result | None) -> tuple[ChangedVariable, ...]:
    """Return the variables with another value than before, or without one; none if the rule is in one audit alone."""
    if before is None or after is None:
        return ()
    old, new = before.variables or {}, after.variables or {}
    return tuple(
        ChangedVariable(name, old.get(name), new.get(name))
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    )


def words(changed: tuple[ChangedVariable, ...]) -> str:
    """Return the values before and now; empty if none has changed."""
    if not changed:
        return ""
    named = (f"{it.name} = {_value(it.after)}, {_value(it.before)} before" for it in changed)
    return f"other values of variables: {'; '.join(named)}"


def _value(value: str | None) -> str:
    return "no value" if value is None else value
