"""The figures of a profile: against an independent computation in pandas."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.profile.profiled import NUMBERS, bounds, execute, load_rows, profile_of, random_rows


def _close(found: Any, expected: Any) -> bool:
    return math.isclose(float(found), float(expected), rel_tol=1e-6, abs_tol=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_figures_are_those_of_pandas(dsn: str, seed: int) -> None:
    frame = load_rows(dsn, random_rows(seed, 700))
    entry = profile_of(dsn, "t")["t"]
    assert entry["rows"] == len(frame)
    assert "sampled" not in entry
    for name, figures in entry["columns"].items():
        there = (
            frame[name].dropna()
            if name not in ("real", "double")
            else frame[name][[v is not None for v in frame[name]]]
        )
        assert figures["nulls"] == sum(value is None for value in frame[name]), name
        if name in NUMBERS:
            _check_numbers(name, figures, list(there))
        if name == "document":
            continue
        assert not figures["distinct_estimated"]
        values = [np.float32(v).item() if name == "real" else v for v in there]
        different = {"NaN" if isinstance(v, float) and math.isnan(v) else v for v in values}
        assert figures["distinct"] == len(different), name
    _check_text(entry["columns"]["text"], frame["text"].dropna())
    _check_times(entry["columns"], frame)
    flags = frame["flag"].dropna()
    assert (entry["columns"]["flag"]["true"], entry["columns"]["flag"]["false"]) == (
        sum(flags),
        len(flags) - sum(flags),
    )
    bits = frame["bits"].dropna()
    assert entry["columns"]["bits"]["bits"] == pytest.approx([bits.str[place].eq("1").mean() for place in range(11)])
    _check_documents(entry["columns"]["document"], frame)


def _check_numbers(name: str, figures: dict[str, Any], values: list[Any]) -> None:
    if name in ("real", "double"):
        assert figures["nan"] == sum(math.isnan(value) for value in values)
        assert figures["inf"] == values.count(math.inf)
        assert figures["minus_inf"] == values.count(-math.inf)
    finite = sorted(float(value) for value in values if math.isfinite(value))
    assert _close(figures["min"], finite[0])
    assert _close(figures["max"], finite[-1])
    assert _close(figures["mean"], math.fsum(finite) / len(finite))
    for share, found in figures["quantiles"].items():
        assert _close(found, np.quantile(finite, int(share) / 100, method="inverted_cdf")), (name, share)
    assert sum(figures["histogram"]["counts"]) == len(finite)
    assert len(figures["histogram"]["bounds"]) == len(figures["histogram"]["counts"]) + 1
    if name in ("whole", "exact"):
        counts, bounds = np.histogram(finite, bins=20)
        assert figures["histogram"]["counts"] == counts.tolist()
        assert figures["histogram"]["bounds"] == pytest.approx(bounds.tolist())
    if name == "whole":
        top = pd.Series(values).value_counts()
        assert [found["count"] for found in figures["top"]] == top.head(10).tolist()
        assert all(top[found["value"]] == found["count"] for found in figures["top"])
    if name == "large":
        assert (figures["min"], figures["max"]) == (min(values), max(values))  # to the last digit


def _check_text(figures: dict[str, Any], texts: pd.Series[Any]) -> None:
    lengths = texts.str.len()
    assert figures["length"] == {
        "min": lengths.min(), "mean": pytest.approx(lengths.mean()), "max": lengths.max(), "empty": (texts == "").sum(),
    }  # fmt: skip
    assert (figures["min"], figures["max"]) == (min(texts, key=str.encode), max(texts, key=str.encode))
    assert figures["characters"] == {
        "digits": texts.str.contains("[0-9]").sum(),
        "letters": sum(any(letter.isalpha() for letter in text) for text in texts),
        "upper": texts.str.contains("[XYZ]").sum(),
        "lower": texts.str.contains("[abcäß]").sum(),
        "spaces": texts.str.contains(" ").sum(),
        "punctuation": texts.str.contains("[.-]").sum(),
        "non_ascii": sum(not text.isascii() for text in texts),
    }
    top = texts.value_counts()
    assert all(top[found["value"]] == found["count"] for found in figures["top"])


def _check_times(columns: dict[str, Any], frame: pd.DataFrame) -> None:
    for name in ("day", "moment"):
        times = sorted(frame[name].dropna())
        read = type(times[0]).fromisoformat
        assert (read(columns[name]["min"]), read(columns[name]["max"])) == (times[0], times[-1])
        for share, found in columns[name]["quantiles"].items():
            assert read(found) == times[math.ceil(int(share) / 100 * len(times)) - 1]
        assert sum(columns[name]["histogram"]["counts"]) == len(times)


def _check_documents(figures: dict[str, Any], frame: pd.DataFrame) -> None:
    documents = frame.dropna(subset="document").assign(parsed=lambda rows: rows["document"].map(json.loads))
    objects = [document for document in documents["parsed"] if isinstance(document, dict)]
    assert figures["types"]["object"] == len(objects)
    assert sum(figures["types"].values()) == len(documents)
    assert {found["key"]: found["count"] for found in figures["keys"]} == {
        key: sum(key in document for document in objects) for key in ("a", "b ü")
    }
    for found in figures["by_value"]:
        script = documents["delivery_script_name"]
        chosen = documents[script.isna() if found["value"] is None else script == found["value"]]
        assert found["rows"] == len(chosen)
        assert {key["key"]: key["count"] for key in found["keys"]}["a"] == sum(
            isinstance(document, dict) for document in chosen["parsed"]
        )


@pytest.mark.both_versions
def test_columns_of_many_values_are_exact_where_they_can_be_and_say_so(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = random_rows(4, 20_000)
    frame = load_rows(dsn, rows)
    with bounds(monkeypatch, exact=500, picked=4_000):
        entry = profile_of(dsn, "t")["t"]
    assert entry["rows"] == len(frame)
    columns = entry["columns"]
    for name in ("id", "large", "exact", "moment", "text", "double"):
        figures, there = columns[name], [value for value in frame[name] if value is not None]
        assert figures["nulls"] == len(frame) - len(there)
        assert 3_000 < figures["picked_rows"] < 5_000, name
        assert figures["distinct_estimated"] == (name != "id")
        different = len({"NaN" if value != value else value for value in there})
        assert figures["distinct"] == pytest.approx(different, rel=0.1 if name != "id" else 0)
    for name in ("large", "exact"):
        values = [value for value in frame[name] if value is not None]
        assert _close(columns[name]["min"], min(values))
        assert _close(columns[name]["max"], max(values))
        assert _close(columns[name]["mean"], sum(values) / len(values))
        spread = float(max(values) - min(values))
        for share, found in columns[name]["quantiles"].items():
            assert float(found) == pytest.approx(
                float(np.quantile([float(v) for v in values], int(share) / 100)), abs=spread / 20
            )
    double = [value for value in frame["double"] if value is not None]
    assert columns["double"]["nan"] == sum(math.isnan(value) for value in double)
    assert columns["double"]["inf"] == double.count(math.inf)
    finite = [value for value in double if math.isfinite(value)]
    assert _close(columns["double"]["mean"], math.fsum(finite) / len(finite))
    assert columns["double"]["top"][0]["value"] in (0.1, 1e200, "NaN", "Infinity")
    texts = frame["text"].dropna()
    assert columns["text"]["length"]["mean"] == pytest.approx(texts.str.len().mean())
    assert columns["text"]["length"]["empty"] == (texts == "").sum()
    assert datetime.fromisoformat(columns["moment"]["max"]) == max(frame["moment"].dropna())
    assert "picked_rows" not in columns["whole"]  # few values: exact
    _check_numbers("whole", columns["whole"], list(frame["whole"].dropna()))


def test_numbers_that_no_float_holds(dsn: str) -> None:
    execute(dsn, "create table huge (n numeric, f float8)",
             "insert into huge select n, f from (values (10::numeric ^ 5000, 1.7e308), (-1 / 3.0, 1.7e308),"
             " (12345678901234567890.5, -1.7e308)) as v (n, f)")  # fmt: skip
    columns = profile_of(dsn, "huge")["huge"]["columns"]
    assert columns["n"]["max"].startswith("10000")
    assert columns["n"]["quantiles"]["50"] == "12345678901234567890.5"
    assert columns["f"]["mean"] == pytest.approx(1.7e308 / 3)


def test_a_sample_with_columns_of_many_values(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load_rows(dsn, random_rows(6, 20_000))
    with bounds(monkeypatch, exact=500, picked=1_000):
        entry = profile_of(dsn, "t", sample=50.0)["t"]
    assert "picked_rows" in entry["columns"]["large"]
    assert entry["columns"]["id"]["distinct"] == pytest.approx(entry["rows"] * 2, abs=1)
    assert entry["columns"]["large"]["distinct"] == pytest.approx(entry["rows"] * 2 * 0.9, rel=0.1)
    assert entry["columns"]["large"]["distinct_estimated"]
