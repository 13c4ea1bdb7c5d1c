"""How `miaohui calibrate` tells what it found: for a supervisor as text, for programs as JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from app.cli.knob_words import NAMES, all_in_words, as_options
from app.cli.output import emit, say
from app.cli.text_tables import aligned
from app.core.calibration import Calibration, Change, Counts, Explanation, LateFact, Observation, Stretch
from app.core.events import EventType
from app.core.profiles import Profile, Status
from app.gateways.exports import ExportReading, Problem, View

_ROWS_SHOWN: Final = 62
"""Two months of days; of more rows only those with a difference are shown."""
_SAME_SHOWN: Final = 3
_PROBLEMS_SHOWN: Final = 10
_LATE: Final = {EventType.BUYER_FLAGGED: "标为骚扰", EventType.MESSAGE_WITHDRAWN: "撤回消息"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that there is to tell."""

    profile: Profile
    view: View
    others: Sequence[View]
    """Other measures of the same export."""
    fixed: Mapping[str, Any]
    """Knobs that the column or the caller settled before the search."""
    stretches: Sequence[Stretch]
    reading: ExportReading
    problems: Sequence[Problem]
    unknown_columns: Sequence[str]
    calibration: Calibration
    late: Mapping[date, Sequence[LateFact]]
    log: str

    @property
    def name(self) -> str:
        return self.profile.measure(self.view.measure).name

    @property
    def editions(self) -> list[str]:
        return [stretch.edition for stretch in self.stretches]

    def settings(self, changes: Sequence[Change]) -> dict[str, Any]:
        """What to set so that `miaohui metrics` counts the same."""
        return dict(self.fixed) | dict(changes)

    def definition(self, changes: Sequence[Change]) -> dict[str, Any]:
        """The definition with these knobs turned; of several editions the last one's."""
        return self.stretches[-1].definition.with_settings(dict(changes)).to_json()

    @property
    def silent_knobs(self) -> list[str]:
        """Knobs of which no value that was tried changes any figure."""
        idle = dict.fromkeys(change.knob for change in self.calibration.idle)
        return [knob for knob in idle if knob not in self.calibration.telling_knobs]


# JSON Lines


def emit_comparison(comparison: Comparison) -> None:
    """One object per row, per explanation and per problem, then one summary; `record` says which it is."""
    calibration = comparison.calibration
    for index, observation in enumerate(calibration.observations):
        emit(_row_record(index, observation, calibration))
    for rank, explanation in enumerate(calibration.explanations, start=1):
        emit(_explanation_record(rank, explanation, comparison))
    for problem in comparison.problems:
        emit({"record": "problem", "place": problem.place, "reason": problem.reason})
    best = calibration.best
    emit(
        {
            "record": "summary",
            "platform": comparison.profile.platform,
            "metric": comparison.view.measure,
            "view": comparison.view.id,
            "editions": comparison.editions,
            "shape": comparison.reading.shape.value,
            "columns": dict(comparison.reading.used),
            "rows": len(calibration.observations),
            "residual_in_force": str(calibration.start.residual),
            "residual": str(best.residual),
            "fits": best.fits,
            "tied": len(calibration.tied),
            "settings": comparison.settings(best.changes),
            "definition": comparison.definition(best.changes),
            "idle": [{"knob": change.knob, "value": change.value} for change in calibration.idle],
            "silent_knobs": comparison.silent_knobs,
            "tried": calibration.tried,
            "totals_left_out": comparison.reading.totals,
            "unknown_columns": list(comparison.unknown_columns),
            "other_views": [view.id for view in comparison.others],
        }
    )


def _row_record(index: int, observation: Observation, calibration: Calibration) -> dict[str, Any]:
    day, agent = observation.key
    return {
        "record": "row",
        "day": None if day is None else day.isoformat(),
        "agent": agent,
        "theirs": {
            "rate": None if observation.rate is None else observation.rate.text,
            "denominator": observation.denominator,
            "numerator": observation.numerator,
            "missed": observation.missed,
        },
        "ours": _counts_record(calibration.start, index),
        "explained": _counts_record(calibration.best, index),
        "contradictory": observation.contradicts_itself,
        "place": observation.place,
    }


def _counts_record(explanation: Explanation, index: int) -> dict[str, Any]:
    good, counted = explanation.counts[index]
    return {
        "numerator": good,
        "denominator": counted,
        "rate": str(Fraction(good, counted)) if counted else None,
        "difference": str(explanation.differences[index]),
    }


def _explanation_record(rank: int, explanation: Explanation, comparison: Comparison) -> dict[str, Any]:
    return {
        "record": "explanation",
        "rank": rank,
        "residual": str(explanation.residual),
        "changes": dict(explanation.changes),
        "words": all_in_words(explanation.changes),
        "same": [dict(changes) for changes in explanation.same],
        "settings": comparison.settings(explanation.changes),
        "definition": comparison.definition(explanation.changes),
    }


# Text


def say_comparison(comparison: Comparison) -> None:
    """A table of theirs, ours and the difference, then the explanations in words, best first."""
    calibration = comparison.calibration
    used = "、".join(comparison.reading.used.values())
    say(
        f"{comparison.profile.name} {comparison.name}：{len(calibration.observations)} 行，"
        f"起算口径 {'、'.join(comparison.editions)}，用到的列：{used}"
    )
    if comparison.view.status is Status.ASSUMED:
        say("这一列的含义没有官方出处，是我们的推定；对不上时先怀疑它。")
    say()
    for line in _table(comparison):
        say(line)
    say()
    for line in _explained(comparison):
        say(line)
    for line in _remarks(comparison):
        say(line)


