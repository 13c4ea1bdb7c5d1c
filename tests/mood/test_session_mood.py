"""How a session goes, from the words of both sides: own sentences, and the shared dialogues where they are."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.core.events import Event, EventType, Kind, Sender
from app.core.mood import MoodModel
from app.core.said import Said, said_in
from app.core.session_mood import TRAITS, Exchange, exchange_of, hear, lean_of, traits_of
from app.core.sessions import fold_session

MODEL = MoodModel.load()
AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def talk(*lines: str) -> list[Said]:
    """Lines that begin with 买: or 客:."""
    return [Said(by_buyer=line.startswith("买:"), text=line[2:]) for line in lines]


def satisfied(*lines: str) -> float:
    return MODEL.session(talk(*lines)).p_satisfied


ANSWERED = (
    "买:我的快递到哪了",
    "客:亲，已经到您的城市了",
    "买:什么时候能送到",
    "客:今天下午可以送到的",
)


def test_the_same_questions_end_worse_with_a_shop_that_refuses_and_apologises() -> None:
    refused = ("买:我的快递到哪了", "客:抱歉，这边无法查询", "买:什么时候能送到", "客:不好意思，没有办法确定")
    assert satisfied(*refused) < satisfied(*ANSWERED)


@pytest.mark.parametrize("outburst", ["买:你们就是骗子", "买:垃圾店", "买:气死我了，骗人的店"])
def test_one_outburst_sounds_displeased(outburst: str) -> None:
    assert MODEL.session(talk(outburst)).displeasure > 0.6


@pytest.mark.parametrize(
    "question", ["买:能开发票吗", "买:有货吗", "买:什么时候发货", "买:在吗", "买:退款怎么退"]
)
def test_a_plain_question_does_not(question: str) -> None:
    assert MODEL.session(talk(question)).displeasure < 0.5


def test_thanks_at_the_end_are_a_good_sign() -> None:
    assert satisfied(*ANSWERED, "买:好的，谢谢") > satisfied(*ANSWERED)


def test_a_question_asked_again_and_again_is_a_bad_sign() -> None:
    again = (
        "买:我的快递到哪了",
        "客:亲",
        "买:我的快递到哪了啊",
        "客:亲",
        "买:我的快递到底到哪了",
        "客:亲",
    )
    other = (
        "买:我的快递到哪了",
        "客:亲",
        "买:包装盒是什么颜色",
        "客:亲",
        "买:发票可以一起寄吗",
        "客:亲",
    )
    assert satisfied(*again) < satisfied(*other)


def test_what_does_not_work_weighs_more_than_what_does() -> None:
    broken = (
        "买:这个没法用",
        "客:您重启一下",
        "买:不行",
        "客:再试一下",
        "买:还是不行，没反应",
        "客:稍等",
    )
    works = (
        "买:这个怎么用",
        "客:您重启一下",
        "买:可以了",
        "客:好的",
        "买:那我再看看",
        "客:稍等",
    )
    assert satisfied(*broken) < satisfied(*works)


@pytest.mark.parametrize("text", ["有蓝色的吗", "没收到", "怎么退货", "发什么快递"])
def test_one_plain_question_makes_no_unhappy_session(text: str) -> None:
    assert MODEL.session(talk(f"买:{text}")).p_dissatisfied < 0.25


@pytest.mark.parametrize(
    "text", ["什么态度，我要投诉你们", "😡", "你们就是骗子", "等了一个礼拜了还没发货，太慢了"]
)
def test_one_outburst_does(text: str) -> None:
    mood = MODEL.session(talk(f"买:{text}"))
    assert mood.p_dissatisfied > 0.25
    assert mood.p_satisfied < 0.5


def test_both_scripts_read_alike() -> None:
    traditional = talk("买:我的快遞還沒到，怎麼回事", "客:抱歉，這邊無法查詢", "买:好的，謝謝")
    simplified = talk("买:我的快递还没到，怎么回事", "客:抱歉，这边无法查询", "买:好的，谢谢")
    one, other = MODEL.session(traditional), MODEL.session(simplified)
    assert one.p_satisfied == pytest.approx(other.p_satisfied, abs=0.01)
    assert one.p_dissatisfied == pytest.approx(other.p_dissatisfied, abs=0.01)


def test_an_answer_in_pieces_is_the_answer_in_one() -> None:
    pieces = talk("买:到哪了", "客:您好", "客:到上海了", "买:好的")
    whole = talk("买:到哪了", "客:您好 到上海了", "买:好的")
    assert exchange_of(pieces) == exchange_of(whole)
    assert MODEL.session(pieces) == MODEL.session(whole)


@pytest.mark.parametrize(
    ("lines", "run"),
    [
        ((), 0),
        (("客:您好",), 0),
        (("买:在吗",), 1),
        (("买:在吗", "买:有货吗", "客:有"), 2),
        (("买:在吗", "客:在", "买:有货吗", "买:人呢", "买:还在吗"), 3),
        (("买:在吗", "买:有货吗", "客:有", "客:有的", "买:好"), 2),
    ],
)
def test_the_longest_run_is_what_it_took_to_get_an_answer(lines: tuple[str, ...], run: int) -> None:
    assert exchange_of(talk(*lines)).longest_run == run


def test_messages_without_words_play_no_part() -> None:
    said = [
        Said(by_buyer=True, text="在吗"),
        Said(by_buyer=True, text="", kind="image"),
        Said(by_buyer=False, text=" "),
    ]
    assert exchange_of(said) == Exchange(("在吗",), (), 1)


def test_recent_words_weigh_more_and_few_words_little() -> None:
    good, bad = (hear("好", by_buyer=True, lean=lean) for lean in (1.0, -1.0))
    assert lean_of([bad, good], by_buyer=True) == pytest.approx((1 - 0.8) / (1 + 0.8 + 2))
    assert lean_of([good], by_buyer=False) == pytest.approx(1 / (1 + 5))
    assert lean_of([], by_buyer=True) == 0.0


def test_traits_count_what_was_heard() -> None:
    buyer = [
        hear(text, by_buyer=True) for text in ("到底什么时候发货", "到底什么时候发货呢", "没收到", "谢谢")
    ]
    shop = [hear("抱歉，无法查询", by_buyer=False)]
    traits = dict(zip(TRAITS, traits_of(buyer, shop, longest_run=2), strict=True))
    assert traits["turns"] == pytest.approx(math.log(8))
    assert traits["negations"] == pytest.approx(math.log1p(1))
    assert traits["questions"] == pytest.approx(math.log1p(2))
    assert traits["repetitions"] == pytest.approx(math.log1p(1))
    assert traits["refusals"] == traits["apologies"] == pytest.approx(math.log1p(1))
    assert traits["longest_run"] == pytest.approx(math.log1p(2))
    assert traits["thanking_of_late"] == pytest.approx(1 / 4)
    assert len(traits_of([], [], 0)) == len(TRAITS)


def test_a_session_is_read_without_greeting_and_system_lines_and_without_what_was_withdrawn() -> None:
    def message(number: int, sender: Sender, text: str) -> Event:
        return Event(
            id=f"m{number}",
            type=EventType.MESSAGE,
            at=AT + timedelta(seconds=number),
            session="S",
            buyer="B",
            sender=sender,
            kind=Kind.TEXT,
            text=text,
        )

    session = fold_session(
        [
            message(1, Sender.WELCOME, "欢迎光临"),
            message(2, Sender.SYSTEM, "会话已转接"),
            message(3, Sender.BUYER, "有货吗"),
            message(4, Sender.AGENT, "没有"),
            message(5, Sender.ROBOT_ASSIST, "有的，亲"),
            Event(
                id="w",
                type=EventType.MESSAGE_WITHDRAWN,
                at=AT + timedelta(seconds=9),
                session="S",
                buyer="B",
                message="m4",
            ),
        ]
    )
    assert said_in(session) == (Said(True, "有货吗"), Said(False, "有的，亲"))


def test_the_shipped_session_weights_are_those_trained_on_the_shared_dialogues(shared: Path) -> None:
    # In sample: no measure of quality (benchmarks/mood.py takes that), only that weights and code still fit each other.
    lines = (shared / "data" / "uss_jddc_valid.jsonl").read_text("utf-8").splitlines()
    scores: dict[int, list[float]] = {0: [], 1: [], 2: []}
    for dialogue in map(json.loads, lines):
        said = [
            Said(by_buyer, text)
            for turn in dialogue["turns"]
            for by_buyer, text in ((True, turn["user"]), (False, turn["agent_after"]))
        ]
        scores[dialogue["overall_sat"]].append(MODEL.session(said).p_satisfied)
    above = np.subtract.outer(scores[2], scores[0])
    assert float((above > 0).mean()) >= 0.85
