"""The result of an audit, for programs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from order_audit.errors import DocumentError

if TYPE_CHECKING:
    import pandas

    from order_audit.reports.document import Document


class Violations(dict[str, int]):
    """The violations of each failed rule, by the rule's id. Called, it gives each violating key."""

    def __init__(self, result: Result) -> None:
        """Count those of a result."""
        super().__init__(
            {it["rule"]: it["violations"] for it in result.document["results"] if it["status"] == "failed"}
        )
        self._result = result

    def __call__(self) -> pandas.DataFrame:
        """Return a row for each violating key, with its rule's severity, table and title.

        Raises DocumentError where the result has no violations.csv.
        """
        import pandas

        names = ["rule", "severity", "table", "title"]
        rows = [{name: it[name] for name in names} for it in self._result.document["results"]]
        about = pandas.DataFrame(rows, columns=names)
        return self._result.keys().merge(about, on="rule", how="left", validate="many_to_one")


@dataclass(frozen=True)
class Result:
    """The result of an audit: its document (see `order-audit run --json-schema`), and the folder of its files.

    `folder` is None where no files were kept.
    """

    document: dict[str, Any]
    folder: Path | None = None

    def __repr__(self) -> str:
        """Return one line: a notebook keeps this text beside the HTML, and a debugger shows it."""
        database = self.document["run"]["database"]
        verdict = "passed" if self.passed else "failed"
        return f"<Result of {database['name']!r}, schema {database['schema']!r}: {verdict}, folder {self.folder}>"

    @classmethod
    def read(cls, path: str | Path) -> Result:
        """Read a results.json. Raises DocumentError where it is none."""
        from order_audit.reports import results_file

        audit = results_file.read(Path(path))
        return result(audit.document, audit.folder)

    @property
    def passed(self) -> bool:
        """Whether the gate passed."""
        return bool(self.document["summary"]["gate"]["passed"])

    @property
    def reasons(self) -> list[str]:
        """Why the gate failed, a sentence each; empty where it passed."""
        return list(self.document["summary"]["gate"]["reasons"])

    @property
    def violations(self) -> Violations:
        """Violations of each failed rule, by the rule's id; `violations()` is a data frame with each of them."""
        return Violations(self)

    @property
    def errors(self) -> dict[str, str]:
        """Why rules could not be judged, by the rule's id."""
        return {it["rule"]: it["error"] for it in self.document["results"] if it["status"] == "errored"}

    def frame(self) -> pandas.DataFrame:
        """Return the results as a pandas DataFrame: a row per rule, by its id, with a column per impact measure."""
        import pandas

        columns = ["severity", "status", "table", "checked", "violations", "duration_ms"]
        rows = [
            {"rule": it["rule"]} | {name: it[name] for name in columns} | (it["impact"] or {})
            for it in self.document["results"]
        ]
        return pandas.DataFrame(
            rows, columns=[*dict.fromkeys(["rule", *columns, *(key for row in rows for key in row)])]
        ).set_index("rule")

    def findings(self) -> pandas.DataFrame:
        """Return all findings as a pandas DataFrame, the worst first: of rules, of the schema, of suppressions."""
        import pandas

        from order_audit.reports.findings import Finding, findings

        names = [
            "kind",
            "rule",
            "severity",
            "object",
            "message",
            "state",
            "suppressed",
            "fails",
            "count",
            "owner",
            "since",
        ]

        def row(it: Finding) -> dict[str, Any]:
            place = {"file": it.place.file, "line": it.place.line} if it.place else {}
            return {name: getattr(it, name) for name in names} | place | {"fingerprint": it.fingerprint}

        columns = [*names, "file", "line", "fingerprint"]
        found = pandas.DataFrame([row(it) for it in findings(self._typed())], columns=columns)
        return found.astype({"line": "Int64"})

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from order_audit.reports.notebook import notebook

        return notebook(self._typed())

    def _typed(self) -> Document:
        from order_audit.reports.document import Document, decode

        return decode(Document, self.document)

    def keys(self) -> pandas.DataFrame:
        """Return every violating key as a pandas DataFrame with the columns rule and key.

        Reads violations.csv. Raises DocumentError where the result has none.
        """
        import pandas

        if self.folder is None or not self.document["violations"]:
            raise DocumentError("the result has no violations.csv: run with `out` and the format 'violations'")
        # keys are texts: 007 is not 7, and NA is no missing value
        return pandas.read_csv(self.folder / self.document["violations"]["file"], dtype=str, keep_default_na=False)


def result(document: Document, folder: Path | None) -> Result:
    """Return the result of a document, and of the folder with its files."""
    from order_audit.reports.document import encode

    return Result(encode(document), folder)


def compare(before: Result | str | Path, after: Result | str | Path) -> dict[str, Any]:
    """Compare two audits: violations resolved, remaining and new, by rule, and by key where both have violations.csv.

    Each is a Result or the path of a results.json. Raises DocumentError where a file is no result.
    """
    from order_audit.reports import compare as comparing
    from order_audit.reports import results_file
    from order_audit.reports.document import Document, decode, encode

    def audit(given: Result | str | Path) -> results_file.Audit:
        if not isinstance(given, Result):
            return results_file.read(Path(given))
        document = given.document if given.folder is not None else given.document | {"violations": None}
        return results_file.Audit(decode(Document, document), given.folder or Path())

    comparison: dict[str, Any] = encode(comparing.compare(audit(before), audit(after)))
    return comparison
