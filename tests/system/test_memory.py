"""The client's memory does not grow with the number of violations."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import psycopg

from order_audit.audit.database.server import Server
from tests.support import servers

ROOT: Final = Path(__file__).parents[2]
#: Runs the program and says, when it ends, how much memory it had at most.
MEASURED: Final = """
import resource, sys
from pathlib import Path
from order_audit.audit.cli.app import main
try:
    main()
finally:
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    print(f"peak {peak}", file=sys.stderr)
"""
#: Every order violates two of the rules: its amount is negative, and it names an ancestor that is not there.
ORDERS: Final = """
insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address, address_state)
values (1, 'A', 'a@example.com', 'B', 'C', 'CA');
insert into orders (order_id, order_ref, customer_id, order_amount, order_status)
select n, n + 10000000, 1, -n, 'active' from generate_series(1, {count}) as n;
analyze
"""


def _audited(dsn: str, out: Path) -> tuple[dict[str, Any], int]:
    """Audit a database; gives the document and the peak in kB."""
    words = ["--rule", "orders.amount_is_not_negative", "--rule", "lineage.*", "--quiet", "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "run", "--dsn", dsn, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={"PATH": os.defpath, "HOME": str(out.parent), "PYTHONUTF8": "1"},
        cwd=ROOT,
    )
    peak = re.fullmatch(r"peak (\d+)\n", done.stderr)
    assert done.returncode == 1, done.stderr
    assert peak, done.stderr
    document: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return document, int(peak[1])


def _peak(server: Server, count: int, out: Path) -> int:
    """Create a number of orders, audit them, and check the files."""
    dsn = servers.new_database(server)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
            connection.execute(ORDERS.format(count=count).encode())
        document, peak = _audited(dsn, out)
    finally:
        servers.drop_database(server, dsn)
    found = {result["rule"]: result["violations"] for result in document["results"] if result["violations"]}
    assert found == {"orders.amount_is_not_negative": count, "lineage.order_ref_exists": count}
    assert document["violations"]["rows"] == 2 * count
    with (out / "violations.csv").open("rb") as lines:
        assert sum(1 for _ in lines) == 2 * count + 1
    return peak


def test_memory_does_not_grow_with_the_violations(server_18: Server, tmp_path: Path) -> None:
    """20,000 violating orders and 150,000 take the same, but for 5 MB."""
    with ThreadPoolExecutor(2) as pool:
        few = pool.submit(_peak, server_18, 20_000, tmp_path / "few")
        many = pool.submit(_peak, server_18, 150_000, tmp_path / "many")
        growth = many.result() - few.result()
    assert growth <= 5 * 1024, f"{growth} kB"
