"""The command line. Imports are inside the commands, so that `--help` is fast."""

from __future__ import annotations

import copy
import functools
import gc
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from order_audit.audit.cli import signals, streams
from order_audit.audit.cli.check import check
from order_audit.audit.cli.commands import Commands
from order_audit.audit.cli.config import config
from order_audit.audit.cli.configured import Configured
from order_audit.audit.cli.fixes import fixes_app
from order_audit.audit.cli.gx import gx_app
from order_audit.audit.cli.history import history_app, trend
from order_audit.audit.cli.init import init
from order_audit.audit.cli.interop import export, import_file
from order_audit.audit.cli.lint import lint
from order_audit.audit.cli.migrate import migrate_app
from order_audit.audit.cli.options import Quiet, say
from order_audit.audit.cli.output import cleaned
from order_audit.audit.cli.profile import profile
from order_audit.audit.cli.results import compare_audits, report
from order_audit.audit.cli.rules import rules
from order_audit.audit.cli.run import run
from order_audit.audit.cli.scenario import scenario_app
from order_audit.audit.cli.send import send
from order_audit.errors import OrderAuditError

#: The exit code of a command that a signal ended.
_INTERRUPTED: Final = 130
#: The variable by which a shell asks for a script, or for words that may follow.
_COMPLETE: Final = "_ORDER_AUDIT_COMPLETE"

app = Commands(
    name="order-audit",
    help="Audit a PostgreSQL database: rules as SQL, one read-only snapshot, exact evidence, a verdict for CI.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(scenario_app, name="scenario")
app.add_typer(fixes_app, name="fixes")
app.add_typer(migrate_app, name="migrate")
app.add_typer(gx_app, name="gx")
app.add_typer(history_app, name="history")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"order-audit {version('order-audit')}")
        raise typer.Exit


@app.callback()
def shared(
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show a traceback when something fails. Works after any command too."),
    ] = False,
    print_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Declare the options of all commands; `main` reads --debug itself, before anything can fail."""


@app.command("version")
def version_command() -> None:
    """Print the version."""
    _version(True)


for command in (init, run, lint, profile, rules, check, config, trend):
    app.command(cls=Configured)(command)
app.command()(report)
app.command()(send)
app.command("compare")(compare_audits)
app.command("import")(import_file)
app.command()(export)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("order-audit-demo"),
    quiet: Quiet = False,
) -> None:
    """Run an example on an embedded server: sample data, labelled issues, audits, fixes, comparison.

    Example: order-audit demo --out demo
    """
    from order_audit.audit.cli import demo as example

    say(example.demo(out, quiet=quiet))


def main() -> None:
    """Run the command line. An error prints one line on stderr and sets the exit code of its kind."""
    words = sys.argv[1:]
    signals.install()
    with streams.output() as output:
        with cleaned():
            code = _run([word for word in words if word != "--debug"], debug="--debug" in words)
        gc.freeze()  # Python would look through all of it once more
        sys.exit(output.exit_code(code))


def _run(words: list[str], *, debug: bool) -> int:
    """Run the command line, say what failed, and return the exit code."""
    try:
        code = _command_line(words[0] if words else "")(args=words, prog_name="order-audit", standalone_mode=False)
    except KeyboardInterrupt:
        return _fail("interrupted", _INTERRUPTED, debug)
    except Exception as error:  # every error gets one line
        if type(error).__name__ == "NoArgsIsHelpError":  # without a command, the message is the help
            print(getattr(error, "message", ""), file=sys.stderr)
            return 2
        return _fail(*_message(error), debug)
    if code == _INTERRUPTED:  # typer has made an exit code of KeyboardInterrupt, without a word
        return _fail("interrupted", _INTERRUPTED, debug=False)
    return code if isinstance(code, int) else 0


@functools.cache
def _command_line(word: str) -> Callable[..., object]:
    """Build the command or the group of this name, or all if there is none; once a process.

    typer reads the signature of each command that it builds, for 25 ms in all. `config` shows options of the others.
    """
    if os.environ.get(_COMPLETE):
        from typer.completion import get_completion_inspect_parameters

        get_completion_inspect_parameters()  # makes the shells known
        return typer.main.get_command(app)
    if word == config.__name__:
        return typer.main.get_command(app)
    one = copy.copy(app)
    one.registered_commands = [it for it in app.registered_commands if word in (it.name, _own_name(it.callback))]
    one.registered_groups = [it for it in app.registered_groups if it.name == word]
    return typer.main.get_command(one if one.registered_commands or one.registered_groups else app)


def _own_name(function: Callable[..., object] | None) -> str:
    return function.__name__ if function is not None else ""


def _message(error: Exception) -> tuple[str, int]:
    if isinstance(error, OrderAuditError):
        return str(error), error.exit_code
    if hasattr(error, "format_message"):  # typer's error: a wrong option or argument
        context = getattr(error, "ctx", None)
        text = error.format_message().replace("Value error, ", "").rstrip(".")
        text = re.sub(r"[.\s]*\(?Did you mean (.*\?)\)?$", r" (did you mean \1)", text)
        return f"{text}; see '{context.command_path if context else 'order-audit'} --help'", 2
    if type(error).__name__ == "Abort":
        return "interrupted", _INTERRUPTED
    import psycopg

    from order_audit.audit import mask

    message = mask.error(error) if isinstance(error, psycopg.Error) else f"{type(error).__name__}: {error}"
    return f"{message} (--debug shows where)", 3


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print("order-audit: " + " ".join(message.split()), file=sys.stderr)
    return code
