"""Write a suite's folder: rule files by area, configuration, a README and a CI job, all of them or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from order_audit import search_path
from order_audit.audit.init.candidate import KINDS
from order_audit.audit.init.rule_files import RuleFile
from order_audit.errors import UsageError
from order_audit.reports.atomic_files import scratch
from order_audit.reports.formatting import plural

#: The folders of the rules, and of fixes and guards, which `init` only names.
RULES: Final = "rules"
FIXES: Final = "fixes"
GUARDS: Final = "guards"
#: The folder of a run's files.
OUT: Final = "audit-out"
CONFIGURATION: Final = "order-audit.toml"
_CI: Final = "github-workflow.yml"


def check(target: Path, *, overwrite: bool) -> None:
    """Raise UsageError if the folder cannot be made, or has files in it and `overwrite` is not set."""
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file: name a folder")
    if target.is_dir() and any(target.iterdir()) and not overwrite:
        raise UsageError(
            f"{target} is not empty: name a new folder, or give --overwrite, which replaces files of the same names"
        )


def write(target: Path, files: Sequence[RuleFile], schema: str) -> None:
    """Write all files. A new folder appears whole; in an existing one, files are replaced one by one.

    Raises UsageError if the folder is not writable.
    """
    texts = {f"{RULES}/{file.area}/{file.name}.sql": file.text for file in files}
    texts |= {CONFIGURATION: _configuration(schema), "README.md": _readme(files), _CI: _job(target.resolve().name)}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch(target.parent, f".{target.name}-") as folder:
            draft = folder / "draft"
            _write(draft, texts)
            if target.exists() and any(target.iterdir()):
                for name in texts:
                    (target / name).parent.mkdir(parents=True, exist_ok=True)
                    (draft / name).replace(target / name)
            else:
                draft.replace(target)
    except OSError as error:
        raise UsageError(f"cannot write to {error.filename or target}: {error.strerror}") from None


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _configuration(schema: str) -> str:
    schemas = search_path.names(schema)
    lines = ["# Read by order-audit in this folder and below it. Options of the command line come first."]
    lines += [f'suites = ["{RULES}"]']
    lines += [f"schema = [{', '.join(map(_toml, schemas))}]"] if schemas else []
    lines += [
        "# Folders of your own fixes and guards, once you have them:",
        f'# fixes = "{FIXES}"',
        f'# guards = "{GUARDS}"',
    ]
    lines += ["", "[output]", f'out = "{OUT}"', "", "[gate]"]
    lines += ['# The severity from which on a failed rule fails the job: "critical", "warning" or "info".']
    return "\n".join([*lines, 'fail_on = "critical"', ""])


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _readme(files: Sequence[RuleFile]) -> str:
    kinds = Counter((file.first.kind, file.first.severity) for file in files)
    order = list(KINDS)
    rows = "\n".join(
        f"| {KINDS[kind][1]} | {severity} | {count} |"
        for (kind, severity), count in sorted(kinds.items(), key=lambda it: (order.index(it[0][0]), it[0][1]))
    )
    return f"""# Data quality rules

`order-audit init` proposed these {plural(len(files), "rule")} from the catalog and the data.
On the day that its header names, each held, or few rows broke it: the header counts them. They are yours: read them,
keep what must be true, and delete the rest.

## Run them

```console
$ order-audit run
```

Run it in this folder: `{CONFIGURATION}` has the options. Set `DATABASE_URL` or the `PG*` variables, or add `--dsn`.
The report is `{OUT}/report.html`. `{_CI}` is a job for GitHub Actions; copy it to `.github/workflows/`.

## Change them

A rule is one file in `{RULES}`: a header, and a query that returns the rows that break it. The name of its
folder is its area.

- **Delete** a file if its rule is true only by chance. Nothing else refers to it.
- **Edit** the query as you would in psql, for example to add a value to a list. The lines `-- Proposed` and `-- *` are
  remarks: delete them once the rule is yours.
- **Change `severity`** to `critical` if a violation must stop a release. `critical` rules fail the gate.
- **Accept rows** that break a rule and cannot be repaired: add a line `-- tolerate: 20 rows` or `-- tolerate: 0.1 %` to
  its header, with as many as there are today. Then the rule fails only if there are more. Or accept them by their keys,
  in `[[suppress]]` of `{CONFIGURATION}`. Delete a line `tolerate` to fail on each exception.
- **Add** a rule: a new file with `title`, `severity`, `key` and a query.

| rule | severity | files |
| --- | --- | ---: |
{rows}
"""


def _job(name: str) -> str:
    return f"""# A job for GitHub Actions: copy it to .github/workflows/data-quality.yml.
name: data quality
on:
  schedule:
    - cron: "0 5 * * *"
  workflow_dispatch:
jobs:
  audit:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install ./order-audit  # a checkout or a wheel
      - run: order-audit run
        working-directory: {name}
        env:
          DATABASE_URL: ${{{{ secrets.AUDIT_DATABASE_URL }}}}
      - if: always()
        run: cat {name}/{OUT}/summary.md >> "$GITHUB_STEP_SUMMARY"
      - if: always()
        uses: actions/upload-artifact@v4
        with:
          name: audit
          path: {name}/{OUT}
"""
