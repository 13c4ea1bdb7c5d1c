"""The quality of a shop over HTTP and in its pages, on both databases."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from conftest_service import Running
from live_markup import read
from sample_week import SUNDAY_NIGHT, Talk, answered, events_of, parsed, week

from app.core.quality.figures import total
from app.core.quality.reviews import Kind
from app.core.quality.weeks import Week
from app.db.ratings import rating_events
from app.usecases.administration import add_key, add_shop, principal_of_key
from app.usecases.quality_report import log_report, shop_report
from app.usecases.quality_reviews import look_at_sessions
from app.usecases.review_shelf import ReviewShelf
from app.usecases.web_sessions import open_web_session
from app.web.auth import COOKIE

W47 = Week.named("2026-W47")
HOSTILE = "=cmd|' /C calc'!A0"


def send(running: Running, talks: list[Talk]) -> None:
    running.clock.now = SUNDAY_NIGHT
    events = events_of(talks)
    for start in range(0, len(events), 400):
        answer = running.post(events[start : start + 400])
        assert answer.status_code == 200, answer.text


def signed_in(running: Running, scopes: tuple[str, ...], shop: str = "demo") -> dict[str, str]:
    def sign_in(db: Any) -> str:
        principal = principal_of_key(db, add_key(db, shop, running.clock(), scopes=scopes))
        assert principal is not None
        return open_web_session(db, principal, running.clock())

    return {"cookie": f"{COOKIE}={running.service.writer.submit(sign_in).result(10)}"}


async def test_a_shops_week_is_that_of_its_log(running: Running) -> None:
    send(running, week())
    stored = await shop_report(running.service, "demo", W47.first, W47.last)
    knowledge = running.service.knowledge
    logged = log_report(
        parsed(week()),
        knowledge.profiles["kuaishou"],
        W47.first,
        W47.last,
        SUNDAY_NIGHT,
        knowledge.linter,
        knowledge.moods,
    )
    assert stored.figures == logged.figures
    assert stored.invitations == logged.invitations
    assert stored.reviews == tuple(logged.reviews)
    assert stored.reviews
    assert stored.main is not None
    assert total(each.tally for each in stored.main.by_group) == stored.main.whole


def test_programs_read_rates_and_sessions(running: Running) -> None:
    send(running, week())
    found = running.ask("GET", "/v1/quality?week=2026-W47").json()
    good = found["measures"][0]
    assert (good["metric"], good["numerator"], good["denominator"], good["rate"]) == (
        "good_rate",
        18,
        20,
        "9/10",
    )
    assert good["editions"] == [
        {"id": "human-2023-03", "from": "2023-03-27", "to": None, "status": "reported"}
    ]
    assert good["lines"]["penalty_line"] == {"op": ">", "value": "4/5", "met": True, "needed": 0, "room": 2}
    assert sum(each["numerator"] for each in good["by_agent"]) == good["numerator"]
    attitude = found["measures"][1]
    assert (attitude["in_force"], attitude["numerator"], attitude["lines"]) == (False, 1, {})
    assert found["total"] == len(found["sessions"]) == 6
    bad = found["sessions"][0]
    assert (bad["session"], bad["agent"], bad["label"], bad["longest_wait_s"]) == ("bad", "小周", "失望", 400)
    assert [each["rule"] for each in bad["findings"]]
    assert bad["asked_again"] == [["bad-1", "bad-3"]]
    assert found["unread"] == 0


@pytest.mark.parametrize(
    ("query", "sessions"),
    [
        ("agent=阿哲", {"promise", "complaint"}),
        ("group=售前", {"promise", "complaint"}),
        ("label=一般", {"so-so"}),
        ("kind=invited_upset", {"after-invite"}),
        ("kind=attitude&agent=小林", set()),
    ],
)
def test_sessions_are_narrowed_and_rates_are_not(on_sqlite: Running, query: str, sessions: set[str]) -> None:
    send(on_sqlite, week())
    found = on_sqlite.ask("GET", f"/v1/quality?week=2026-W47&{query}").json()
    assert {each["session"] for each in found["sessions"]} == sessions
    assert found["measures"][0]["denominator"] == 20


def test_sessions_come_in_pages(on_sqlite: Running) -> None:
    send(on_sqlite, week())
    whole = on_sqlite.ask("GET", "/v1/quality?week=2026-W47").json()["sessions"]
    pages = [
        on_sqlite.ask("GET", f"/v1/quality?week=2026-W47&start={n}&limit=2").json()["sessions"]
        for n in (0, 2, 4)
    ]
    assert [each for page in pages for each in page] == whole


@pytest.mark.parametrize(
    "query",
    [
        "week=2026-W54",
        "week=0001-W01",
        "week=2026-W47&first_day=2026-11-16",
        "first_day=2026-11-22&last_day=2026-11-16",
        "first_day=2026-01-01&last_day=2026-11-16",
        "first_day=0001-01-01&last_day=0001-01-02",
        "kind=angry",
        "limit=0",
        "start=-1",
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_reason(on_sqlite: Running, query: str) -> None:
    answer = on_sqlite.ask("GET", f"/v1/quality?{query}")
    assert answer.status_code == 422
    assert answer.json()["reason"]


async def test_a_late_event_and_a_new_rating_are_seen_at_the_next_look(running: Running) -> None:
    talk = answered("s", "18T10:00")
    send(running, [talk])
    [before] = (await look_at_sessions(running.service, "demo", W47.first, W47.last)).reviews
    assert before.kinds == ()
    said_before = talk.events[1] | {
        "id": "late",
        "text": "怎么又坏了，你们太过分了，差劲",
        "at": talk.events[1]["at"],
    }
    running.post([said_before])
    [late] = (await look_at_sessions(running.service, "demo", W47.first, W47.last)).reviews
    assert len(late.waits) == len(before.waits) + 1
    running.post(talk.rated("失望", "服务态度差").events[-1])
    [rated] = (await look_at_sessions(running.service, "demo", W47.first, W47.last)).reviews
    assert rated.kinds[0] is Kind.ATTITUDE


async def test_an_unanswered_message_becomes_late_with_time_alone(on_sqlite: Running) -> None:
    send(on_sqlite, [Talk("s", "22T23:29").buyer_says("这件有货吗")])
    [waiting] = (await look_at_sessions(on_sqlite.service, "demo", W47.first, W47.last)).reviews
    assert waiting.unanswered == 0
    on_sqlite.clock.now += timedelta(minutes=5)
    [late] = (await look_at_sessions(on_sqlite.service, "demo", W47.first, W47.last)).reviews
    assert late.unanswered == 1


async def test_a_big_week_is_read_lot_by_lot(on_sqlite: Running) -> None:
    send(on_sqlite, week())
    whole = await look_at_sessions(on_sqlite.service, "demo", W47.first, W47.last)
    on_sqlite.service.reviews = ReviewShelf()
    seen = []
    for _ in range(20):
        looked = await look_at_sessions(on_sqlite.service, "demo", W47.first, W47.last, most=4)
        seen.append((len(looked.reviews), looked.unread))
        if not looked.unread:
            break
    assert [read_ + unread for read_, unread in seen] == [len(whole.reviews)] * len(seen)
    assert seen[0][0] == 4
    assert looked == whole


def test_invitations_and_ratings_are_found_by_their_own_index(running: Running) -> None:
    send(running, week())
    with running.db() as db:
        found = rating_events(db, "demo", SUNDAY_NIGHT - timedelta(days=30), SUNDAY_NIGHT)
        assert {event.type.value for event in found} == {"rating", "invite_sent"}
        told = [event["id"] for event in events_of(week()) if event["type"] in ("rating", "invite_sent")]
        assert sorted(event.id for event in found) == sorted(told)
        if running.service.engine.dialect.name == "sqlite":
            plan = db.connection().exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT body FROM event WHERE shop_id = 'demo' AND at >= 1 AND at < 2 "
                "AND type IN ('rating', 'invite_sent') ORDER BY at, id"
            )
            assert "event_of_rating" in " ".join(str(row) for row in plan)


# Pages

PAGES = (
    "/quality",
    "/quality?from=2026-11-16&to=2026-11-22&kind=bad&agent=小林&start=25",
    "/quality/session?id=bad",
    "/quality/report",
    "/quality/report?week=2026-W47",
    "/quality/report.html?week=2026-W47",
    "/quality/report.xlsx?week=2026-W47",
)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_for_supervisors_and_owners(on_sqlite: Running, page: str) -> None:
    send(on_sqlite, week())
    client = on_sqlite.client
    away = client.get(page, follow_redirects=False)
    assert (away.status_code, away.headers["location"]) == (303, "/sign-in")
    agent = client.get(page, headers=signed_in(on_sqlite, ("dashboard", "read", "lint")))
    assert agent.status_code == 403
    assert "主管" in agent.text
    assert client.get(page, headers=signed_in(on_sqlite, ("dashboard", "quality"))).status_code == 200


def test_another_shop_sees_no_session_and_no_words(on_sqlite: Running) -> None:
    send(on_sqlite, week())
    service = on_sqlite.service
    service.writer.submit(
        lambda db: add_shop(
            db, service.knowledge, on_sqlite.clock(), shop_id="other", name="别家", platform="douyin"
        )
    ).result(10)
    other = signed_in(on_sqlite, ("dashboard", "quality"), "other")
    assert on_sqlite.client.get("/quality/session?id=bad", headers=other).status_code == 404
    assert on_sqlite.client.get("/quality/session?id=nobody", headers=other).status_code == 404
    for page in PAGES:
        if "session" not in page and "xlsx" not in page:
            answer = on_sqlite.client.get(page, headers=other)
            assert answer.status_code == 200
            assert "小周" not in answer.text


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("/quality?from=2026-11-22&to=2026-11-16", 422),
        ("/quality?from=2024-01-01&to=2026-11-16", 422),
        ("/quality?from=yesterday", 422),
        ("/quality/report?week=2026-W60", 422),
        ("/quality/report?week=9999-W10", 422),
        ("/quality?start=99999999999999", 200),
        ("/quality?kind=nonsense", 200),
        ("/quality?agent=%00&label=%F0%9F%98%80", 200),
    ],
)
def test_odd_addresses_are_told_in_words(on_sqlite: Running, page: str, status: int) -> None:
    answer = on_sqlite.client.get(page, headers=signed_in(on_sqlite, ("dashboard", "quality")))
    assert answer.status_code == status
    assert "Traceback" not in answer.text


def test_empty_states_say_what_to_do(on_sqlite: Running) -> None:
    headers = signed_in(on_sqlite, ("dashboard", "quality"))
    on_sqlite.clock.now = SUNDAY_NIGHT
    assert "这段时间没有会话" in on_sqlite.client.get("/quality", headers=headers).text
    send(on_sqlite, [answered("s", "18T10:00").rated("满意")])
    assert "没有差评，也没有有风险的会话" in on_sqlite.client.get("/quality", headers=headers).text
    assert "这样筛选没有会话" in on_sqlite.client.get("/quality?agent=nobody", headers=headers).text
    report = on_sqlite.client.get("/quality/report?week=2026-W46", headers=headers).text
    assert "本周还没有计入好评率的评价，所以没有比率。" in report


def test_the_list_is_turned_page_by_page_and_keeps_its_filter(on_sqlite: Running) -> None:
    talks = [answered(f"s{n:02}", f"18T{8 + n // 30:02}:{n % 60:02}").rated("一般") for n in range(30)]
    send(on_sqlite, [*talks, answered("other", "18T20:00", "小周").rated("一般")])
    headers = signed_in(on_sqlite, ("dashboard", "quality"))
    address, seen = "/quality?agent=小林", []
    while address:
        page = read(on_sqlite.client.get(address, headers=headers).text)
        seen += [head.one("a").text for head in page.one("ol", "cases").all("h3")]
        following = page.all("a", rel="next")
        address = following[0].attributes["href"] if following else ""
    assert sorted(seen) == [f"s{n:02}" for n in range(30)]


def test_words_and_names_of_strangers_stay_text(on_sqlite: Running) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>太差劲了，气死我了"
    talk = Talk("<b>s</b>", "18T10:00", "<i>小周</i>", "<u>组</u>").buyer_says(evil)
    send(on_sqlite, [talk.agent_says("关我什么事<script>").rated("失望", "<em>态度</em>")])
    headers = signed_in(on_sqlite, ("dashboard", "quality"))
    for page in ("/quality", "/quality/session?id=%3Cb%3Es%3C%2Fb%3E", *PAGES[3:6]):
        text = on_sqlite.client.get(page, headers=headers).text
        assert "&lt;" in text, page
        for tag in ("<script>alert", "<img", "<b>", "<i>", "<u>", "<em>"):
            assert tag not in text, (page, tag)
        read(text)


def test_personal_data_is_nowhere(on_sqlite: Running) -> None:
    canary = "13812345678"
    talk = Talk("s", "18T10:00").buyer_says(f"电话{canary}，你们太差劲了，气死我了")
    send(on_sqlite, [talk.agent_says(f"{canary}关我什么事").rated("失望", f"打{canary}没人接")])
    headers = signed_in(on_sqlite, ("dashboard", "quality"))
    for page in ("/quality", "/quality/session?id=s", *PAGES[3:6]):
        assert canary not in on_sqlite.client.get(page, headers=headers).text, page
    assert canary not in on_sqlite.ask("GET", "/v1/quality?week=2026-W47").text
    book = on_sqlite.client.get(PAGES[6], headers=headers).content
    cells = [
        cell.value for sheet in openpyxl.load_workbook(io.BytesIO(book)) for row in sheet for cell in row
    ]
    assert not any(canary in str(cell) for cell in cells)


def test_the_workbook_has_its_sheets_and_no_formula(on_sqlite: Running) -> None:
    talk = Talk(HOSTILE, "18T10:00", HOSTILE, HOSTILE).buyer_says("太差劲了，气死我了")
    send(on_sqlite, [*week(), talk.agent_says("亲，抱歉").rated("失望", HOSTILE)])
    answer = on_sqlite.client.get(PAGES[6], headers=signed_in(on_sqlite, ("dashboard", "quality")))
    assert "attachment" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["概览", "按客服", "按天", "差评会话", "风险会话", "用语问题"]
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert HOSTILE in [cell.value for cell in cells]
    by_day = [row for row in book["按天"].iter_rows(min_row=2, values_only=True) if row[0] == "好评率"]
    assert (sum(row[2] for row in by_day), sum(row[3] for row in by_day)) == (18, 21)


def test_the_file_of_the_report_needs_nothing_beside_it(on_sqlite: Running) -> None:
    send(on_sqlite, week())
    answer = on_sqlite.client.get(PAGES[5], headers=signed_in(on_sqlite, ("dashboard", "quality")))
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "<style>" in answer.text
    for link in ("src=", "href=", "@import", "url("):
        assert link not in answer.text
