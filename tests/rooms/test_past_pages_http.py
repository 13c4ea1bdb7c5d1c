"""The page of past measures, on both databases: the figures of the API, by day, week and month, and as tables."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
from conftest_service import Running
from live_markup import Element, read
from openpyxl import load_workbook
from people import come_in, hire, second_shop
from room_conversations import exchange, several_days

from app.usecases.administration import add_key
from app.usecases.past_measures import stretches_of
from app.web.date_ranges import read_range, shortcuts
from app.web.routes.past_pages import USUAL_DAYS

TODAY = date(2026, 11, 22)
REPLY = "reply_3min"


@pytest.fixture
def desk(running: Running) -> Running:
    """Somebody is signed in at a shop that has spoken with buyers."""
    several_days(running)
    assert running.client.post("/sign-in", data={"key": running.key}).status_code == 200
    return running


def page(desk: Running, query: str = "") -> Element:
    answer = desk.client.get(f"/history?{query}")
    assert answer.status_code == 200, answer.text
    return read(answer.text)


def rows(card: Element) -> list[list[str]]:
    """The cells of a card's table, the newest stretch first."""
    return [
        [cell.text.strip() for cell in row.children if isinstance(cell, Element)]
        for row in card.one("tbody").all("tr")
    ]


def figures(desk: Running, by: str, first: date, last: date) -> dict[str, tuple[int, int]]:
    """What the API says of the reply rate."""
    answer = desk.ask("GET", f"/v1/measures?first_day={first}&last_day={last}&by={by}&measure={REPLY}")
    return {line[by]: (line["numerator"], line["denominator"]) for line in answer.json()["measures"]}


@pytest.mark.parametrize("per", ["day", "week", "month"])
def test_each_stretch_has_the_figure_of_the_api(desk: Running, per: str) -> None:
    first = TODAY - timedelta(days=29)
    [card] = page(desk, f"measure={REPLY}&per={per}&from={first}").all("article")
    known = figures(desk, per, first, TODAY)
    stretches = stretches_of(first, TODAY, per)
    found = {
        stretch.key: (int(row[1]), int(row[2]))
        for stretch, row in zip(reversed(stretches), rows(card), strict=True)
    }
    assert {key: pair for key, pair in found.items() if pair[1]} == known
    whole = figures(desk, "shop", first, TODAY)["demo"]
    assert f"{whole[0]} / {whole[1]}" in card.one(class_="rate-count").text


def test_a_day_without_conversations_is_a_gap_and_no_rate(desk: Running) -> None:
    [card] = page(desk, f"measure={REPLY}&from=2026-11-13").all("article")
    plot = json.loads(card.one(class_="plot").attributes["data-plot"])
    assert plot["labels"] == [f"11-{day}" for day in range(13, 23)]
    assert [bool(counted) for counted in plot["denominators"]] == [True] * 3 + [False] * 2 + [True] * 5
    assert rows(card)[-4][-1] == "暂无"
    assert {line["kind"] for line in plot["lines"]} == {"penalty", "goal"}
    assert all(len(line["values"]) == 10 for line in plot["lines"])


@pytest.mark.parametrize("per", ["day", "week"])
def test_every_agent_has_his_own_figures(desk: Running, per: str) -> None:
    first = TODAY - timedelta(days=9)
    root = page(desk, f"measure={REPLY}&of=agent&from={first}&per={per}")
    found = {row[0]: (int(row[3]), int(row[4])) for row in rows(root.one("section", "standings"))}
    assert found == figures(desk, "agent", first, TODAY)
    own = page(desk, f"measure={REPLY}&of=agent&from={first}&per={per}&name={quote('小周')}")
    [card] = own.all("article")
    counted = [(int(row[1]), int(row[2])) for row in rows(card)]
    assert (sum(good for good, _ in counted), sum(all_ for _, all_ in counted)) == found["小周"]
    assert "小周" in card.one("h2").text


def test_what_is_still_running_is_pending_and_in_no_rate(desk: Running) -> None:
    desk.post(exchange(900, desk.clock(), None))
    [card] = page(desk, f"measure={REPLY}&from={TODAY}").all("article")
    assert "另有 1 条还在计时" in " ".join(card.one(class_="rate-count").text.split())
    assert rows(card)[0][1:4] == ["4", "6", "1"]


def test_the_edition_and_its_source_are_shown(desk: Running) -> None:
    for card in page(desk).all("article"):
        edition = card.one("p", "edition")
        assert edition.one(class_="badge").text.strip()
        assert "“" in edition.text


def test_a_shop_without_conversations_is_told_what_to_do(on_sqlite: Running) -> None:
    on_sqlite.client.post("/sign-in", data={"key": on_sqlite.key})
    root = read(on_sqlite.client.get("/history").text)
    assert "没有可计的数据" in root.one(class_="empty").text
    assert not root.all("article")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=2026-13-01", "2026-11-22 这样"),
        ("from=2026-11-22&to=2026-11-01", "对调"),
        ("from=2001-01-01", "最多看"),
        ("from=0001-01-01&to=0001-01-02", "没有数据"),
    ],
)
def test_days_that_cannot_be_shown_are_told_and_stay_in_their_fields(
    desk: Running, query: str, words: str
) -> None:
    answer = desk.client.get(f"/history?{query}")
    root = read(answer.text)
    assert answer.status_code == 422
    assert words in root.one(id="range-fault").text
    first = query.partition("&")[0].removeprefix("from=")
    assert root.one("input", name="from").attributes["value"] == first
    assert root.all("article")


