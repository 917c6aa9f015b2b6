"""A Sqitch project as text: a plan, and for each change the files that deploy, revert and verify it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from order_audit.errors import OrderAuditError

PROJECT: Final = "order_audit"
FOLDERS: Final = ("deploy", "revert", "verify")
#: Constant, because it is part of a change's identity in Sqitch: equal decisions give equal changes.
_PLANNED: Final = "2026-01-01T00:00:00Z order-audit <order-audit@localhost>"
_NAME: Final = re.compile(r"[a-z0-9_](?:[\w.-]*[a-z0-9_])?", re.ASCII | re.IGNORECASE)
_CONF: Final = """[core]
\tengine = pg
[deploy]
\t# a failed change keeps the earlier ones; run deploy again to continue
\tmode = change
"""


class EmitError(OrderAuditError):
    """The project cannot be written; the message is one line."""

    exit_code = 2


@dataclass(frozen=True)
class Change:
    """One change: name, required changes, one-line description, and the texts of its three files."""

    name: str
    requires: tuple[str, ...]
    note: str
    deploy: str
    revert: str
    verify: str


def write(out: Path, changes: Sequence[Change], schema: str) -> None:
    """Write a project for the tables of a schema to a new or empty folder, or over an earlier project.

    Removes files of changes that are no longer in the plan. Raises EmitError if the folder has other content.
    """
    if unfit := next((change.name for change in changes if not _NAME.fullmatch(change.name)), None):
        raise EmitError(f"'{unfit}' cannot be the name of a change: Sqitch allows letters, digits, '_', '.' and '-'")
    plan = out / "sqitch.plan"
    try:
        ours = _is_ours(plan)
        if out.exists() and not ours and not (out.is_dir() and not any(out.iterdir())):
            raise EmitError(f"{out} has other content: name a folder that is new, empty, or written by this command")
        obsolete = (
            _named(plan.read_text(encoding="utf-8", errors="replace")) - {change.name for change in changes}
            if ours
            else ()
        )
        texts = {
            "sqitch.conf": _CONF,
            **{f"deploy/{change.name}.sql": _headed("Deploy", change, change.deploy) for change in changes},
            **{f"revert/{change.name}.sql": _headed("Revert", change, change.revert) for change in changes},
            **{f"verify/{change.name}.sql": _headed("Verify", change, change.verify) for change in changes},
            "sqitch.plan": _plan(changes, schema),
        }
        # first a plan without changes, at the end the whole plan: a partial project is recognised and cannot be
        # deployed
        out.mkdir(parents=True, exist_ok=True)
        plan.write_text(f"%syntax-version=1.0.0\n%project={PROJECT}\n", encoding="utf-8")
        for folder in FOLDERS:
            (out / folder).mkdir(parents=True, exist_ok=True)
            for name in obsolete:
                (out / folder / f"{name}.sql").unlink(missing_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise EmitError(f"cannot write {error.filename or out}: {error.strerror}") from None


def _is_ours(plan: Path) -> bool:
    return plan.is_file() and f"%project={PROJECT}" in plan.read_text(encoding="utf-8", errors="replace").splitlines()


def _named(plan: str) -> set[str]:
    """Return the names of the changes of a plan."""
    return {line.split()[0] for line in plan.splitlines() if line.strip() and line[0] not in "%#"}


def _plan(changes: Iterable[Change], schema: str) -> str:
    lines = [
        "%syntax-version=1.0.0",
        f"%project={PROJECT}",
        # a plan for another schema has another URI, so that Sqitch refuses to mix them
        f"%uri=urn:order-audit:{quote(schema, safe='')}",
        "",
        "# sqitch deploy db:pg://user@host/database",
        "# or, for each change from the first to the last: psql -v ON_ERROR_STOP=1 -f deploy/CHANGE.sql",
        "# All changes have one date, so that equal decisions give equal plans.",
        "",
    ]
    for change in changes:
        needs = f" [{' '.join(change.requires)}]" if change.requires else ""
        note = " ".join(change.note.replace("\\", "/").split())
        lines.append(f"{change.name}{needs} {_PLANNED} # {note}")
    return "\n".join(lines) + "\n"


def _headed(verb: str, change: Change, text: str) -> str:
    head = f"-- {verb} {PROJECT}:{change.name} to pg\n"
    if verb == "Deploy" and change.requires:
        head += f"-- requires: {', '.join(change.requires)}\n"
    return f"{head}\n{text.strip()}\n"
