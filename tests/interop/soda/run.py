"""Verify contracts in Soda: `run.py OUT DATA_SOURCE CONTRACT...`, with the tool's own interpreter."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

from soda_core.contracts.api.verify_api import verify_contract_locally  # type: ignore[import-not-found]

VERDICTS = {"PASSED": "passed", "FAILED": "failed", "WARN": "warning"}


def main(out: Path, data_source: str, *contracts: str) -> None:
    """Write the verdict and the number of each check, by its name."""
    logging.disable(logging.INFO)
    found: dict[str, Any] = {}
    for contract in contracts:
        result = verify_contract_locally(data_source_file_path=data_source, contract_file_path=contract)
        for it in (it for verified in result.contract_verification_results for it in verified.check_results):
            verdict = VERDICTS.get(it.outcome.name, it.outcome.name.lower())
            number = None if "freshness" in it.check.type else it.threshold_value  # grows
            found[it.check.name] = {"verdict": verdict, "number": number}
    out.write_text(json.dumps(found, default=str), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
