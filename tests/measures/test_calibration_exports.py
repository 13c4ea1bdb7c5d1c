"""Tables as platforms and people make them, read into observations."""

from __future__ import annotations

import io
from datetime import date
from fractions import Fraction
from typing import Any

import openpyxl
import pytest

from app.core.calibration import Observation, Shape
from app.gateways.exports import (
    ExportError,
    ExportReading,
    find_tables,
    header_key,
    load_catalogue,
    observe,
    read_sheets,
    unknown_columns,
    views_in,
)
from app.gateways.exports.cells import CellError, is_total, read_count, read_day, read_rates, says_nothing
from app.gateways.exports.columns import CatalogueError, read_catalogue
from app.platforms.catalog import load_profiles

PLAIN = "日期,咨询人数,3分钟未回复人数,3分钟人工回复率\n2024-03-05,60,10,83.33%\n2024-03-06,50,0,100%\n"


def read(
    content: bytes,
    *,
    platform: str = "pinduoduo",
    view: str = "reply_3min",
    by_hand: dict[str, str] | None = None,
    year: int | None = None,
) -> ExportReading:
    catalogue = load_catalogue()
    hand = by_hand or {}
    tables = find_tables(read_sheets(content), catalogue, platform, hand)
    found = catalogue.of(platform).view(view)
    assert found is not None
    return observe(tables, found, catalogue, hand, year=year)


def workbook(*sheets: tuple[str, list[list[Any]]], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cell, number_format in (formats or {}).items():
            sheet[cell].number_format = number_format
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def facts(reading: ExportReading) -> list[tuple[Any, ...]]:
    return [
        (*each.key, each.denominator, each.missed, None if each.rate is None else each.rate.text)
        for each in reading.observations
    ]


EXPECTED = [
    (date(2024, 3, 5), None, 60, 10, "83.33%"),
    (date(2024, 3, 6), None, 50, 0, "100%"),
]


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("gbk"),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", "\t").encode("gbk"),
        PLAIN.replace("\n", "\r\n").encode(),
        ("店铺客服数据报表\n导出时间：2024-03-08 10:00\n\n" + PLAIN).encode(),
        (PLAIN + '合计,"1,110",10,91.00%\n平均值,55,5,91.00%\n说明：数据每日更新\n').encode(),
        PLAIN.replace("3分钟人工回复率", "三分钟人工回复率（8－23点）").encode(),
        PLAIN.replace("2024-03-05", '="2024/3/5"').replace("2024-03-06", "20240306").encode(),
    ],
    ids=["utf8", "bom", "gbk", "utf16", "tabs", "crlf", "titles", "totals", "spelling", "days"],
)
def test_delimited_tables_in_the_shapes_that_people_have(content: bytes) -> None:
    reading = read(content)
    assert facts(reading) == EXPECTED
    assert reading.shape is Shape.DAY
    assert reading.problems == ()
    assert reading.used["denominator"] == "咨询人数"


def test_thousands_stay_whole_in_tab_separated_text() -> None:
    text = "日期\t咨询人数\t3分钟未回复人数\n2024-03-05\t1,234\t1,000\n2024-03-06\t2,345\t1,001\n"
    assert [(each.denominator, each.missed) for each in read(text.encode()).observations] == [
        (1234, 1000),
        (2345, 1001),
    ]


def test_a_workbook_with_real_dates_numbers_and_percents() -> None:
    content = workbook(
        (
            "每日",
            [
                ["客服数据"],
                ["日期", "咨询人数", "3分钟未回复人数", "3分钟人工回复率"],
                [date(2024, 3, 5), 60, 10, 50 / 60],
                [45357, 50, 0, 1],
                ["汇总", 110, 10, 0.9],
            ],
        ),
        formats={"D3": "0.00%", "D4": "0.00%"},
    )
    reading = read(content)
    first, second = reading.observations
    assert (first.key[0], second.key[0]) == (date(2024, 3, 5), date(2024, 3, 6))
    assert (first.denominator, first.missed) == (60, 10)
    assert first.rate is not None
    # Kept in full by the workbook: nothing but the very fraction fits.
    assert first.rate.distance(Fraction(50, 60)) == 0
    assert first.rate.distance(Fraction(8334, 10_000)) > 0
    assert reading.totals == 1


def test_all_sheets_are_read_and_a_day_told_twice_is_reported() -> None:
    rows: list[list[Any]] = [["日期", "咨询人数", "3分钟未回复人数"], ["2024-03-05", 60, 10]]
    content = workbook(("三月", rows), ("说明", [["本表仅供参考"]]), ("再来", [*rows, ["2024-03-06", 5, 1]]))
    reading = read(content)
    assert [each.denominator for each in reading.observations] == [60, 5]
    [problem] = reading.problems
    assert "再来" in problem.place
    assert "三月" in problem.reason


