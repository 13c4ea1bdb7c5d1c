"""One conversation as the panel shows it, and the phrases that an agent looks for in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from conftest_service import Running, run_service

from app.usecases.knowledge import Knowledge

ASKED = "支架可以竖着放吗"
PHRASE = {
    "id": "upright",
    "category": "支架",
    "title": "竖放",
    "code": "sf",
    "text": "亲，可以竖放的",
    "variants": ["亲，{item} 竖放横放都行，{eta} 到货", "可以的亲，竖着放很稳"],
    "examples": [ASKED],
    "keywords": ["竖着放"],
}


@pytest.fixture
def shop(database_url: str, knowledge: Knowledge) -> Iterator[Running]:
    for running in run_service(database_url, knowledge):
        assert running.ask("POST", "/v1/phrases", json=PHRASE).status_code == 201
        yield running


def conversation(running: Running, session: str = "s1") -> Any:
    answer = running.ask("GET", f"/v1/sessions/{session}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_is_there_with_its_clock_as_soon_as_the_message_is(shop: Running) -> None:
    shop.post(shop.message("m1", ASKED, buyer_name="晴天"))
    shop.clock.forward(20)
    found = conversation(shop)
    assert found["now"] == shop.clock().isoformat()
    assert (found["buyer"], found["buyer_name"], found["message"]["text"]) == ("b1", "晴天", ASKED)
    (waiting,) = found["waiting"]
    assert (waiting["item_id"], waiting["text"], waiting["seconds_left"]) == ("m1", ASKED, 160.0)
    assert (waiting["counted"], waiting["why_uncounted"], waiting["note"]) == (True, None, None)
    assert found["routing_advice"]["reason"]
    first = found["suggestions"][0]
    assert (first["phrase_id"], first["message"]) == ("upright", "m1")
    assert first["why"]


def test_an_answered_one_has_no_clock_and_nothing_to_suggest(shop: Running) -> None:
    shop.post(shop.message("m1", ASKED))
    shop.clock.forward(5)
    shop.post(shop.reply("r1", "可以竖着放"))
    found = conversation(shop)
    assert (found["waiting"], found["suggestions"]) == ([], [])
    assert found["rating_advice"]["advice"] in {"wait", "no"}
    assert found["rating_advice"]["reasons"]


def test_the_advice_to_invite_comes_with_its_words_and_what_it_would_do_to_the_rate(shop: Running) -> None:
    shop.post(shop.message("m1", ASKED))
    for number, (event, text) in enumerate(
        [(shop.reply, "亲，可以竖放的"), (shop.message, "太好了，谢谢亲，你们服务真好")], start=2
    ):
        shop.clock.forward(5)
        shop.post(event(f"e{number}", text))
    advice = conversation(shop)["rating_advice"]
    assert (advice["advice"], advice["text"] in advice["texts"]) == ("invite", True)
    assert "目标" in advice["effect"]["text"]


def test_a_session_of_another_shop_or_of_nobody_is_not_found(shop: Running) -> None:
    answer = shop.ask("GET", "/v1/sessions/nobody")
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_session")


def test_a_name_with_a_slash_is_a_name(shop: Running) -> None:
    shop.post(shop.message("m1", ASKED, session="chat/7?a"))
    assert conversation(shop, "chat%2F7%3Fa")["session"] == "chat/7?a"


def test_what_the_platform_does_not_count_says_so_in_words(shop: Running) -> None:
    shop.clock.now = shop.clock.now.replace(hour=19)  # three in the morning in Shanghai
    shop.post(shop.message("m1", ASKED))
    (waiting,) = conversation(shop)["waiting"]
    assert (waiting["counted"], waiting["why_uncounted"]) == (False, "不在考核时段")


def test_wordings_that_were_read_come_last_and_variables_say_what_they_want(shop: Running) -> None:
    shop.post(shop.message("m1", ASKED, item_name="折叠支架"))
    shop.clock.forward(5)
    shop.post(shop.reply("r1", "亲，可以竖放的"))
    shop.clock.forward(5)
    shop.post(shop.message("m2", ASKED))
    wordings = conversation(shop)["suggestions"][0]["wordings"]
    assert [(each["text"], each["said"]) for each in wordings] == [
        ("亲，折叠支架 竖放横放都行，{eta} 到货", False),
        ("可以的亲，竖着放很稳", False),
        ("亲，可以竖放的", True),
    ]
    (variable,) = wordings[0]["variables"]
    assert (variable["name"], variable["label"], variable["type"]) == ("eta", "预计时间", "when")
    assert variable["pattern"]
    assert "日期" in variable["hint"]


def test_a_reply_that_the_machine_has_ready_is_there_to_be_taken_until_somebody_answers(
    shop: Running,
) -> None:
    shop.post(shop.message("m1", "请问那个颜色的第三个尺寸在不在那边呀"))
    shop.clock.forward(156)
    shop.run_due()
    shop.run_due()
    found = conversation(shop)
    assert found["prepared"]["purpose"] == "holding"
    assert found["prepared"]["text"]
    assert "offered" in [act["kind"] for act in found["acts"]]
    shop.post(shop.reply("r1"))
    assert conversation(shop)["prepared"] is None


def test_what_was_asked_before_and_the_orders_are_told(shop: Running) -> None:
    shop.post(shop.message("m1", "发什么快递", order_no="20261122987654"))
    shop.clock.forward(5)
    shop.post(shop.reply("r1", "亲，发中通"))
    shop.clock.forward(60)
    shop.post(shop.message("m2", ASKED))
    summary = conversation(shop)["summary"]
    assert summary["orders"] == ["…7654"]
    assert summary["answered"][0]["question"] == "发什么快递"


def search(running: Running, words: str, **more: str) -> list[dict[str, Any]]:
    hits = running.ask("GET", "/v1/phrases/search", params={"q": words} | more).json()["hits"]
    assert isinstance(hits, list)
    return hits


def found(running: Running, words: str, **more: str) -> list[str]:
    return [hit["phrase_id"] for hit in search(running, words, **more)]


@pytest.mark.parametrize("typed", ["/sf", "sf", "SF", "/SF"])
def test_a_code_is_found_with_or_without_its_slash(shop: Running, typed: str) -> None:
    first = search(shop, typed)[0]
    assert (first["phrase_id"], first["why"]) == ("upright", ["快捷码：/sf"])


def test_words_are_found_by_meaning_and_by_letters(shop: Running) -> None:
    assert search(shop, "可以竖着放吗")[0]["phrase_id"] == "upright"
    assert "upright" in found(shop, "很稳")
    assert search(shop, "/nothing-such") == []
    assert search(shop, "  ") == []


def test_what_is_no_longer_approved_or_another_agents_own_is_not_found(shop: Running) -> None:
    shop.ask("POST", "/v1/phrases", json={"id": "mine", "text": "亲，橘猫很乖", "owner": "小林"})
    assert "mine" not in found(shop, "橘猫")
    assert "mine" in found(shop, "橘猫", agent="小林")
    shop.ask("PATCH", "/v1/phrases/upright", json={"state": "retired"})
    assert "upright" not in found(shop, "很稳")


def test_a_search_in_a_session_fills_what_is_known_there(shop: Running) -> None:
    shop.post(shop.message("m1", ASKED, item_name="折叠支架"))
    texts = [each["text"] for each in search(shop, "/sf", session="s1")[0]["wordings"]]
    assert "亲，折叠支架 竖放横放都行，{eta} 到货" in texts
    assert shop.ask("GET", "/v1/phrases/search", params={"q": "/sf", "session": "no"}).status_code == 404
