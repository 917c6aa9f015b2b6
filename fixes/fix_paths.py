"""Where the fix of a rule stands."""

from __future__ import annotations

from pathlib import Path

from order_audit.expectations import Rule


def fix_path(rule: Rule, home: Path) -> Path | None:
    """The file of a rule's fix below a folder, if any: by its id, or by the folders of a rule named by its file."""
    below = Path(*(rule.base or rule.id).split("."))
    paths = [home / below.parent / f"{below.name}.sql"]
    if rule.suite == rule.path:
        names = Path(rule.path).parts
        paths += [home.joinpath(*names[first:]) for first in range(len(names)) if not Path(names[first]).is_absolute()]
    return next((path for path in paths if path.is_file()), None)
