"""What whoever takes over a buyer is told: nothing that was said before needs to be asked again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.core.events import parse_event
from app.core.mood import Mood
from app.core.recap import Recap, mood_word, recap
from app.core.sessions import Session, fold_session

START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


def session(
    *lines: tuple[str, str] | tuple[str, str, dict[str, Any]], name: str = "s1", hour: int = 0
) -> Session:
    """A session of (sender, text) a minute apart; "order" and the like stand in a third place."""
    events = [
        {
            "id": f"{name}-{number}",
            "type": "message",
            "at": (START + timedelta(hours=hour, minutes=number)).isoformat(),
            "session": name,
            "buyer": "b1",
            "sender": line[0],
            "text": line[1],
            "agent": "小林" if line[0] == "agent" else None,
        }
        | (line[2] if len(line) > 2 else {})
        for number, line in enumerate(lines)
    ]
    return fold_session(parse_event(event) for event in events)


def told(*sessions: Session, mood: str = "calm") -> Recap:
    return recap(sessions, mood, lambda text: text.replace("13800001111", "[隐去]"))


def test_open_and_answered_questions_stand_apart() -> None:
    found = told(
        session(
            ("buyer", "这个有红色吗"), ("agent", "有的"), ("buyer", "什么时候发货"), ("buyer", "能开发票吗")
        )
    )
    assert found.open_questions == ("什么时候发货", "能开发票吗")
    [answered] = found.answered
    assert (answered.question, answered.answer, answered.agent) == ("这个有红色吗", "有的", "小林")


def test_what_is_said_in_one_go_is_one_question() -> None:
    found = told(
        session(
            ("buyer", "我想问一下", {"at": "2026-11-20T02:00:00Z"}),
            ("buyer", "这个能退吗", {"at": "2026-11-20T02:00:04Z"}),
        )
    )
    assert found.open_questions == ("我想问一下 这个能退吗",)


def test_a_robot_closes_no_question_and_a_courtesy_opens_none() -> None:
    found = told(session(("buyer", "能退吗"), ("robot", "请稍等"), ("buyer", "好的谢谢")))
    assert found.open_questions == ("能退吗",)
    assert found.last_words == "好的谢谢"


def test_a_promise_is_no_answer_and_stands_until_somebody_comes_back() -> None:
    found = told(session(("buyer", "什么时候到"), ("agent", "我核实后稍晚回复您")))
    assert found.open_questions == ("什么时候到",)
    [promise] = found.promises
    assert (promise.agent, promise.text) == ("小林", "我核实后稍晚回复您")
    assert "小林答应过" in found.text
    kept = told(
        session(("buyer", "什么时候到"), ("agent", "我核实后稍晚回复您"), ("agent", "明天到，已经在派送了"))
    )
    assert kept.promises == ()
    assert kept.open_questions == ()


def test_a_promise_of_yesterday_s_session_is_remembered() -> None:
    before = session(("buyer", "少发了一件"), ("agent", "登记了，今天内给您答复"), name="s0", hour=-20)
    found = told(session(("buyer", "在吗")), before)
    assert [promise.text for promise in found.promises] == ["登记了，今天内给您答复"]
    assert found.open_questions == ("少发了一件", "在吗")


def test_orders_show_their_last_digits_and_items_their_names() -> None:
    found = told(
        session(
            ("buyer", "这单", {"order_no": "20261120123456"}),
            ("buyer", "还有这个", {"item": "7", "item_name": "折叠支架"}),
        )
    )
    assert found.orders == ("…3456",)
    assert found.items == ("折叠支架",)


def test_personal_data_is_masked_and_long_texts_are_cut() -> None:
    found = told(session(("buyer", "我的电话是13800001111"), ("agent", "收到"), ("buyer", "长" * 300)))
    assert found.answered[0].question == "我的电话是[隐去]"
    assert len(found.open_questions[0]) == 60


def test_a_picture_is_named() -> None:
    assert told(session(("buyer", "", {"kind": "image"}))).open_questions == ("［图片］",)


def test_what_was_withdrawn_is_not_told() -> None:
    events = [
        {
            "id": "m1",
            "type": "message",
            "at": START.isoformat(),
            "session": "s",
            "buyer": "b",
            "sender": "buyer",
            "text": "x",
        },
        {
            "id": "w",
            "type": "message_withdrawn",
            "at": START.isoformat(),
            "session": "s",
            "buyer": "b",
            "message": "m1",
        },
    ]
    found = told(fold_session(parse_event(event) for event in events))
    assert (found.open_questions, found.last_words) == ((), None)


def test_a_single_question_is_no_news() -> None:
    assert not told(session(("buyer", "在吗"))).tells_more
    assert told(session(("buyer", "在吗")), mood="upset").tells_more
    assert "先安抚" in told(session(("buyer", "在吗")), mood="upset").text


def test_whoever_sees_the_present_question_is_told_only_what_was_before() -> None:
    found = told(session(("buyer", "有红色吗"), ("buyer", "什么时候发货"), ("buyer", "能开发票吗")))
    assert found.text == "还没答：有红色吗｜什么时候发货｜能开发票吗"
    assert found.before == "还没答：有红色吗｜什么时候发货"
    assert found.to_json()["before"] == found.before


def test_a_question_in_several_messages_is_told_whole_because_only_the_last_is_seen() -> None:
    found = told(
        session(
            ("buyer", "有红色吗"),
            ("buyer", "我想问一下", {"at": "2026-11-20T02:30:00Z"}),
            ("buyer", "这个能退吗", {"at": "2026-11-20T02:30:04Z"}),
        )
    )
    assert found.before == found.text == "还没答：有红色吗｜我想问一下 这个能退吗"


def test_after_a_courtesy_the_open_question_is_still_told() -> None:
    found = told(session(("buyer", "能退吗"), ("buyer", "谢谢")))
    assert found.before == found.text == "还没答：能退吗"


def test_the_order_of_the_sessions_plays_no_part() -> None:
    first, second = session(("buyer", "一"), name="s0", hour=-1), session(("buyer", "二"))
    assert told(first, second) == told(second, first)


def test_the_mood_is_a_word() -> None:
    assert mood_word(Mood(0.1, 0.7), 0.6) == "upset"
    assert mood_word(Mood(0.8, 0.1), 0.6) == "content"
    assert mood_word(Mood(0.4, 0.2), 0.6) == "calm"


def test_the_record_has_all_of_it() -> None:
    record = told(session(("buyer", "能退吗"), ("agent", "稍后回复您"))).to_json()
    assert record["open_questions"] == ["能退吗"]
    assert record["promises"][0]["agent"] == "小林"
    assert record["text"] == "还没答：能退吗；小林答应过：稍后回复您"
