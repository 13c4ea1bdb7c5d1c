"""Does the forecast know how sure it is? A back-test over simulated months whose ends are known.

    python benchmarks/forecast.py [--months 200] [--at 14] [--seed 1] [--json FILE]

Four generators play 28 days of history and a month each, for shops of 20 to 3,000 items a day. None of them draws as the
forecast thinks (log-normal volumes and angles that wander): `queue` has agents with a capacity and misses what overflows,
`spells` jumps between a normal and an understaffed state, `tails` has heavy-tailed noise with a memory, `uneven` draws every
day's miss share afresh from a beta law and lets the volume grow. At the same hour of each day the month's end is forecast
from what is known then. Shown per day of the month: how often the 80 % interval held the truth (and the same with ties
broken at random, which is what whole counts allow at best), its width, its Winkler score and the pinball loss, beside a
naive interval: today's rate with a plain binomial error for as many items as an average day brings.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from app.core.forecast.arrivals import DayCurve  # noqa: E402
from app.core.forecast.chance import interval  # noqa: E402
from app.core.forecast.period_end import play_rest  # noqa: E402
from app.core.forecast.periods import DayCounts  # noqa: E402

Floats = NDArray[np.float64]
Random = np.random.Generator

HISTORY, MONTH = 28, 30
SHARE = 0.8
_CURVE = np.array([0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 8, 9, 7, 6, 6, 6, 6, 7, 9, 11, 10, 6, 1], dtype=float)
_CURVE /= _CURVE.sum()


@dataclass(frozen=True)
class Shop:
    """One simulated shop: items and misses by day and hour, (days, 24)."""

    generator: str
    first_day: date
    counted: NDArray[np.int64]
    missed: NDArray[np.int64]

    def days(self) -> list[DayCounts]:
        return [
            DayCounts(
                self.first_day + timedelta(days=n),
                int((counted - missed).sum()),
                int(counted.sum()),
                hours=tuple((int(c - m), int(c)) for c, m in zip(counted, missed, strict=True)),
            )
            for n, (counted, missed) in enumerate(zip(self.counted, self.missed, strict=True))
        ]


def _sigmoid(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)))


def _scale(random: Random) -> float:
    """Items a day: 20 to 3,000, evenly on a log scale."""
    return float(np.exp(random.uniform(np.log(20), np.log(3000))))


def _weekdays(random: Random, days: int) -> Floats:
    pattern = np.exp(random.normal(0, 0.12, 7))
    return np.asarray((pattern / pattern.mean())[(np.arange(days) + random.integers(7)) % 7])


def _hours(random: Random, days: int, evenness: float) -> Floats:
    """Each day's own curve around the common one: (days, 24)."""
    shop = random.dirichlet(_CURVE * 200 + 1e-3)
    return np.asarray(random.dirichlet(shop * evenness + 1e-3, days))


def _remembering(noise: Floats, memory: float) -> Floats:
    out = np.empty_like(noise)
    out[0] = noise[0]
    for n in range(1, len(noise)):
        out[n] = memory * out[n - 1] + math.sqrt(1 - memory**2) * noise[n]
    return out


def queue(random: Random, days: int) -> tuple[Floats, Floats]:
    """Seats answer so many an hour; what comes beyond is missed. Promotions of one to three days overload them."""
    volume = _scale(random) * _weekdays(random, days) * random.gamma(25, 1 / 25, days)
    for start in np.flatnonzero(random.random(days) < 0.05):
        volume[start : start + random.integers(1, 4)] *= random.uniform(1.5, 3.0)
    hourly = volume[:, None] * _hours(random, days, 150)
    seats = np.median(hourly.max(axis=1)) * random.uniform(0.7, 1.5) * random.gamma(60, 1 / 60, (days, 1))
    overflow = np.maximum(hourly - seats, 0) / np.maximum(hourly, 1e-9)
    careless = random.uniform(0.01, 0.08)
    return hourly, np.clip(careless + overflow * random.uniform(0.5, 0.9), 0, 0.95)


def spells(random: Random, days: int) -> tuple[Floats, Floats]:
    """Two states: normal, and understaffed for some days on end; evenings are worse."""
    volume = _scale(random) * _weekdays(random, days) * np.exp(random.laplace(0, 0.13, days))
    hourly = volume[:, None] * _hours(random, days, 200)
    normal = random.uniform(0.02, 0.2)
    bad = min(0.6, normal * random.uniform(1.4, 2.5))
    into, out = random.uniform(0.05, 0.2), random.uniform(0.2, 0.5)
    state, states = random.random() < 0.3, []
    for _ in range(days):
        state = random.random() < (1 - out if state else into)
        states.append(state)
    share = np.where(states, bad, normal) * random.gamma(40, 1 / 40, days)
    evening = np.where(np.arange(24) >= 19, random.uniform(1.0, 1.6), 1.0)
    return hourly, np.clip(share[:, None] * evening * random.gamma(50, 1 / 50, (days, 24)), 0, 0.95)


