"""The script of docs/nightly.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.docs import ROOT
from tests.support.receiver import receiving

RULE = """-- title: Order amount is negative
-- severity: critical
-- key: order_id
select order_id
from orders
where order_amount < 0
"""


def night(folder: Path, dsn: str, hook: str) -> int:
    """Run the job of a night, and return its exit code."""
    env = {"PATH": f"{folder / 'bin'}:{os.defpath}", "PYTHONPATH": str(ROOT), "DATABASE_URL": dsn}
    env |= {"CHAT_WEBHOOK": hook, "KEY": str(folder / "key"), "HOME": str(folder)}
    script = ["/bin/sh", str(ROOT / "docs" / "ci" / "nightly.sh")]
    return subprocess.run(script, cwd=folder, env=env, capture_output=True, check=False).returncode


def test_the_job_of_a_night(issues: str, tmp_path: Path) -> None:
    """Its exit code is that of the audit, whatever becomes of the message; no result is sent twice."""
    program, rule = tmp_path / "bin" / "order-audit", tmp_path / "rules" / "amount.sql"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m order_audit "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    rule.parent.mkdir()
    rule.write_text(RULE, encoding="utf-8")
    with receiving() as receiver:
        assert night(tmp_path, issues, receiver.address) == 1
        assert len(receiver.requests) == 1
        assert night(tmp_path, issues, "nonsense") == 1
        document = json.loads((tmp_path / "audit" / "results.json").read_text(encoding="utf-8"))
        assert document["run"]["since"]
        assert night(tmp_path, "host=127.0.0.1 port=1", receiver.address) == 3
        rule.write_text(RULE.replace("critical", "info"), encoding="utf-8")
        assert night(tmp_path, issues, receiver.address) == 0
        assert len(receiver.requests) == 1
