"""What is offered and said follows the session: its item, its agent, the day, what it named and what the buyer has read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest_service import Running, run_service

from app.usecases.knowledge import Knowledge

ASKED = "支架可以竖着放吗"


@pytest.fixture
def eager(sqlite_url: str, knowledge: Knowledge) -> Iterator[Running]:
    """A shop that lets the machine answer at once."""
    yield from run_service(sqlite_url, knowledge, policy={"answer": "at_once", "max_robot_in_row": 10})


def save(running: Running, phrase_id: str, text: str, **more: Any) -> None:
    body = {"id": phrase_id, "text": text, "examples": [ASKED], "keywords": ["竖着放"]} | more
    answer = running.ask("POST", "/v1/phrases", json=body)
    assert answer.status_code == 201, answer.text


def decision(running: Running, event: dict[str, Any]) -> dict[str, Any]:
    running.clock.forward(1)
    event = event | {"at": running.clock().isoformat()}
    found = running.post(event).json()["results"][0]["decision"]
    assert isinstance(found, dict)
    return found


def offered(running: Running, event_id: str, **more: Any) -> list[str]:
    return [
        hit["phrase_id"] for hit in decision(running, running.message(event_id, ASKED, **more))["suggestions"]
    ]


def said(running: Running, event_id: str, **more: Any) -> str | None:
    reply = decision(running, running.message(event_id, ASKED, **more))["auto_reply"]
    return None if reply is None else reply["text"]


def test_a_card_says_which_item_it_is_about(eager: Running) -> None:
    save(eager, "general", "亲，一般的支架只能横放")
    save(eager, "seven", "亲，这款横竖都行", items=["7"])
    save(eager, "eight", "亲，这款要加配件", items=["8"])
    assert offered(eager, "m1")[0] == "general"
    decision(eager, eager.message("c1", "", session="s2", kind="card", item="7"))
    assert offered(eager, "m2", session="s2")[:2] == ["seven", "general"]
    assert "eight" not in offered(eager, "m3", session="s2")
    decision(eager, eager.message("c2", "", session="s2", kind="card", item=8))
    assert offered(eager, "m4", session="s2")[:2] == ["eight", "general"]


def test_an_item_s_own_reply_is_said_unattended_only_where_the_item_is_known(eager: Running) -> None:
    save(eager, "seven", "亲，这款横竖都行", items=["7"])
    assert said(eager, "m1") is None
    assert said(eager, "m2", session="s2", item="7") == "亲，这款横竖都行"


@pytest.mark.parametrize(
    ("field", "value"), [("item", ["7"]), ("item", {"id": 7}), ("item", ""), ("order_no", 1.5)]
)
def test_a_field_that_holds_something_else_is_kept_and_ignored(
    eager: Running, field: str, value: object
) -> None:
    save(eager, "general", "亲，一般的支架只能横放")
    assert offered(eager, "m1", **{field: value})[0] == "general"


def test_the_day_is_that_of_the_shop(eager: Running) -> None:
    save(eager, "festival", "亲，活动期间送竖放配件", valid_until="2026-11-22")
    eager.clock.now = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)  # a minute to midnight in Shanghai
    assert offered(eager, "m1")[0] == "festival"
    eager.clock.now = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)
    assert "festival" not in offered(eager, "m2", session="s2")
    hits = eager.ask("POST", "/v1/suggest", json={"text": ASKED}).json()["hits"]
    assert "festival" not in [hit["phrase_id"] for hit in hits]


def test_an_agent_s_own_phrase_is_offered_in_their_sessions_and_the_machine_says_the_team_s(eager: Running) -> None:  # fmt: skip
    save(eager, "team", "亲，一般的支架只能横放")
    save(eager, "own", "我来给您拍个视频", owner="小林")
    assigned = {"id": "a1", "type": "assigned", "session": "s1", "buyer": "b1", "agent": "小林"}
    decision(eager, assigned)
    found = decision(eager, eager.message("m1", ASKED))
    assert {hit["phrase_id"] for hit in found["suggestions"][:2]} == {"team", "own"}
    assert found["auto_reply"]["text"] == "亲，一般的支架只能横放"
    assert offered(eager, "m2", session="s2", buyer="b2")[0] == "team"
    named = eager.ask("POST", "/v1/suggest", json={"text": ASKED, "agent": "小林"}).json()["hits"]
    assert {hit["phrase_id"] for hit in named[:2]} == {"team", "own"}


def test_what_the_session_named_is_filled_in(eager: Running) -> None:
    save(eager, "order", "{buyer}，{shop}的订单{order_no}可以竖放")
    bare = decision(eager, eager.message("m1", ASKED))
    assert bare["auto_reply"] is None
    assert bare["suggestions"][0]["missing"] == ["buyer", "order_no"]
    assert [one["label"] for one in bare["suggestions"][0]["variables"]] == ["买家称呼", "订单号"]
    for order in ("202611010001", "202611010002"):
        card = eager.message(f"c-{order}", "", session="s2", kind="card", order_no=order, buyer_name="小王")
        decision(eager, card)
    assert said(eager, "m2", session="s2") == "小王，演示店的订单202611010002可以竖放"


def test_a_value_of_the_wrong_type_is_not_said(eager: Running) -> None:
    save(eager, "order", "亲，订单{order_no}里的可以竖放")
    found = decision(eager, eager.message("m1", ASKED, order_no="见上图"))
    assert found["auto_reply"] is None
    assert found["suggestions"][0]["missing"] == ["order_no"]


def test_the_same_buyer_never_reads_the_same_words_twice_in_a_session(eager: Running) -> None:
    wordings = ["亲，订单{order_no}里的可以竖放", "亲，{order_no}那件能竖着用", "竖着摆没有问题"]
    save(eager, "when", wordings[0], variants=wordings[1:])
    read = []
    for number in range(4):
        more = {"session": "s1", "order_no": "202611010001"}
        found = decision(eager, eager.message(f"m{number}", ASKED, **more))
        hit = found["suggestions"][0]
        assert hit["said"] is (number == 3)
        if number < 3:
            assert hit["text"] not in read
            read.append(hit["text"])
            decision(eager, eager.reply(f"r{number}", hit["text"]))
    assert read == [wording.replace("{order_no}", "202611010001") for wording in wordings]
    again = decision(eager, eager.message("n1", ASKED, session="s2", order_no="202611010001"))
    assert again["suggestions"][0]["text"] == read[0]


def test_the_machine_uses_up_its_wordings_and_then_is_silent(eager: Running) -> None:
    save(eager, "when", "亲，可以竖放", variants=["竖着摆没有问题"])
    first = said(eager, "m1")
    # The console shows it, and it is then what the buyer has read.
    decision(eager, eager.message("e1", first or "", sender="robot"))
    assert first == "亲，可以竖放"
    eager.ask("PATCH", "/v1/phrases/when", json={"variants": []})
    assert said(eager, "m2") is None


def test_a_phrase_with_an_image_is_offered_with_it_and_left_to_a_person(eager: Running) -> None:
    save(eager, "chart", "亲，摆法见图", images=["upright.png"])
    found = decision(eager, eager.message("m1", ASKED))
    assert found["suggestions"][0]["images"] == ["upright.png"]
    assert found["auto_reply"] is None


@pytest.mark.parametrize(
    "change", [{"state": "retired"}, {"valid_until": "2026-11-01"}, {"owner": "小林"}, {"items": ["7"]}]
)
def test_a_holding_reply_that_does_not_fit_is_not_said(on_sqlite: Running, change: dict[str, Any]) -> None:
    def held(session: str) -> list[str]:
        on_sqlite.post(on_sqlite.message(f"m-{session}", "想问个事情呀", session=session, buyer=session))
        on_sqlite.clock.forward(170)
        on_sqlite.run_due()
        acts = on_sqlite.ask("POST", "/v1/explain", json={"event": f"m-{session}"}).json()["replies"]
        return [reply["purpose"] for reply in acts]

    assert held("s1") == ["holding"]
    on_sqlite.ask("PATCH", "/v1/phrases/hold-wait", json=change)
    assert held("s2") == []


def test_phrases_are_listed_by_category_and_state(on_sqlite: Running) -> None:
    on_sqlite.ask("POST", "/v1/phrases", json={"id": "d", "text": "亲，新品到了", "category": "新品", "order": 1, "state": "draft"})  # fmt: skip
    listed = on_sqlite.ask("GET", "/v1/phrases").json()
    assert [category["name"] for category in listed["categories"][:2]] == ["新品", "问候"]
    assert listed["phrases"][0]["id"] == "d"
    assert sum(category["phrases"] for category in listed["categories"]) == len(listed["phrases"])
    drafts = on_sqlite.ask("GET", "/v1/phrases", params={"state": "draft"}).json()["phrases"]
    assert [phrase["id"] for phrase in drafts] == ["d"]
    assert on_sqlite.ask("GET", "/v1/phrases", params={"state": "new"}).status_code == 422