def test_a_formula_that_was_never_computed_is_reported_not_taken_for_nothing() -> None:
    content = workbook(
        (
            "S",
            [
                ["日期", "咨询人数", "3分钟未回复人数"],
                ["2024-03-05", "=B9", 1],
                ["2024-03-06", 5, 1],
            ],
        )
    )
    reading = read(content)
    [problem] = reading.problems
    assert "B2" in problem.place
    assert "=B9" in problem.reason
    assert [each.denominator for each in reading.observations] == [None, 5]


def test_bad_cells_are_named_by_row_and_column_and_skipped() -> None:
    text = (
        "日期,咨询人数,3分钟未回复人数,3分钟人工回复率\n"
        "2024-03-05,60,十,83.33%\n"
        "3月6日,50,0,100%\n"
        "2024-02-30,50,0,100%\n"
        "2024-03-07,1.2万,0,101%\n"
        "2024-03-08,--,-,\n"
        "2024-03-09,70,1,98.57%\n"
    )
    reading = read(text.encode())
    assert [(problem.place, problem.reason.split("，")[0]) for problem in reading.problems] == [
        ("第 5 行第 4 列（3分钟人工回复率）", "「101%」超过 100%"),
        ("第 2 行第 3 列（3分钟未回复人数）", "「十」不是整数"),
        ("第 3 行第 1 列（日期）", "「3月6日」没有年份"),
        ("第 4 行第 1 列（日期）", "「2024-02-30」没有这一天"),
        ("第 5 行第 2 列（咨询人数）", "「1.2万」不是整数"),
    ]
    assert facts(reading) == [
        (date(2024, 3, 5), None, 60, None, "83.33%"),
        (date(2024, 3, 7), None, None, 0, None),
        (date(2024, 3, 9), None, 70, 1, "98.57%"),
    ]
    assert date(2023, 3, 6) in [each.key[0] for each in read(text.encode(), year=2023).observations]


def test_agents_and_days() -> None:
    text = (
        "客服昵称,日期,咨询人数,3分钟未回复人数\n"
        "小林,2024-03-05,6,1\n小周,2024-03-05,7,2\n,2024-03-05,1,0\n合计,2024-03-05,13,3\n"
    )
    reading = read(text.encode())
    assert reading.shape is Shape.AGENT_DAY
    assert [each.key for each in reading.observations] == [
        (date(2024, 3, 5), "小林"),
        (date(2024, 3, 5), "小周"),
    ]
    assert (len(reading.problems), reading.totals) == (1, 1)


def test_one_row_for_everything_and_several_without_a_key() -> None:
    assert read("咨询人数,3分钟未回复人数\n60,10\n".encode()).shape is Shape.TOTAL
    with pytest.raises(ExportError, match="日期列"):
        read("咨询人数,3分钟未回复人数\n60,10\n70,10\n".encode())


def test_columns_are_mapped_by_hand_and_left_alone_by_hand() -> None:
    text = "某日,老客率,咨询人数\n2024-03-05,83.3%,60\n"
    reading = read(text.encode(), by_hand={"某日": "day", "老客率": "rate", "咨询人数": "ignore"})
    [row] = reading.observations
    assert (row.key[0], row.denominator) == (date(2024, 3, 5), None)
    assert row.rate is not None
    assert (row.rate.low, row.rate.high) == (Fraction("0.8325"), Fraction("0.8335"))
    with pytest.raises(ExportError, match="没有 --column 说的列：不在"):
        read(PLAIN.encode(), by_hand={"不在": "rate"})


def test_unknown_columns_are_listed_and_known_ones_beside_are_not() -> None:
    catalogue = load_catalogue()
    text = PLAIN.replace("日期,", "日期,心情,人工接待人数,").replace("-05,", "-05,好,3,")
    tables = find_tables(read_sheets(text.encode()), catalogue, "pinduoduo", {})
    assert unknown_columns(tables, catalogue, "pinduoduo") == ["心情"]
    assert [view.id for view in views_in(tables, catalogue.of("pinduoduo"))] == ["reply_3min"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "没有找到认得的表头"),
        ("随便,写写\n1,2\n".encode(), "随便、写写"),
        (b"\xd0\xcf\x11\xe0rest", ".xlsx"),
        (b"PK\x03\x04broken", "xlsx"),
        (b"<html><table>", "网页"),
        ("日期,3分钟人工回复率\n,\n".encode(), "没有可以比较的行"),
        (b"\xff\xff\xff\x00", "编码"),
    ],
)
def test_what_is_no_export_is_refused_with_a_remedy(content: bytes, said: str) -> None:
    with pytest.raises(ExportError, match=said):
        read(content)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2024-03-05", date(2024, 3, 5)),
        ("2024/3/5", date(2024, 3, 5)),
        ("2024.03.05", date(2024, 3, 5)),
        ("20240305", date(2024, 3, 5)),
        ("2024年3月5日", date(2024, 3, 5)),
        ("2024-03-05 00:00:00", date(2024, 3, 5)),
        ("2024-03-05（周二）", date(2024, 3, 5)),
        ("2024-03-05 星期二", date(2024, 3, 5)),
        ("2024-03-05~2024-03-05", date(2024, 3, 5)),
        ("2024-03-05 至 2024/3/5", date(2024, 3, 5)),
        ("45356", date(2024, 3, 5)),
        ("3月5日", date(2023, 3, 5)),
        ("03-05", date(2023, 3, 5)),
        ("３／５", date(2023, 3, 5)),
    ],
)
def test_a_day_in_any_usual_spelling(cell: str, day: date) -> None:
    assert read_day(cell, 2023) == day


