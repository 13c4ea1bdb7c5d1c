"""A short back-test with fixed seeds: a forecast that is too sure, too shy or off its mark fails it.

`benchmarks/forecast.py` has the long one, day by day.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

DAYS = (2, 10, 18, 25, 29)
MONTHS_EACH = 12


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    path = Path(__file__).resolve().parents[2] / "benchmarks" / "forecast.py"
    spec = importlib.util.spec_from_file_location("forecast_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(bench: ModuleType) -> list[Any]:
    return [
        trial
        for generator in bench.GENERATORS
        for seed in range(MONTHS_EACH)
        for trial in bench.trials(generator, seed, 14, DAYS)
    ]


def holds(bench: ModuleType, found: list[Any]) -> bool:
    """Is the coverage what an 80 % interval over so few, dependent forecasts may show?"""
    figures = bench.figures(found)
    return (
        0.70 <= figures["coverage"] <= 0.90
        and figures["below"] < 0.2
        and figures["above"] < 0.2
        and figures["winkler"] < figures["naive_winkler"] / 2
    )


def test_the_interval_holds_the_end_about_eight_times_in_ten(bench: ModuleType, found: list[Any]) -> None:
    assert len(found) == len(bench.GENERATORS) * MONTHS_EACH * len(DAYS)
    assert holds(bench, found)


def test_intervals_get_narrower_as_the_month_goes_by(bench: ModuleType, found: list[Any]) -> None:
    widths = [bench.figures([trial for trial in found if trial.day == day])["width"] for day in DAYS]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_the_back_test_notices_intervals_of_a_wrong_width(
    bench: ModuleType, found: list[Any], scale: float
) -> None:
    wrong = [
        replace(
            trial,
            low=trial.middle - scale * (trial.middle - trial.low),
            high=trial.middle + scale * (trial.high - trial.middle),
        )
        for trial in found
    ]
    assert not holds(bench, wrong)


def test_the_back_test_notices_a_bias(bench: ModuleType, found: list[Any]) -> None:
    biased = [
        replace(trial, low=trial.low - shift, high=trial.high - shift)
        for trial in found
        for shift in ((trial.high - trial.low) / 2,)
    ]
    assert not holds(bench, biased)
