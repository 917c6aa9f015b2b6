"""Test a data contract with datacontract-cli: `run.py CONTRACT OUT`, with the tool's own interpreter."""

import json
import re
import sys
from pathlib import Path
from typing import Any

from datacontract.data_contract import DataContract  # type: ignore[import-not-found]


def main(contract: str, out: Path) -> None:
    """Write the verdict and the number of each check, by its key."""
    found: dict[str, Any] = {}
    columns: dict[str, dict[str, set[str]]] = {}
    run = DataContract(data_contract_file=contract).test()
    named = dict(re.findall(r"- id: (\S+)\n +name: (\S+)", Path(contract).read_text(encoding="utf-8")))
    for it in run.checks:
        if it.type in ("field_is_present", "field_type", "field_physical_type"):
            # one rule for a table here: the columns with a fault
            columns.setdefault(str(it.model), {}).setdefault(str(it.field), set()).add(
                str(it.result and it.result.value)
            )
            continue
        diagnostics = it.diagnostics or {}
        number = diagnostics.get("percent", diagnostics.get("value"))
        table, *between, last = (it.key or it.name).split("__")
        last = re.sub("^(field|model|servicelevel)_", "", last)
        # the rules of an exported contract have names
        name = named.get(it.qualityId) or f"{table}.{'_'.join([*between[:1], last])}".lower()
        found[name] = {"verdict": str(it.result and it.result.value), "number": number}
    for table, fields in columns.items():
        wrong = sum(results != {"passed"} for results in fields.values())
        found[f"{table}.columns".lower()] = {"verdict": "failed" if wrong else "passed", "number": wrong}
    out.write_text(json.dumps(found, default=float), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
