"""Measures as records and as tables, alike at the command line and over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Final

from app.core.measures import MeasureResult
from app.core.profiles import Edition, Line, Measure
from app.gateways.spreadsheets import Value

LINE_NAMES: Final = {"penalty_line": "平台线", "platform_target": "平台目标", "own_goal": "自定目标"}
_KEY_NAMES: Final = {
    "shop": "店铺",
    "group": "分组",
    "agent": "客服",
    "hour": "小时",
    "day": "日期",
    "week": "周",
    "month": "月份",
}
_MET: Final = {True: "达到", False: "未达到", None: ""}


def result_record(metric: str, result: MeasureResult) -> dict[str, Any]:
    """The counts of a measure; under the name of what it is split by the key, null where nobody or nothing bears it."""
    record: dict[str, Any] = {
        "metric": metric,
        "numerator": result.numerator,
        "denominator": result.denominator,
        "rate": result.rate_text,
        "pending": result.pending,
    }
    if result.key is not None:
        record[result.key[0]] = result.key[1] or None
    return record


def measure_record(
    platform: str, measure: Measure, editions: Sequence[Edition], result: MeasureResult
) -> dict[str, Any]:
    """The counts of a platform's measure, the editions that judged it, and how it stands to the lines of the last."""
    record = result_record(measure.id, result) | {
        "platform": platform,
        "name": measure.name,
        "kind": measure.kind.value,
        "editions": [edition.id for edition in editions],
    }
    if editions:
        record["status"] = editions[-1].status.value
        for name, line in lines_of(editions[-1]):
            record[name] = {
                "op": line.op,
                "value": str(line.value),
                "met": line.met(result.numerator, result.denominator),
            }
    return record


def lines_of(edition: Edition) -> Iterator[tuple[str, Line]]:
    """The lines that an edition has, by their name."""
    for name in LINE_NAMES:
        line = getattr(edition, name)
        if line is not None:
            yield name, line


def measure_table(
    records: Sequence[dict[str, Any]], by: str | None
) -> tuple[list[str], Iterator[list[Value]]]:
    """Records as a table: headers, and a row for each. An empty denominator has no rate."""
    headers = ["平台", "指标", "名称", *([] if by is None else [_KEY_NAMES[by]])]
    headers += ["达标数", "计入数", "比率", "待定数", "口径版本"]
    for header in LINE_NAMES.values():
        headers += [header, f"{header}结果"]
    return headers, (_row(record, by) for record in records)


def _row(record: dict[str, Any], by: str | None) -> list[Value]:
    row: list[Value] = [record.get("platform"), record["metric"], record.get("name")]
    if by is not None:
        row.append(record[by] or "（无）")
    rate = Fraction(record["numerator"], record["denominator"]) if record["denominator"] else None
    row += [record["numerator"], record["denominator"], rate, record["pending"]]
    row.append("、".join(record.get("editions", ())))
    for name in LINE_NAMES:
        line = record.get(name)
        row += [None, None] if line is None else [line_text(line), _MET[line["met"]]]
    return row


def line_text(line: dict[str, Any]) -> str:
    """A line of a record for people: "≥70%"."""
    sign = {">=": "≥", "<=": "≤"}.get(line["op"], line["op"])
    return f"{sign}{float(100 * Fraction(line['value'])):g}%"