def tails(random: Random, days: int) -> tuple[Floats, Floats]:
    """Volumes and log odds of a miss with Student noise (4 degrees) that remembers; load pushes both ways."""
    memory = random.uniform(0.0, 0.8)
    volume = _scale(random) * _weekdays(random, days)
    volume = volume * np.exp(_remembering(0.18 * random.standard_t(4, days), random.uniform(0, 0.6)))
    hourly = volume[:, None] * _hours(random, days, 100)
    noise = _remembering(random.uniform(0.1, 0.45) * random.standard_t(4, days), memory)
    load = random.uniform(-0.1, 0.6) * np.log(hourly.clip(1e-6) / hourly.mean()).clip(-1.5, 1.5)
    odds = math.log(0.1 / 0.9) + random.normal(0, 0.7) + noise[:, None] + load
    return hourly, _sigmoid(odds + random.normal(0, 0.15, (days, 24)))


def uneven(random: Random, days: int) -> tuple[Floats, Floats]:
    """Every day's miss share is drawn anew from a beta law; the volume grows or shrinks over the two months."""
    growth = random.uniform(-0.6, 0.6) * np.linspace(-0.5, 0.5, days)
    volume = _scale(random) * _weekdays(random, days) * np.exp(growth) * random.gamma(12, 1 / 12, days)
    hourly = volume[:, None] * _hours(random, days, 120)
    mean, firmness = random.uniform(0.03, 0.4), random.uniform(15, 120)
    share = random.beta(mean * firmness, (1 - mean) * firmness, days)
    tilt = np.exp(random.uniform(-0.3, 0.3) * np.linspace(-1, 1, 24))
    return hourly, np.clip(share[:, None] * tilt, 0, 0.97)


GENERATORS: dict[str, Callable[[Random, int], tuple[Floats, Floats]]] = {
    "queue": queue,
    "spells": spells,
    "tails": tails,
    "uneven": uneven,
}


def simulate(generator: str, seed: int) -> Shop:
    random = np.random.default_rng([seed, list(GENERATORS).index(generator)])
    intensity, chance = GENERATORS[generator](random, HISTORY + MONTH)
    counted = random.poisson(intensity)
    first = date(2026, 1, 5) + timedelta(days=int(random.integers(7)))
    return Shop(generator, first, counted, random.binomial(counted, chance))


@dataclass(frozen=True)
class Trial:
    """One forecast of one month's end."""

    generator: str
    month: int
    day: int
    truth: float
    low: float
    high: float
    middle: float
    rank: float
    """Share of paths below the truth, ties broken at random: even over 0..1 if the forecast knows how sure it is."""
    naive_low: float
    naive_high: float


def trials(
    generator: str, seed: int, hour: int, days_of_month: Iterable[int] = range(1, MONTH + 1)
) -> Iterator[Trial]:
    """The forecasts at that hour of these days of one simulated month."""
    shop = simulate(generator, seed)
    days = shop.days()
    month = days[HISTORY:]
    end_good, end_counted = sum(day.good for day in month), sum(day.counted for day in month)
    if not end_counted:
        return
    truth = end_good / end_counted
    random = np.random.default_rng(seed + 1_000_003)
    for n in (HISTORY + day - 1 for day in days_of_month):
        past, hours = days[:n], days[n].hours
        assert hours is not None
        so_far = DayCounts(
            days[n].day, sum(good for good, _ in hours[:hour]), sum(counted for _, counted in hours[:hour])
        )
        known = [*past[HISTORY:], so_far]
        good, counted = sum(day.good for day in known), sum(day.counted for day in known)
        rest = play_rest(past, so_far, hour * 3600.0, days[-1].day, DayCurve.of(past))
        total = counted + rest.counted
        rates = (good + rest.counted - rest.missed) / np.maximum(total, 1)
        low, high = interval(rates, SHARE)
        below, same = float(np.mean(rates < truth)), float(np.mean(rates == truth))
        naive = _naive(
            good, counted, so_far, rest_days=HISTORY + MONTH - n - hour / 24, days=n - HISTORY + hour / 24
        )
        yield Trial(
            generator,
            seed,
            n - HISTORY + 1,
            truth,
            low,
            high,
            float(np.median(rates)),
            below + same * random.random(),
            *naive,
        )


def _naive(
    good: int, counted: int, today: DayCounts, *, rest_days: float, days: float
) -> tuple[float, float]:
    rate = today.good / today.counted if today.counted else good / counted if counted else 0.5
    coming = counted / days * rest_days
    error = NormalDist().inv_cdf((1 + SHARE) / 2) * math.sqrt(rate * (1 - rate) / max(coming, 1))
    return tuple(  # type: ignore[return-value]
        (good + coming * min(max(rate + sign * error, 0), 1)) / max(counted + coming, 1) for sign in (-1, 1)
    )