def _table(comparison: Comparison) -> Iterator[str]:
    calibration = comparison.calibration
    start, best = calibration.start, calibration.best
    two = bool(calibration.explanations)
    keys = ["日期"] * any(each.key[0] for each in calibration.observations)
    keys += ["客服"] * any(each.key[1] is not None for each in calibration.observations)
    keys = keys or ["范围"]
    rows = [[*keys, "平台", "我们", "差", *(["校准后", "差"] if two else [])]]
    every = range(len(calibration.observations))
    shown = [
        index
        for index in every
        if len(every) <= _ROWS_SHOWN or start.differences[index] or best.differences[index]
    ][: 2 * _ROWS_SHOWN]
    for index in shown:
        observation = calibration.observations[index]
        row = [str(part) for part in observation.key if part is not None] or ["全部"]
        row += [_theirs(observation), _ours(start.counts[index]), _amount(start.differences[index])]
        if two:
            row += [_ours(best.counts[index]), _amount(best.differences[index])]
        rows.append(row)
    total = ["合计", *[""] * (len(keys) - 1), "", "", _amount(start.residual)]
    rows.append([*total, *(["", _amount(best.residual)] if two else [])])
    yield from aligned(rows, left=len(keys))
    if len(shown) < len(every):
        yield f"（共 {len(every)} 行，只列出 {len(shown)} 行有差别的）"


def _theirs(observation: Observation) -> str:
    parts = []
    if observation.rate is not None:
        parts.append(
            observation.rate.text if "%" in observation.rate.text else f"比率 {observation.rate.text}"
        )
    if observation.missed is not None:
        parts.append(f"未达标 {observation.missed}")
    if observation.numerator is not None:
        parts.append(f"达标 {observation.numerator}")
    if observation.denominator is not None:
        parts.append(f"共 {observation.denominator}")
    return " ".join(parts)


def _ours(counts: Counts) -> str:
    good, counted = counts
    return f"{good / counted:.2%} ({good}/{counted})" if counted else "— (0/0)"


def _amount(difference: Fraction) -> str:
    """Whole where it is; a difference of rates, weighted, is not."""
    if difference.denominator == 1:
        return str(difference)
    return f"{float(difference):.2f}" if difference >= Fraction(1, 200) else "<0.01"


def _explained(comparison: Comparison) -> Iterator[str]:
    calibration = comparison.calibration
    best = calibration.best
    if calibration.start.fits:
        yield "现行口径与平台完全对上，不用改。"
        return
    if not calibration.explanations:
        yield f"试过 {calibration.tried} 种口径，没有一种比现行口径更接近；差 {_amount(best.residual)}。"
    else:
        yield f"试过 {calibration.tried} 种口径，最能解释差别的是："
    for rank, explanation in enumerate(calibration.explanations, start=1):
        verdict = "完全对上" if explanation.fits else f"还差 {_amount(explanation.residual)}"
        yield f"{rank}. {verdict}：{all_in_words(explanation.changes)}"
        for changes in explanation.same[:_SAME_SHOWN]:
            yield f"   每一行都算得一样：{all_in_words(changes)}"
        if len(explanation.same) > _SAME_SHOWN:
            yield f"   还有 {len(explanation.same) - _SAME_SHOWN} 种设置每一行都算得一样"
    if calibration.tied:
        yield f"前 {1 + len(calibration.tied)} 种同样接近，凭这份表分不出；多导几天，或导出人数列再试。"
    if calibration.explanations:
        settings = as_options(comparison.settings(best.changes))
        yield f"按最好的一种复算：miaohui metrics {comparison.log} --platform {comparison.profile.platform} --metric {comparison.view.measure} {settings}"


def _remarks(comparison: Comparison) -> Iterator[str]:
    calibration = comparison.calibration
    if comparison.silent_knobs:
        names = "、".join(NAMES.get(knob, knob) for knob in comparison.silent_knobs)
        yield f"这些旋钮怎么拧，这几行都不变，从这份表看不出差别：{names}"
    for observation, difference in zip(calibration.observations, calibration.best.differences, strict=True):
        day = observation.key[0]
        if difference and observation.contradicts_itself:
            yield f"{observation.place}：平台这一行自己的数对不上，先核对导出表"
        elif difference and day is not None and (late := comparison.late.get(day)):
            facts = "、".join(f"{fact.at:%m-%d %H:%M} {_LATE[fact.type]}" for fact in late[:_SAME_SHOWN])
            yield f"{day} 有事后才发生的事（{facts}）；导出若早于它，请用 --as-of 写明导出时刻再试"
    if comparison.reading.totals:
        yield f"合计、平均行没有参与比较：{comparison.reading.totals} 行"
    for problem in comparison.problems[:_PROBLEMS_SHOWN]:
        yield f"跳过 {problem.place}：{problem.reason}"
    if len(comparison.problems) > _PROBLEMS_SHOWN:
        yield f"还有 {len(comparison.problems) - _PROBLEMS_SHOWN} 处被跳过，--format jsonl 列出全部"
    if comparison.unknown_columns:
        yield f"没用到、也不认得的列：{'、'.join(comparison.unknown_columns)}"
    if comparison.others:
        others = "、".join(view.id for view in comparison.others)
        yield f"表里还有别的指标：{others}；用 --metric 选"
