"""The measures over HTTP: tables for Excel, by shop, and forecasts from the counts."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from random import Random

import openpyxl
from conftest_service import Running
from sqlmodel import select

from app.core.events import parse_event
from app.core.measures import History, evaluate_measure
from app.db.tables import EventRow
from app.usecases.forecasts import read_forecasts
from app.usecases.shops import read_shop
from app.usecases.standing import infer, plan_of


def test_measures_come_as_tables_for_excel(on_sqlite: Running) -> None:
    on_sqlite.post(on_sqlite.message("m1", session="s1", buyer="b1"))
    on_sqlite.clock.forward(60)
    on_sqlite.post(on_sqlite.reply("r1", session="s1", buyer="b1") | {"agent": "=HYPERLINK(1)"})
    lines = on_sqlite.ask("GET", "/v1/measures?by=agent").json()["measures"]
    as_csv = on_sqlite.ask("GET", "/v1/measures?by=agent&format=csv")
    assert as_csv.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(as_csv.content.decode("utf-8-sig"))))
    assert [(row["指标"], int(row["达标数"]), int(row["计入数"])) for row in rows] == [
        (line["metric"], line["numerator"], line["denominator"]) for line in lines
    ]
    assert {row["客服"] for row in rows} == {"'=HYPERLINK(1)"}
    as_xlsx = on_sqlite.ask("GET", "/v1/measures?by=agent&format=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx.content)).active
    assert sheet is not None
    cells = list(sheet.iter_rows(min_row=2))
    assert len(cells) == len(lines)
    assert all(cell.data_type != "f" for row in cells for cell in row)
    assert on_sqlite.ask("GET", "/v1/measures?format=pdf").status_code == 422


def test_a_shop_is_named_where_figures_are_split_by_shop(on_sqlite: Running) -> None:
    on_sqlite.post(on_sqlite.message("m1", session="s1", buyer="b1"))
    whole = on_sqlite.ask("GET", "/v1/measures").json()["measures"]
    named = on_sqlite.ask("GET", "/v1/measures?by=shop").json()["measures"]
    shops = {line.pop("shop") for line in named}
    assert len(shops) == 1
    assert named == whole


def test_a_forecast_tells_what_stands_and_why_it_says_no_more(on_sqlite: Running) -> None:
    on_sqlite.post(on_sqlite.message("m1", session="s1", buyer="b1"))
    on_sqlite.clock.forward(60)
    on_sqlite.post(on_sqlite.reply("r1", session="s1", buyer="b1"))
    measured = {line["metric"]: line for line in on_sqlite.ask("GET", "/v1/measures").json()["measures"]}
    forecasts = on_sqlite.ask("GET", "/v1/forecast?period=natural_day").json()["forecasts"]
    assert {each["metric"] for each in forecasts} == set(measured)
    for each in forecasts:
        line = measured[each["metric"]]
        assert (each["numerator"], each["denominator"], each["pending"]) == (
            line["numerator"],
            line["denominator"],
            line["pending"],
        )
        assert each["forecast"] is None
        assert each["reason"] == ("too_few_items" if each["denominator"] else "nothing_counted")
        assert "penalty" in each
    agents = on_sqlite.ask("GET", "/v1/forecast?by=agent").json()["forecasts"]
    assert agents
    assert all("penalty" not in each for each in agents)
    for wrong in ("period=year", "by=hour", "measure=nothing"):
        assert on_sqlite.ask("GET", f"/v1/forecast?{wrong}").status_code == 422


def test_a_forecast_from_the_counts_is_the_one_from_the_log(on_sqlite: Running) -> None:
    """Three weeks of a small shop: what the service looks ahead from is what the journal says."""
    chance = Random(7)
    begin = on_sqlite.clock() - timedelta(days=21)
    events = []
    for number in range(240):
        at = begin + timedelta(hours=chance.randrange(21 * 24), seconds=chance.randrange(3600))
        who = {"session": f"s{number}", "buyer": f"b{number % 90}"}
        answered = at + timedelta(seconds=chance.choice((20, 90, 150, 400)))
        events.append(on_sqlite.message(f"m{number}", **who) | {"at": at.isoformat()})
        events.append(
            on_sqlite.reply(f"r{number}", **who) | {"at": answered.isoformat(), "agent": chance.choice("AB")}
        )
    assert on_sqlite.post(events).status_code == 200
    now = on_sqlite.clock()
    with on_sqlite.db() as db:
        shop = read_shop(db, on_sqlite.service.knowledge.profiles, on_sqlite.shop.shop_id)
        whole = read_forecasts(db, shop, shop.profile.measures, now, period="natural_month")
        agents = read_forecasts(db, shop, shop.profile.measures, now, period="natural_month", by_agent=True)
        plan = plan_of(shop.profile)
        journal = [infer(parse_event(body), plan) for body in db.exec(select(EventRow.body))]
    history = History.of(sorted(journal, key=lambda event: (event.at, event.id)), as_of=now)
    month = now.astimezone(shop.timezone).date().replace(day=1)
    for found, by in ((whole, None), (agents, "agent")):
        for each in found:
            key = "" if each.key is None else each.key[1]
            results = evaluate_measure(
                history, each.measure, first_day=month, last_day=date(2026, 11, 30), by=by
            ).results
            (result,) = [one for one in results if by is None or (one.key or ("", ""))[1] == key]
            told = each.forecast
            assert (told.numerator, told.denominator, told.pending) == (
                result.numerator,
                result.denominator,
                result.pending,
            )
    assert any(each.forecast.ending is not None for each in whole)
    assert {each.key for each in agents} == {("agent", "A"), ("agent", "B")}
