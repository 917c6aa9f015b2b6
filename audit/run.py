"""The audit: from suites and a database to a folder of results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis import reach
from order_audit.audit.formats import FORMATS
from order_audit.audit.results import ddl_files, nothing_judged
from order_audit.audit.results.assemble import assemble
from order_audit.audit.results.collect import collect
from order_audit.audit.results.collect_lake import collect_lake, refuse_options
from order_audit.audit.results.options import Options
from order_audit.audit.results.own_folder import ROWS, STATE
from order_audit.audit.results.selection import selected
from order_audit.audit.secret_numbers import SecretNumbers
from order_audit.errors import RunError, UsageError
from order_audit.expectations import SuiteError
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.own_guards import own_guards
from order_audit.reports import atomic_files, results_file
from order_audit.reports.document import Database, Document
from order_audit.reports.writers import Asked
from order_audit.standby import retried

if TYPE_CHECKING:
    from order_audit.reports.history.kept import Kept


@retried
def run(dsn: str, out: Path, options: Options) -> Document:
    """Audit a database and write the files; return the result document.

    Raises SuiteError, UsageError and DocumentError for wrong use. Raises RunError if no rule could be judged, after the
    files are written: they have lint and profile.
    """
    if options.fail_on_schema != "never" and not options.lint:
        raise UsageError("--fail-on-schema asks for the schema lint, which --no-lint leaves out: drop one of the two")
    if options.fail_on_anomaly != "never" and options.history is None:
        raise UsageError("--fail-on-anomaly needs the runs of a history: add --history")
    refuse_options(options)
    writers = {name: FORMATS[name] for name in options.formats}
    if "summary" in writers and "html" not in writers:
        raise UsageError("--format summary has links into report.html: add html")
    if "csv-safe" in writers and "violations" not in writers:
        raise UsageError("--csv-safe is made of violations.csv: add violations to --format")
    if (options.full or options.verify_since) and options.since is None:
        raise UsageError(f"{'--full' if options.full else '--verify-since'} belongs to --since: name an earlier audit")
    if options.state and "violations" not in options.formats:
        raise UsageError("--state and --since need violations.csv: add violations to --format")
    for writer in writers.values():
        writer.check(out)
    if options.rows:
        ROWS.check(out)
    if options.state or options.since:
        STATE.check(out)
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out: {out} is a file; name a folder")
    _keep_apart(out, options)
    selection = selected(options)
    # a wrong file is an error before the database is read
    repairs = fixes(selection.suite.rules, options.fixes)
    guards = own_guards(options.guards, selection.suite.rules)
    if not options.trusted:
        reach.refuse_fixes(repairs.values(), guards.values())
    ddl = ddl_files.read(options.ddl)
    baseline = results_file.baseline(options.baseline) if options.baseline else None
    last = results_file.read(options.since) if options.since else None
    with _history(options) as kept, _writing(out):
        with atomic_files.draft(out) as folder:
            try:
                check = _check(options, baseline)
                if options.engine == "postgresql":
                    collected = collect(dsn, folder, selection, options, check, last)
                else:
                    collected = collect_lake(dsn, folder, selection, options, check)
            except psycopg.Error as error:
                raise RunError(f"the server refused a statement: {mask.error(error)}") from None
            numbers = SecretNumbers()
            document = numbers.of(assemble(collected, options, folder, baseline, ddl, kept))
            asked = Asked(tuple(collected.suite.rules), options.schema, options.examples)
            others = [writer for name, writer in FORMATS.items() if name not in writers]
            for writer in others:
                writer.remove(folder)
            for writer in writers.values():
                writer.write(document, folder, out, asked)
            ROWS.remove(out)
            if options.rows:
                numbers.in_files(folder / ROWS.name)
                ROWS.place(folder / ROWS.name, out)
            STATE.remove(out)
            if (folder / STATE.name).is_dir() and document.run.complete:
                STATE.place(folder / STATE.name, out)
        # files of an earlier run could be mistaken for those of this one
        for writer in others:
            writer.remove(out)
        if kept:
            kept.add(document)
    if any(it.kind == "nothing_judged" for it in document.summary.gate.failures):
        raise RunError(
            nothing_judged.message(document.results, document.run.database, options.suites, collected.elsewhere, out)
        )
    return document


@contextmanager
def _history(options: Options) -> Iterator[Kept | None]:
    """Provide the open history, if one is asked for. Raises UsageError if the file is none."""
    if options.history is None:
        yield None
        return
    from order_audit.reports.history.kept import Kept

    kept = Kept(options.history, options.on_warning)
    try:
        yield kept
    finally:
        kept.close()


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Raise UsageError in place of an OSError of the files of a run."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename or out}: {error.strerror}") from None


def _keep_apart(out: Path, options: Options) -> None:
    """Raise UsageError if `out` has files of the suite, or of fixes or guards, which are not to mix with results; or
    the key file, which is not to go with them.
    """
    place = out.resolve()
    if options.key_file is not None and place in options.key_file.resolve().parents:
        raise UsageError(f"--key-file: {options.key_file} is in {out}, the folder of the results: name another place")
    for folder in (*map(Path, options.suites), options.fixes, options.guards):
        if folder is not None and folder.is_dir():
            root = folder.resolve()
            if place == root or (root in place.parents and any(place.glob("*.sql"))):
                raise UsageError(f"--out: {out} has the files of {folder}; name another folder for the results")


def _check(options: Options, baseline: results_file.Audit | None) -> Callable[[Database, Iterable[str]], None]:
    """Return a check that raises UsageError if the baseline is of another database or suite."""

    def check(database: Database, tables: Iterable[str]) -> None:
        if baseline is None or options.different:
            return
        from order_audit.reports import compare  # not needed otherwise

        why = compare.differ_runs(baseline.document.run, database.name, database.schema, options.suites, sorted(tables))
        if why:
            raise UsageError(
                f"--baseline {options.baseline} cannot be compared: {why}; --different compares them anyway"
            )

    return check


__all__ = ["Options", "SuiteError", "run"]
