"""Where the fix of a rule stands."""

from __future__ import annotations

from pathlib import Path

from order_audit.expectations import Rule


def fix_paths(rule: Rule, home: Path) -> list[Path]:
    """The paths that a rule's fix may have below a folder: by its id, or by the folders of a rule named by its file."""
    below = Path(*(rule.base or rule.id).split("."))
    paths = [home / below.parent / f"{below.name}.sql"]
    if rule.suite == rule.path:
        names = Path(rule.path).parts
        paths += [home.joinpath(*names[first:]) for first in range(len(names)) if not Path(names[first]).is_absolute()]
    return paths
