"""The wheel: all that the program needs is in it, and it runs from it alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import fragments
from tests.support import release, servers
from tests.support.validators import validate

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = tuple(f"order_audit.{room}" for room in ("audit", "expectations", "fixes", "reports", "scenario"))
#: What is shipped beside the code.
DATA: Final = (".sql", ".csv", ".j2", ".json", ".typed", ".css", ".js", ".svg")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout without looking for anything on a network."""
    out = tmp_path_factory.mktemp("dist")
    _build(ROOT, out, "--wheel")
    (built,) = out.glob("*.whl")
    return built


def _build(source: Path, out: Path, *words: str, umask: int = -1) -> None:
    """Build as `make dist` does."""
    done = subprocess.run(
        [sys.executable, "-m", "build", *words, "--no-isolation", "--outdir", str(out), str(source)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=out,
        umask=umask,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files in a folder of their own."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def sample_18(server_18: Server) -> Iterator[str]:
    """The sample data."""
    dsn = servers.new_database(server_18, "sample")
    yield dsn
    servers.drop_database(server_18, dsn)


def _python(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the wheel and its dependencies; -S keeps the editable install's .pth file out of the path."""
    paths = dict.fromkeys([str(installed), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    return subprocess.run(
        [sys.executable, "-S", "-B", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=180,
        stdin=subprocess.DEVNULL,
        env={"PATH": os.defpath, "HOME": str(cwd), "PYTHONPATH": os.pathsep.join(paths)},
        cwd=cwd,
    )


def test_the_wheel_holds_every_file_that_is_needed(wheel: Path) -> None:
    """Rules, scenario, templates, schemas and markers of types: each file of the checkout, byte by byte."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        wanted = [
            path
            for package in ("order_audit", *PACKAGES)
            for path in (ROOT / package.replace(".", "/")).rglob("*")
            if path.suffix in (".py", *DATA) and "__pycache__" not in path.parts
        ]
        assert len(wanted) > 100
        for path in wanted:
            name = path.relative_to(ROOT).as_posix()
            assert name in names, f"{name} is not in the wheel"
            assert archive.read(name) == path.read_bytes(), name


def test_two_builds_have_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """In another folder, from files of another age, for another umask; the wheel also by way of the sdist."""
    copy, first, second = tmp_path / "copy", tmp_path / "first", tmp_path / "second"
    kept = shutil.ignore_patterns(
        ".git", ".venv", ".tools", ".*_cache", ".hypothesis", "__pycache__", "out", "dist", ".envs"
    )
    shutil.copytree(ROOT, copy, symlinks=True, ignore=kept, copy_function=shutil.copyfile)
    for folder in (first, second):
        folder.mkdir()
    _build(copy, first, umask=0o077)
    _build(ROOT, second, "--sdist")
    (sdist,) = second.iterdir()
    assert (first / sdist.name).read_bytes() == sdist.read_bytes()
    assert (first / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_metadata_can_be_published(wheel: Path) -> None:
    """The rest of `make dist` takes longer: tests/support/release.py."""
    assert "PASSED" in validate("twine", "--no-color", "check", "--strict", wheel)
    assert wheel.name == f"order_audit-{release.version()}-py3-none-any.whl"


def test_the_changelog_has_the_version() -> None:
    """With its day, below what is not released yet."""
    headings = re.findall(r"^## (?!Unreleased$)(.*)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert re.fullmatch(rf"{re.escape(release.version())} – \d{{4}}-\d\d-\d\d", headings[0])


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    """No tests, no caches, no foreign folder at the top."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"order_audit"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    for part in ("entry_points.txt", "licenses/LICENSE", "METADATA"):
        assert [name for name in names if name.endswith(f".dist-info/{part}")], part


def test_the_package_is_typed(wheel: Path) -> None:
    """Type checkers of other projects may rely on the annotations."""
    with zipfile.ZipFile(wheel) as archive:
        assert "order_audit/py.typed" in archive.namelist()


def test_the_command_is_named(wheel: Path) -> None:
    """`order-audit` is the program's entry point."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "order-audit = order_audit.audit.cli.app:main" in archive.read(name).decode()


def test_the_checkout_is_not_imported(installed: Path, tmp_path: Path) -> None:
    """The next tests run the wheel."""
    code = f"import {', '.join(PACKAGES)}\nprint(*({', '.join(f'{name}.__file__' for name in PACKAGES)},), sep='\\n')"
    done = _python(installed, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    assert [Path(line).parent for line in done.stdout.splitlines()] == [
        installed / name.replace(".", "/") for name in PACKAGES
    ]


def test_the_wheel_lists_its_rules(installed: Path, tmp_path: Path) -> None:
    """The catalogue from another folder is the checkout's."""
    done = _python(installed, tmp_path, "-m", "order_audit", "rules")
    assert (done.returncode, done.stderr) == (0, "")
    rules = {
        ".".join(path.relative_to(ROOT / "order_audit" / "expectations" / "current").with_suffix("").parts)
        for path in fragments.files(ROOT / "order_audit" / "expectations" / "current")
    }
    assert {line.split()[0] for line in done.stdout.splitlines()} == rules
    version = _python(installed, tmp_path, "-m", "order_audit", "version")
    assert version.stdout == f"order-audit {release.version()}\n"
    version = _python(installed, tmp_path, "-c", "import order_audit; print(order_audit.__version__)")
    assert version.stdout == f"{release.version()}\n"


def test_the_wheel_audits(installed: Path, tmp_path: Path, sample_18: str) -> None:
    """A whole run with every format, and a report drawn again."""
    out = tmp_path / "out"
    done = _python(installed, tmp_path, "-m", "order_audit", "run", "--dsn", sample_18, "--out", str(out), "--quiet")
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    files = ["junit.xml", "report.html", "results.json", "summary.md", "violations.csv"]
    assert sorted(path.name for path in out.iterdir()) == files
    document = json.loads((out / "results.json").read_text(encoding="utf-8"))
    failed = {found["rule"]: found["violations"] for found in document["results"] if found["status"] == "failed"}
    assert failed == {
        "customers.phone_is_dialable": 5,
        "orders.delivery_args_hold_no_secret": 2,
        "lineage.one_live_order": 2,
        "orders.schedule_repeats_by_day": 3,
    }
    again = _python(
        installed,
        tmp_path,
        "-m",
        "order_audit",
        "report",
        str(out / "results.json"),
        "--out",
        str(tmp_path / "again.html"),
    )
    assert (again.returncode, again.stderr) == (0, "")
    assert (tmp_path / "again.html").read_bytes() == (out / "report.html").read_bytes()
    assert not [path for path in installed.rglob("__pycache__") if path.is_dir()]


def test_packages_of_the_same_names_do_no_harm(installed: Path, tmp_path: Path, sample_18: str) -> None:
    """A user's own `audit` or `reports`, in front of everything on the path, is neither imported nor in the way."""
    own = ("audit", "expectations", "fixes", "reports", "scenario", "tests", "errors", "progress")
    for name in own:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise ImportError('the user has {name}')\n", encoding="utf-8")
    words = ("-m", "order_audit", "run", "--dsn", sample_18, "--out", "out", "--quiet")
    done = _python(installed, tmp_path, *words)  # -m puts the working folder in front
    assert (done.returncode, done.stderr) == (1, "")
    code = "import sys, order_audit\nprint(order_audit.__file__)\nprint(len(order_audit.load_suite('current').rules))"
    done = _python(installed, tmp_path, "-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == str(installed / "order_audit" / "__init__.py")
    code = "import reports"
    assert "the user has reports" in _python(installed, tmp_path, "-c", code).stderr
