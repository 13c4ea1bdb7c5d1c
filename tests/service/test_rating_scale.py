"""The shop's own scale for good ratings, over HTTP and on its page: learned, judged, switched on by a person, and off again."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from conftest_service import NOON, Running

from app.usecases.administration import add_key
from app.usecases.shops import read_shop


def rated(running: Running, count: int, *, bad_in: int, first: int = 0) -> None:
    """Sessions that end in thanks, an invitation and a rating; every `bad_in`-th of these is a bad one."""
    events: list[dict[str, Any]] = []
    for n in range(first, first + count):
        at = NOON - timedelta(days=30) + timedelta(minutes=20 * n)
        shared = {"session": f"s{n}", "buyer": f"b{n}"}
        agent = {"sender": "agent", "agent": "小林"}
        told = [
            {"type": "message", "sender": "buyer", "text": "什么时候发货"},
            {"type": "message", "text": "亲，今天下午发出"} | agent,
            {"type": "message", "sender": "buyer", "text": "好的谢谢"},
            {"type": "invite_sent", "by": "agent"},
            {"type": "rating", "label": "失望" if n % bad_in == 0 else "满意"},
        ]
        events += [
            {"id": f"{n}-{place}", "at": (at + timedelta(minutes=place)).isoformat()} | shared | event
            for place, event in enumerate(told)
        ]
    for start in range(0, len(events), 500):
        answer = running.post(events[start : start + 500])
        assert {result["status"] for result in answer.json()["results"]} == {"accepted"}


def seen(running: Running) -> dict[str, Any]:
    answer = running.ask("GET", "/v1/rating-scale")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def put(running: Running, on: bool, based_on: int, **more: Any) -> Any:
    return running.ask("PUT", "/v1/rating-scale", json={"on": on, "based_on": based_on} | more)


def chance_now(running: Running) -> float:
    """What advice says of a session that ends in thanks."""
    at = running.clock.now
    events = [
        running.message("now-1", session="now", buyer="now"),
        running.reply("now-2", session="now", buyer="now", at=(at + timedelta(seconds=20)).isoformat()),
        running.message(
            "now-3", "好的谢谢", session="now", buyer="now", at=(at + timedelta(seconds=40)).isoformat()
        ),
    ]
    running.clock.forward(60)
    found = running.post(events).json()["results"][-1]["decision"]["rating_advice"]["p_satisfied"]
    assert isinstance(found, float)
    return found


def test_a_scale_is_learned_judged_switched_on_and_used(running: Running) -> None:
    rated(running, 200, bad_in=2)
    before = seen(running)
    assert (before["judgement"]["outcomes"], before["judgement"]["good"]) == (200, 100)
    assert (before["may_switch_on"], before["current"]) == (True, None)
    answer = put(running, True, 0, why="评价够多了")
    assert answer.status_code == 200, answer.text
    assert (answer.json()["number"], answer.json()["why"]) == (1, "评价够多了")
    assert chance_now(running) == pytest.approx(0.5, abs=0.12)
    after = seen(running)
    assert after["current"]["scale"] == before["candidate"]
    assert after["current"]["judgement"]["verdict"] == "better"
    assert after["since"]["verdict"] == "too_few"


def test_switching_off_leaves_chances_as_they_are(on_sqlite: Running) -> None:
    rated(on_sqlite, 200, bad_in=2)
    assert put(on_sqlite, True, 0).status_code == 200
    answer = put(on_sqlite, False, 1)
    assert (answer.status_code, answer.json()["number"], answer.json()["scale"]) == (200, 2, None)
    assert chance_now(on_sqlite) > 0.75
    assert [version["number"] for version in seen(on_sqlite)["versions"]] == [2, 1]
    assert put(on_sqlite, False, 2).json()["reason"] == "not_on"


def test_what_the_past_does_not_show_cannot_be_switched_on(on_sqlite: Running) -> None:
    rated(on_sqlite, 40, bad_in=2)
    answer = put(on_sqlite, True, 0)
    assert (answer.status_code, answer.json()["reason"]) == (409, "not_better")
    assert "太少" in answer.json()["title"]
    assert seen(on_sqlite)["current"] is None


def test_two_people_do_not_switch_over_each_other(on_sqlite: Running) -> None:
    rated(on_sqlite, 200, bad_in=2)
    assert put(on_sqlite, True, 0).status_code == 200
    answer = put(on_sqlite, False, 0)
    assert (answer.status_code, answer.json()["reason"]) == (409, "changed_meanwhile")


@pytest.mark.parametrize(
    "raw", [{}, {"on": "yes", "based_on": 0}, {"on": True}, {"on": True, "based_on": "0"}]
)
def test_what_cannot_be_read_is_refused(on_sqlite: Running, raw: dict[str, Any]) -> None:
    answer = on_sqlite.ask("PUT", "/v1/rating-scale", json=raw)
    assert (answer.status_code, answer.json()["reason"]) == (422, "wrong_type")


def test_ratings_that_lie_ahead_of_the_clock_teach_nothing(on_sqlite: Running) -> None:
    rated(on_sqlite, 200, bad_in=2)
    on_sqlite.clock.now -= timedelta(days=29)
    assert seen(on_sqlite)["judgement"]["outcomes"] < 100


def test_the_shop_carries_the_scale_in_force(on_sqlite: Running) -> None:
    rated(on_sqlite, 200, bad_in=2)
    number = put(on_sqlite, True, 0).json()
    with on_sqlite.db() as db:
        shop = read_shop(db, on_sqlite.service.knowledge.profiles, on_sqlite.shop.shop_id)
    assert shop.rating_scale.to_json() == number["scale"]
    assert datetime.fromisoformat(number["at"]) == on_sqlite.clock()


def sign_in(running: Running, *scopes: str) -> None:
    more = {"scopes": scopes} if scopes else {}
    key = running.service.writer.submit(
        lambda db: add_key(db, running.shop.shop_id, running.clock(), label="小周", **more)
    ).result(20)
    assert running.client.post("/sign-in", data={"key": key}).status_code == 200


def page(running: Running) -> str:
    answer = running.client.get("/quality/scale")
    assert answer.status_code == 200
    return answer.text


def press(running: Running, **fields: Any) -> Any:
    found = re.search(r'data-token="([0-9a-f]+)"', page(running))
    assert found is not None
    return running.client.post(
        "/quality/scale/switch", data={"token": found[1]} | fields, headers={"sec-fetch-site": "same-origin"}
    )


def test_the_page_shows_the_past_and_switches(on_sqlite: Running) -> None:
    sign_in(on_sqlite)
    assert "评价还太少" in page(on_sqlite)
    rated(on_sqlite, 200, bad_in=2)
    shown = page(on_sqlite)
    assert "校准后更准" in shown
    assert "打开校准" in shown
    assert "校准已开" in press(on_sqlite, on="1", based_on="0", why="<b>试试</b>").text
    shown = page(on_sqlite)
    assert "&lt;b&gt;试试&lt;/b&gt;" in shown
    assert "关掉校准" in shown
    assert press(on_sqlite, on="0", based_on="0").status_code == 409
    assert "校准已关" in press(on_sqlite, on="0", based_on="1").text
    assert press(on_sqlite, on="1", based_on="x").status_code == 422


def test_who_may_only_look_cannot_switch(on_sqlite: Running) -> None:
    sign_in(on_sqlite, "dashboard", "read")
    rated(on_sqlite, 200, bad_in=2)
    assert "打开校准" not in page(on_sqlite)
    assert press(on_sqlite, on="1", based_on="0").status_code == 403
