"""Whom to ask for a rating: by the advice, beside asking everybody, anybody, or whoever said thanks.

    python benchmarks/inviting.py [--data ../shared/data] [--folds 5] [--repeats 3] [--plot curve.svg]

Each dialogue of the shared set becomes a session that is looked at five minutes after its last message, in assessed hours.
The advice is given with models that never saw the dialogue; the dialogue's own rating says what would have come of it. The
curve takes the sessions in the order of the chance that the advice states. Intervals are over splits and resampled dialogues.
Needs the `build-data` extra.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from mood import DISSATISFIED, ROOT, SATISFIED, Chat, read_chat, trials
from numpy.typing import NDArray

from app.core.events import Event, EventType, Kind, Sender
from app.core.invites import InviteRules, advise
from app.core.mood import MoodModel
from app.core.resolution import QUIET
from app.core.said import Said
from app.core.sessions import Session, fold_session

BEGAN_AT = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai; the sets have no stamps."""
PAUSE = timedelta(seconds=20)
SHARES = tuple(number / 10 for number in range(1, 11))
LATELY = 3
"""Thanks count among so many last messages of the buyer."""
RESAMPLES = 2000
_THANKS = re.compile(r"谢|謝|thx|thank", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Advised:
    """What one repeat of the splits advised, by dialogue: the stated chance, and whether to invite."""

    p_satisfied: NDArray[np.float64]
    invited: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of inviting some of the sessions; shares are of those invited."""

    invited: float
    good: float
    dissatisfied: float


def session_of(name: str, said: Sequence[Said]) -> Session:
    """The session that these words would have been."""
    return fold_session(
        Event(
            id=f"{name}-{number}",
            type=EventType.MESSAGE,
            at=BEGAN_AT + number * PAUSE,
            session=name,
            buyer=f"buyer of {name}",
            agent=None if one.by_buyer else "agent",
            sender=Sender.BUYER if one.by_buyer else Sender.AGENT,
            kind=Kind.TEXT,
            text=one.text,
        )
        for number, one in enumerate(said)
    )


def advice_on(session: Session, model: MoodModel, said: Sequence[Said]) -> tuple[float, bool]:
    last, now = session.last_buyer_message, session.last_event_at
    assert now is not None
    advice = advise(
        session,
        model.session(said),
        InviteRules(),
        now + QUIET,
        last_turn=model.turn(last.text) if last is not None else None,
    )
    return advice.p_satisfied, advice.advice == "invite"


def advised(chat: Chat, data: Path, folds: int, repeats: int) -> list[Advised]:
    sessions = [session_of(f"S{number}", said) for number, said in enumerate(chat.dialogues)]
    count = len(sessions)
    out = [Advised(np.zeros(count), np.zeros(count, bool)) for _ in range(repeats)]
    for trial in trials(chat, data, folds, repeats):
        one = out[trial.repeat]
        for number in np.flatnonzero(trial.judged):
            one.p_satisfied[number], one.invited[number] = advice_on(
                sessions[number], trial.model, chat.dialogues[number]
            )
    return out


def thanked(said: Sequence[Said]) -> bool:
    return any(_THANKS.search(one.text) for one in [one for one in said if one.by_buyer][-LATELY:])


def outcome(overall: NDArray[np.int64], invited: NDArray[np.bool_]) -> Outcome:
    ratings = overall[invited]
    return Outcome(
        float(invited.mean()), float((ratings == SATISFIED).mean()), float((ratings == DISSATISFIED).mean())
    )


def best(p_satisfied: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """The given share of the sessions, those with the highest chances."""
    chosen = np.zeros(len(p_satisfied), bool)
    chosen[np.argsort(-p_satisfied, kind="stable")[: round(share * len(p_satisfied))]] = True
    return chosen


def mean_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    return Outcome(*np.mean([(one.invited, one.good, one.dissatisfied) for one in outcomes], axis=0).tolist())


def risk_at_half(overall: NDArray[np.int64], p_satisfied: NDArray[np.float64]) -> float:
    """Share of dissatisfied in the better half, as a part of their share among all."""
    return outcome(overall, best(p_satisfied, 0.5)).dissatisfied / float((overall == DISSATISFIED).mean())


def resampled(overall: NDArray[np.int64], advice: Sequence[Advised]) -> NDArray[np.float64]:
    """`risk_at_half` of dialogues drawn anew, from all splits alike."""
    random = np.random.default_rng(11)
    ratios = []
    for number in range(RESAMPLES):
        drawn = random.integers(len(overall), size=len(overall))
        ratios.append(risk_at_half(overall[drawn], advice[number % len(advice)].p_satisfied[drawn]))
    return np.array(ratios)


def report(chat: Chat, advice: Sequence[Advised]) -> tuple[list[str], list[Outcome]]:
    """The lines to print, and the curve."""
    overall = chat.overall
    curve = [
        mean_outcome([outcome(overall, best(one.p_satisfied, share)) for one in advice]) for share in SHARES
    ]
    everybody = outcome(overall, np.ones(len(overall), bool))
    others = {
        "everybody (and at random, whatever the number)": everybody,
        f"after thanks in the buyer's last {LATELY} messages": outcome(
            overall, np.array([thanked(said) for said in chat.dialogues])
        ),
        "the advice says invite": mean_outcome([outcome(overall, one.invited) for one in advice]),
    }
    lines = [
        f"{len(overall)} sessions, {len(advice)} repeats of the splits",
        "",
        f"{'who is invited':50} {'invited':>9} {'good':>7} {'dissatisfied':>13}",
    ]
    lines += [_line(name, one, len(overall)) for name, one in others.items()]
    lines += [_line(f"best {one.invited:.0%} by the advice's chance", one, len(overall)) for one in curve]
    by_split = [risk_at_half(overall, one.p_satisfied) for one in advice]
    low, high = np.quantile(resampled(overall, advice), [0.05, 0.95])
    lines += [
        "",
        "dissatisfied among the better half, as a part of their share among all (a third is wanted):",
        f"  {np.mean(by_split):.3f} (splits {min(by_split):.3f} to {max(by_split):.3f};"
        f" 90 % of resampled dialogues {low:.3f} to {high:.3f})",
    ]
    return lines, curve


def _line(name: str, one: Outcome, count: int) -> str:
    return f"{name:50} {one.invited * count:9.0f} {one.good:7.1%} {one.dissatisfied:13.1%}"


def draw(curve: Sequence[Outcome], everybody: Outcome) -> str:
    """The curve as SVG: share of good and of dissatisfied ratings over the share of sessions invited."""
    left, top, width, height = 60.0, 30.0, 480.0, 260.0
    svg = Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "viewBox": "0 0 600 350", "font-size": "12"},
    )
    SubElement(svg, "rect", {"width": "600", "height": "350", "fill": "#ffffff"})

    def place(x: float, y: float) -> str:
        return f"{left + x * width:.1f},{top + (1 - y) * height:.1f}"

    for tick in range(0, 101, 20):
        x, y = place(tick / 100, tick / 100).split(",")
        grid = {"x1": f"{left}", "x2": f"{left + width}", "y1": y, "y2": y, "stroke": "#dfe3e8"}
        SubElement(svg, "line", grid)
        for at, anchor in (((f"{left - 8}", y), "end"), ((x, f"{top + height + 18}"), "middle")):
            label = SubElement(svg, "text", {"x": at[0], "y": at[1], "text-anchor": anchor})
            label.text = f"{tick} %"
    lines = (
        ("good, by the advice", [(one.invited, one.good) for one in curve], "#1b998b", ""),
        ("good, at random", [(0, everybody.good), (1, everybody.good)], "#8d99ae", "4"),
        ("dissatisfied, by the advice", [(one.invited, one.dissatisfied) for one in curve], "#d1495b", ""),
        (
            "dissatisfied, at random",
            [(0, everybody.dissatisfied), (1, everybody.dissatisfied)],
            "#8d99ae",
            "4",
        ),
    )
    for name, points, colour, dashes in lines:
        line = {"points": " ".join(place(*point) for point in points), "fill": "none", "stroke": colour}
        SubElement(svg, "polyline", line | ({"stroke-dasharray": dashes} if dashes else {}))
        x, y = place(*points[len(points) // 2]).split(",")
        label = SubElement(svg, "text", {"x": x, "y": f"{float(y) - 8:.1f}", "fill": colour})
        label.text = name
    axis = SubElement(svg, "text", {"x": f"{left + width / 2}", "y": "340", "text-anchor": "middle"})
    axis.text = "share of sessions invited"
    return tostring(svg, encoding="unicode") + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="whom to ask for a rating")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--plot", type=Path, help="also draw the curve, as SVG")
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"{options.data} is not here; the figures need the shared sets")
    chat = read_chat(options.data / "uss_jddc_valid.jsonl")
    lines, curve = report(chat, advised(chat, options.data, options.folds, options.repeats))
    print("\n".join(lines))
    if options.plot is not None:
        options.plot.write_text(draw(curve, curve[-1]), encoding="utf-8")


if __name__ == "__main__":
    main()
