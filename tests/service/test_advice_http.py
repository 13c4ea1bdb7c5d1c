"""Rating advice over HTTP: of one session as of now, and of all that are worth inviting or at risk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest_service import Running, run_service

from app.usecases.knowledge import Knowledge
from app.usecases.read_live import read_live


@pytest.fixture
def shop(sqlite_url: str, knowledge: Knowledge) -> Iterator[Running]:
    yield from run_service(sqlite_url, knowledge, platform="douyin")


def talk(running: Running, session: str, buyer: str) -> dict[str, Any]:
    about = {"session": session, "buyer": buyer}
    running.post(running.message(f"{session}-q", "请问今天能发货吗", **about))
    running.clock.forward(10)
    running.post(running.reply(f"{session}-a", "亲，今天下午就发出", **about))
    running.clock.forward(10)
    answer = running.post(running.message(f"{session}-t", "好的，谢谢", **about)).json()["results"][0]
    told = answer["decision"]["rating_advice"]
    assert isinstance(told, dict)
    return told


def rate(running: Running, number: int, label: str) -> None:
    event = {"id": f"r{number}", "type": "rating", "label": label, "by": "human", "session": f"r{number}"}
    running.post(event | {"at": running.clock().isoformat(), "buyer": f"rb{number}"})


def test_the_decision_says_what_one_more_rating_does_to_the_rate(shop: Running) -> None:
    for number, label in enumerate(["满意", "非常满意", "满意", "不满意"]):
        rate(shop, number, label)
    told = talk(shop, "s1", "b1")
    assert told["advice"] == "invite"
    effect = told["effect"]
    assert (effect["standing"]["numerator"], effect["standing"]["denominator"]) == (3, 4)
    assert effect["expected"] == pytest.approx((3 + told["p_satisfied"]) / 5, abs=1e-4)
    assert (effect["if_good"], effect["if_bad"], effect["needed"]) == ("4/5", "3/5", 1)
    assert effect["good_per_bad"] == "4"
    assert "3/4=75%" in effect["text"]
    assert len(told["texts"]) == 3
    assert told["text"] == told["texts"][0]


def test_what_waits_has_no_effect_and_says_what_for(shop: Running) -> None:
    talk(shop, "s1", "b1")
    answer = shop.post(shop.message("m", "那尺码怎么选")).json()["results"][0]
    told = answer["decision"]["rating_advice"]
    assert (told["advice"], told["waits_for"], told["effect"], told["text"]) == ("wait", "answer", None, None)


def test_one_session_is_told_as_of_now(shop: Running) -> None:
    talk(shop, "s1", "b1")
    told = shop.ask("GET", "/v1/advice", params={"session": "s1"}).json()
    assert (told["session"], told["buyer"], told["agent"]) == ("s1", "b1", "小林")
    assert told["advice"]["advice"] == "invite"
    shop.clock.now = shop.clock.now.replace(hour=15, minute=30)
    told = shop.ask("GET", "/v1/advice", params={"session": "s1"}).json()
    assert (told["advice"]["advice"], told["advice"]["waits_for"]) == ("wait", "hours")


def test_a_session_that_nobody_of_the_shop_has_spoken_in_has_none(shop: Running) -> None:
    shop.post(shop.message("m1", "在吗"))
    assert shop.ask("GET", "/v1/advice", params={"session": "s1"}).json()["advice"] is None
    unknown = shop.ask("GET", "/v1/advice", params={"session": "nowhere"})
    assert (unknown.status_code, unknown.json()["reason"]) == (404, "unknown_session")


def test_all_that_are_worth_inviting_are_listed_and_those_at_risk(shop: Running) -> None:
    talk(shop, "s1", "b1")
    talk(shop, "s2", "b2")
    talk(shop, "s3", "b3")
    shop.post(shop.message("m", "那尺码怎么选", session="s2", buyer="b2"))
    sent = {"id": "i", "type": "invite_sent", "by": "agent", "at": shop.clock().isoformat()}
    shop.post(sent | {"session": "s3", "buyer": "b3"})
    shop.clock.forward(5)
    shop.post(shop.message("back", "什么破店，我要投诉你们", session="s3", buyer="b3"))
    told = shop.ask("GET", "/v1/advice").json()
    assert [one["session"] for one in told["sessions"]] == ["s1"]
    assert [one["session"] for one in told["at_risk"]] == ["s3"]
    assert told["at_risk"][0]["advice"]["invitation"]["state"] == "pending"
    assert told["target"] == "4/5"
    assert told["standing"]["denominator"] == 0


def test_an_empty_shop_has_nobody_to_invite(shop: Running) -> None:
    told = shop.ask("GET", "/v1/advice").json()
    assert (told["sessions"], told["at_risk"]) == ([], [])


def test_the_live_page_shows_risk_first_and_the_effect(shop: Running) -> None:
    talk(shop, "s1", "b1")
    talk(shop, "s3", "b3")
    sent = {"id": "i", "type": "invite_sent", "by": "agent", "at": shop.clock().isoformat()}
    shop.post(sent | {"session": "s3", "buyer": "b3"})
    shop.clock.forward(5)
    shop.post(shop.message("back", "什么破店，我要投诉你们", session="s3", buyer="b3"))
    service = shop.service
    with shop.db() as db:
        view = read_live(db, service.knowledge, service.board, "demo", shop.clock())
    assert [(one.session, one.advice, one.at_risk) for one in view.advice] == [
        ("s3", "no", True),
        ("s1", "invite", False),
    ]
    assert view.advice[1].effect is not None
    assert "预计" in view.advice[1].effect
    assert len(view.advice[1].texts) == 3
    with shop.db() as db:
        night = read_live(
            db, service.knowledge, service.board, "demo", shop.clock.now.replace(hour=15, minute=30)
        )
    assert [one.advice for one in night.advice] == ["no", "wait"]
