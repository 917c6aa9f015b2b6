"""The sixteen rules in Soda Core 4, a contract per data set, in one process: `run.py DATA_SOURCE OUT CONTRACT...`."""

import json
import logging
import sys
from pathlib import Path

from soda_core.contracts.api.verify_api import verify_contract_locally  # type: ignore[import-not-found]


def main(data_source: str, out: Path, *contracts: str) -> None:
    """Verify, and write the counts."""
    logging.disable(logging.INFO)
    counts = {}
    for contract in contracts:
        result = verify_contract_locally(data_source_file_path=data_source, contract_file_path=contract)
        for verified in result.contract_verification_results:
            for check in verified.check_results:
                values = check.diagnostic_metric_values or {}
                # a check that failed to run has none
                for name in ("failed_rows_count", "invalid_count", "row_count"):
                    if name in values:
                        counts[check.check.name] = int(values[name])
                        break
    out.write_text(json.dumps(counts), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
