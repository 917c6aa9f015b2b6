"""A rule and a fix of one's own, on the table parcels."""

from __future__ import annotations

from pathlib import Path

from order_audit.expectations import Rule, load
from order_audit.fixes.applied import Applied
from order_audit.fixes.fix import Fix, fixes


def own(folder: Path, rule: str, fix: str) -> tuple[tuple[Rule, ...], dict[str, Fix]]:
    """A rule on the table parcels by its query, and its fix by its steps."""
    for name, text in {
        "rules": f"-- title: Parcel is too heavy\n-- severity: warning\n-- key: id\n{rule}\n",
        "fixes": f"-- assumes: nothing\n-- leave: nothing\n\n{fix}\n",
    }.items():
        (folder / name / "parcels").mkdir(parents=True)
        (folder / name / "parcels" / "is_light.sql").write_text(text, encoding="utf-8")
    rules = load(str(folder / "rules")).rules
    return rules, fixes(rules, folder / "fixes")


LIGHTER = "-- automatic: cut\n-- update parcels by id:\nselect v.id, 100 as weight from violation as v;"


def changed(done: Applied) -> dict[str, int]:
    """Rows changed, by rule."""
    return {rule: became.changed for rule, _, became in done.done}