def winkler(low: float, high: float, truth: float) -> float:
    """The width, and 2/alpha times what the truth lies outside: lower is better, honest widths are best."""
    alpha = 1 - SHARE
    return high - low + 2 / alpha * (max(0.0, low - truth) + max(0.0, truth - high))


def pinball(low: float, high: float, truth: float) -> float:
    """Mean pinball loss of the two ends as quantiles."""
    tail = (1 - SHARE) / 2
    losses = [max(q * (truth - end), (q - 1) * (truth - end)) for q, end in ((tail, low), (1 - tail, high))]
    return sum(losses) / 2


def _month(job: tuple[str, int, int]) -> list[Trial]:
    return list(trials(*job))


def run(months: int, hour: int, seed: int, workers: int | None = None) -> list[Trial]:
    """All forecasts of so many months, the generators taking turns."""
    names = list(GENERATORS)
    jobs = [(names[n % len(names)], seed * 100_000 + n, hour) for n in range(months)]
    if workers == 1:
        return [trial for job in jobs for trial in _month(job)]
    with ProcessPoolExecutor(workers) as pool:
        return [trial for found in pool.map(_month, jobs, chunksize=8) for trial in found]


def figures(found: list[Trial]) -> dict[str, float]:
    def mean(values: Iterator[float]) -> float:
        return float(np.mean(list(values)))

    return {
        "forecasts": len(found),
        "coverage": mean(float(t.low <= t.truth <= t.high) for t in found),
        "coverage_ties_at_random": mean(float(abs(t.rank - 0.5) <= SHARE / 2) for t in found),
        "naive_coverage": mean(float(t.naive_low <= t.truth <= t.naive_high) for t in found),
        "below": mean(float(t.truth < t.low) for t in found),
        "above": mean(float(t.truth > t.high) for t in found),
        "width": mean(t.high - t.low for t in found),
        "naive_width": mean(t.naive_high - t.naive_low for t in found),
        "winkler": mean(winkler(t.low, t.high, t.truth) for t in found),
        "naive_winkler": mean(winkler(t.naive_low, t.naive_high, t.truth) for t in found),
        "pinball": mean(pinball(t.low, t.high, t.truth) for t in found),
        "naive_pinball": mean(pinball(t.naive_low, t.naive_high, t.truth) for t in found),
        "error": mean(abs(t.middle - t.truth) for t in found),
    }


_COLUMNS = (
    ("coverage", "held", "6.1%"),
    ("coverage_ties_at_random", "ties rnd", "8.1%"),
    ("below", "below", "6.1%"),
    ("above", "above", "6.1%"),
    ("naive_coverage", "naive", "6.1%"),
    ("width", "width", "8.2%"),
    ("naive_width", "naive w", "8.2%"),
    ("winkler", "Winkler", "8.2%"),
    ("naive_winkler", "naive W", "8.2%"),
    ("pinball", "pinball", "8.3%"),
    ("naive_pinball", "naive p", "8.3%"),
)


def _row(label: str, row: dict[str, float]) -> str:
    return f"{label:>10} " + " ".join(f"{row[key]:{form}}" for key, _, form in _COLUMNS)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--months", type=int, default=200)
    parser.add_argument("--at", type=int, default=14, help="hour of the day at which is forecast")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    found = run(options.months, options.at, options.seed, options.workers)
    by_day = {day: figures([t for t in found if t.day == day]) for day in range(1, MONTH + 1)}
    by_generator = {name: figures([t for t in found if t.generator == name]) for name in GENERATORS}
    total = figures(found)
    print(f"{options.months} months, forecast at {options.at}:00 of each day, 80 % interval")
    print(f"{'day':>10} " + " ".join(f"{name:>{form.split('.')[0]}}" for _, name, form in _COLUMNS))
    for day, row in by_day.items():
        print(_row(str(day), row))
    for name, row in by_generator.items():
        print(_row(name, row))
    print(_row("all", total))
    error = math.sqrt(SHARE * (1 - SHARE) / options.months)
    covers = [row["coverage"] for row in by_day.values()]
    kept = all(0.75 <= cover <= 0.85 for cover in covers)
    print(
        f"coverage per day of the month {min(covers):.1%} to {max(covers):.1%} "
        f"(standard error of one day {error:.1%}): {'within' if kept else 'NOT within'} 75 to 85 %"
    )
    if options.json:
        options.json.write_text(
            json.dumps({"all": total, "by_day": by_day, "by_generator": by_generator}, indent=1) + "\n",
            encoding="utf-8",
        )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