def test_unknown_names_in_the_address_are_as_if_they_were_not_there(desk: Running) -> None:
    usual = [card.one("h2").text for card in page(desk).all("article")]
    odd = page(desk, "per=hour&of=planet&measure=nonsense&name=x")
    assert [card.one("h2").text for card in odd.all("article")] == usual


def downloaded(desk: Running, kind: str, query: str) -> list[list[Any]]:
    answer = desk.client.get(f"/history/table.{kind}?{query}")
    assert answer.status_code == 200
    assert f'filename="history-2026-11-13-2026-11-22.{kind}"' in answer.headers["content-disposition"]
    if kind == "csv":
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    return [list(row) for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_table_has_a_row_for_each_day_that_counts(desk: Running, kind: str) -> None:
    headers, *found = downloaded(desk, kind, f"measure={REPLY}&from=2026-11-13")
    assert headers[:10] == [
        "指标",
        "名称",
        "店铺",
        "从",
        "到",
        "达标数",
        "计入数",
        "比率",
        "待定数",
        "口径版本",
    ]
    assert len(found) == 8
    newest = found[-1]
    assert newest[3:5] == ["2026-11-22", "2026-11-22"]
    assert [int(value) for value in newest[5:7]] == [4, 6]
    rate = newest[7] if isinstance(newest[7], float) else float(Fraction(newest[7].removesuffix("%")) / 100)
    assert rate == pytest.approx(4 / 6, abs=1e-4)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_name_acts_as_a_formula_in_a_table(desk: Running, kind: str) -> None:
    evil = "=HYPERLINK(1)"
    desk.post(exchange(901, desk.clock() - timedelta(minutes=40), 30, agent=evil))
    found = downloaded(desk, kind, f"measure={REPLY}&of=agent&from=2026-11-13")
    [named] = [row[2] for row in found if "HYPERLINK" in str(row[2])]
    assert named == ("'" + evil if kind == "csv" else evil)
    if kind == "xlsx":
        answer = desk.client.get(f"/history/table.xlsx?measure={REPLY}&of=agent&from=2026-11-13")
        sheet = load_workbook(io.BytesIO(answer.content)).active
        assert sheet is not None
        [cell] = [cell for row in sheet.iter_rows() for cell in row if cell.value == evil]
        assert cell.data_type == "s"


def test_a_member_of_several_shops_compares_them_and_nobody_else_does(desk: Running) -> None:
    second_shop(desk, "other", "别家")
    second_shop(desk, "strange", "与我无关")
    hire(desk, "lin", "supervisor")
    hire(desk, "lin", "agent", "other")
    key = desk.service.writer.submit(lambda db: add_key(db, "other", desk.clock())).result(30)
    events = exchange(902, desk.clock() - timedelta(minutes=30), 30, agent="阿强")
    headers = {"authorization": f"Bearer {key}"}
    assert desk.client.post("/v1/events", json=events, headers=headers).status_code == 200
    assert "我的各家店铺" not in page(desk).one("select", name="of").text
    assert come_in(desk, "lin").status_code == 200
    root = page(desk, "of=shops&from=2026-11-13")
    names = {row[0] for section in root.all("section", "standings") for row in rows(section)}
    assert names == {"演示店", "别家"}
    heads = [section.one("h2").text for section in root.all("section", "standings")]
    assert any(head.startswith("抖店") or head.startswith("抖音") for head in heads), heads
    table = downloaded(desk, "csv", f"of=shops&measure={REPLY}&from=2026-11-13")
    assert {row[2] for row in table[1:]} == {"演示店", "别家"}


def test_a_table_of_an_unknown_kind_or_of_wrong_days_is_a_page_that_says_so(desk: Running) -> None:
    assert desk.client.get("/history/table.exe").status_code == 404
    assert desk.client.get("/history/table.csv?from=x").status_code == 422


def test_whoever_may_not_read_is_told(desk: Running) -> None:
    key = desk.service.writer.submit(
        lambda db: add_key(db, "demo", desk.clock(), scopes=("dashboard",))
    ).result(30)
    desk.client.post("/sign-in", data={"key": key})
    for path in ("/history", "/history/table.csv", "/words", "/words/findings", "/words/session?id=s1"):
        assert desk.client.get(path).status_code == 403, path


def test_nobody_sees_another_shop(desk: Running) -> None:
    desk.client.cookies.clear()
    for path in ("/history", "/words", "/words/findings", "/words/rules", "/hours", "/hours/roster"):
        answer = desk.client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path


def test_the_usual_days_end_today_and_shortcuts_name_what_is_shown() -> None:
    days = read_range({}, TODAY, days=USUAL_DAYS, most=800)
    assert (days.first, days.last) == (date(2026, 10, 24), TODAY)
    assert [each.name for each in shortcuts(days, TODAY) if each.here] == ["近 30 天"]
    month = {each.name: (each.first, each.last) for each in shortcuts(days, date(2026, 1, 1))}
    assert month["上月"] == (date(2025, 12, 1), date(2025, 12, 31))


@pytest.mark.parametrize(
    ("per", "keys"),
    [
        ("day", ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02", "2027-01-03", "2027-01-04"]),
        ("week", ["2026-W53", "2027-W01"]),
        ("month", ["2026-12", "2027-01"]),
    ],
)
def test_days_are_cut_into_stretches_that_hold_each_of_them_once(per: str, keys: list[str]) -> None:
    first, last = date(2026, 12, 30), date(2027, 1, 4)
    found = stretches_of(first, last, per)
    assert [stretch.key for stretch in found] == keys
    assert (found[0].first_day, found[-1].last_day) == (first, last)
    assert all(after.first_day - before.last_day == timedelta(days=1) for before, after in pairwise(found))
