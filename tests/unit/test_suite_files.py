"""What stands in a folder of rules and is no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from order_audit.expectations import SuiteError, load

RULE = "-- title: a\n-- severity: info\n-- key: id\nselect 1 as id\n"


def test_a_pipe_in_a_folder_of_rules_is_refused(tmp_path: Path) -> None:
    """To read it would wait for a writer."""
    (tmp_path / "a.sql").write_text(RULE)
    os.mkfifo(tmp_path / "b.sql")
    with pytest.raises(SuiteError, match=r"b\.sql: not a file that can be read"):
        load(str(tmp_path))
    (tmp_path / "b.sql").unlink()
    assert [it.id for it in load(str(tmp_path)).rules] == ["a"]


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.sql").symlink_to("nowhere.sql")
    with pytest.raises(SuiteError, match=r"a\.sql: not a file that can be read"):
        load(str(tmp_path))