@pytest.mark.parametrize(
    "cell", ["2024-03-05~2024-03-06", "2024-13-01", "昨天", "99999", "2024-03", "2024-03-05x"]
)
def test_what_is_no_day_is_not_guessed(cell: str) -> None:
    with pytest.raises(CellError):
        read_day(cell, 2024)


def test_counts_are_whole_or_refused() -> None:
    assert [read_count(cell) for cell in ("0", "1,234", "１２", "12.0", "7人", "1,234,567")] == [
        0,
        1234,
        12,
        12,
        7,
        1234567,
    ]
    for cell in ("1.5", "-3", "12,34", "1e3", "约5", "1.2万"):
        with pytest.raises(CellError):
            read_count(cell)


def test_a_rate_is_as_precise_as_its_column() -> None:
    rates, errors = read_rates({1: "83.33%", 2: "90%", 3: "83.3 ％"})
    assert errors == {}
    assert (rates[2].low, rates[2].high) == (Fraction("0.89995"), Fraction("0.90005"))
    assert rates[3].low == Fraction("0.83295")


@pytest.mark.parametrize(
    ("cells", "in_percent", "low"),
    [
        (["0.8333", "1"], False, "0.83325"),
        (["83.33", "90"], False, "0.83325"),
        (["0.83", "0.5"], True, "0.00825"),
        (["1", "0"], False, "0.995"),
    ],
)
def test_a_bare_number_is_a_fraction_unless_its_column_says_percent(
    cells: list[str], in_percent: bool, low: str
) -> None:
    rates, _ = read_rates(dict(enumerate(cells)), in_percent=in_percent)
    assert rates[0].low == Fraction(low)


def test_words_for_nothing_and_for_totals() -> None:
    assert all(says_nothing(cell) for cell in ("", " ", "-", "--", "—", "N/A", "暂无"))
    assert not any(says_nothing(cell) for cell in ("0", "0%", "小林"))
    assert all(is_total(cell) for cell in ("合计", "汇 总", "平均值", "总计（12人）", "日均"))
    assert not any(is_total(cell) for cell in ("小林", "平均姐", "2024-03-05"))


def test_headers_are_compared_without_their_dress() -> None:
    assert header_key("三分钟 回复率（人维度）") == header_key("3分钟回复率(人维度)%")
    assert header_key("3分钟人工回复率（8~23点）") == header_key("3分钟人工回复率(8-23点)")
    assert header_key("满意率") != header_key("不满意率")


def test_every_view_is_of_a_measure_that_its_platform_has_and_takes_its_knobs() -> None:
    catalogue = load_catalogue()
    profiles = load_profiles()
    assert set(catalogue.platforms) == set(profiles)
    for platform, columns in catalogue.platforms.items():
        ids = [view.id for view in columns.views]
        assert len(set(ids)) == len(ids) > 0
        for view in columns.views:
            measure = profiles[platform].measure(view.measure)
            for edition in measure.editions:
                edition.definition.with_settings(view.settings)
            names = [name for quantity in view.columns.values() for name in quantity]
            assert len(set(names)) == len(names)
            assert not set(names) & columns.beside


@pytest.mark.parametrize(
    "text",
    [
        "day: [日期]",
        "day: 日期\nagent: []\nplatforms: {}",
        "day: []\nagent: []\nplatforms: {x: {views: [{id: a, measure: a, status: stated, columns: {speed: [b]}}]}}",
        "day: []\nagent: []\nplatforms: {x: {views: [{id: a, measure: a, status: sure, columns: {rate: [b]}}]}}",
        "]",
    ],
)
def test_a_broken_file_of_columns_is_refused(text: str) -> None:
    with pytest.raises(CatalogueError, match=r"columns\.yaml"):
        read_catalogue(text)


def test_an_observation_knows_its_row() -> None:
    [first, _] = read(PLAIN.encode()).observations
    assert isinstance(first, Observation)
    assert first.place == "第 2 行"
