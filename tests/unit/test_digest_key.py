"""The file of the secret key for digests: created once, for its owner only, and refused if it is no secret."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from order_audit.audit import digest_key
from order_audit.errors import UsageError


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_a_key_file_is_for_its_owner_only(tmp_path: Path, mask: int) -> None:
    """Whatever the umask; the next run reads the same key."""
    path = tmp_path / "key"
    before = os.umask(mask)
    try:
        key = digest_key.of(path)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o7777 == 0o600
    assert re.fullmatch("[0-9a-f]{64}\n", path.read_text())
    assert digest_key.of(path) == key
    assert key.secret.hex() == path.read_text().strip()
    assert list(tmp_path.iterdir()) == [path]


def test_runs_at_the_same_time_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(digest_key.of, [tmp_path / "key"] * 32))
    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_a_result_says_which_key_it_was_and_not_the_key(tmp_path: Path) -> None:
    kept, other = digest_key.of(tmp_path / "key"), digest_key.DigestKey.for_one_run()
    assert (kept.mark.kind, other.mark.kind) == ("key_file", "one_run")
    assert kept.mark.key_id != other.mark.key_id
    assert digest_key.of(tmp_path / "key").mark == kept.mark
    assert kept.mark.key_id not in kept.secret.hex()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    digest_key.create(path := tmp_path / "key")
    path.chmod(mode)
    with pytest.raises(UsageError, match=rf"{path} is open to others \(mode {mode:04o}\): remove it"):
        digest_key.of(path)


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 31 + "a", "xy" * 32, "password"])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "key").touch(0o600)
    path.write_text(text)
    with pytest.raises(UsageError, match=f"{path} has no key, which is 64 hexadecimal digits or more"):
        digest_key.of(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder; a pipe, without waiting for its writer; a link to nothing; a place in no folder."""
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    for name, said in (
        ("folder", "cannot read the key file .*folder: Is a directory"),
        ("pipe", "the key file .*pipe is no file"),
        ("link", "cannot read the key file .*link: No such file"),
        ("gone/key", "cannot create the key file .*gone/key: No such file"),
    ):
        with pytest.raises(UsageError, match=said):
            digest_key.of(tmp_path / name)


def test_a_longer_key_and_a_link_to_one_are_taken(tmp_path: Path) -> None:
    """As a secret of a container is mounted."""
    (path := tmp_path / "key").touch(0o400)
    path.chmod(0o600)
    path.write_text("  " + "AB" * 64 + "\n")
    path.chmod(0o400)
    (tmp_path / "link").symlink_to(path)
    assert digest_key.of(tmp_path / "link").secret == b"\xab" * 64
