"""Every error that a command may end with says its exit code."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import pytest

from order_audit.errors import DocumentError, OrderAuditError, RefusalError, RunError, UsageError
from order_audit.expectations import SuiteError
from order_audit.fixes.apply import ReviewError
from order_audit.fixes.emission.sqitch import EmitError
from order_audit.fixes.fix import FixError
from order_audit.fixes.guarding.guard_error import GuardError, HeldError
from order_audit.fixes.planning.decisions import DecisionError
from order_audit.scenario import NotEmptyError, NotUnicodeError
from order_audit.scenario.migrate.run import DifferentError

PACKAGE = Path(__file__).parents[2] / "order_audit"
#: Errors that one module raises and another of the program always catches.
INTERNAL = {
    "AnotherHistoryError",
    "CannotImportError",
    "FormatError",
    "JsonError",
    "LongRowError",
    "TooManyError",
    "Underivable",
    "UnexplainedError",
    "UnfitError",
    "UnreadableError",
    "NotSharedError",
    "NumberError",
}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (OrderAuditError, 3),
        (UsageError, 2),
        (SuiteError, 2),
        (DocumentError, 2),
        (DecisionError, 2),
        (ReviewError, 2),
        (FixError, 2),
        (EmitError, 2),
        (NotEmptyError, 2),
        (NotUnicodeError, 2),
        (RunError, 3),
        (RefusalError, 3),
        (GuardError, 3),
        (HeldError, 3),
        (DifferentError, 1),
    ],
)
def test_the_exit_code_of_an_error(error: type[OrderAuditError], code: int) -> None:
    assert issubclass(error, OrderAuditError)
    assert error.exit_code == code


def test_no_error_has_another_base() -> None:
    """One that has would end a command with a line that is for a fault of the program."""
    others = set()
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(_is_builtin_error(base) for base in node.bases):
                others.add(node.name)
    assert others == INTERNAL | {"OrderAuditError"}


def _modules() -> list[Path]:
    """The modules of the package, its folders being links in a checkout."""
    folders = [PACKAGE, *(path.resolve() for path in PACKAGE.iterdir() if path.is_symlink())]
    return [path for folder in folders for path in folder.glob("**/*.py")]


def _is_builtin_error(base: ast.expr) -> bool:
    found = getattr(builtins, base.id, None) if isinstance(base, ast.Name) else None
    return isinstance(found, type) and issubclass(found, BaseException)
