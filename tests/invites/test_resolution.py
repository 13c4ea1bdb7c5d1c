"""What is open and what is done in a talk, by kinds, in both scripts. All sentences are our own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.events import Event, parse_event
from app.core.resolution import QUIET, Resolution, resolve
from app.core.service_words import buyer_words, shop_words
from app.core.sessions import fold_session

START = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
Turn = tuple[str, str]


def events(*turns: Turn) -> Iterator[Event]:
    for number, (sender, text) in enumerate(turns):
        at = (START + timedelta(seconds=30 * number)).isoformat()
        raw = {"id": f"m{number:02}", "type": "message", "at": at, "session": "S", "buyer": "B"}
        yield parse_event(raw | {"sender": sender, "text": text})


def read(*turns: Turn, later: timedelta = timedelta(0)) -> Resolution:
    session = fold_session(events(*turns))
    assert session.last_event_at is not None
    return resolve(session, session.last_event_at + later)


ASKED: Turn = ("buyer", "衣服掉色了怎么办")


@pytest.mark.parametrize(
    "promise",
    [
        "稍后给您回电",
        "我们明天上午联系您",
        "有结果第一时间通知您",
        "24小时内专员会与您联系",
        "已经帮您登记，会有人核实处理",
        "这边为您反馈上去，辛苦耐心等一下",
        "放心，我们会尽快处理",
        "已通知仓库的同事核实",
        "主管会给您回电的",
        "稍後回覆您",
        "三天内给您答复".replace("三", "3"),
        "已經幫您上報，會有人跟進處理",
        "專員會為您處理",
        "２４小时内给您回复",
    ],
)
def test_a_promise_to_come_back_stays_open_after_thanks(promise: str) -> None:
    found = read(ASKED, ("agent", promise), ("buyer", "好的，谢谢"))
    assert found.promise is not None, promise
    assert found.promise in promise
    assert not found.resolved
    kept = read(ASKED, ("agent", promise), ("agent", "已经处理好了"), ("buyer", "谢谢"))
    assert kept.promise is None
    assert kept.resolved


@pytest.mark.parametrize(
    "text",
    [
        "尽快下单的话今天能发，付款后告诉我",
        "稍后您可以提交申请",
        "我一直都在，有问题会继续给您解答",
        "明天就能送到，请注意查收",
        "如果不是正品我们会帮您处理",
        "这款的颜色请以实物为准",
    ],
)
def test_what_the_buyer_is_to_do_and_what_is_no_more_than_polite_promises_nothing(text: str) -> None:
    assert shop_words(text).promises_later is None


@pytest.mark.parametrize(
    "patience", ["稍等", "请稍等一下", "我帮您查一下", "正在为您核实", "幫您看一下", "稍候"]
)
def test_a_moments_patience_is_open_until_something_is_said(patience: str) -> None:
    assert read(ASKED, ("agent", patience), ("buyer", "好的谢谢")).promise is not None
    told = read(ASKED, ("agent", patience), ("agent", "这款要单独手洗"), ("buyer", "好的谢谢"))
    assert told.resolved
    left = read(ASKED, ("agent", patience), ("agent", "还有其他可以帮您的吗"), ("buyer", "没有了"))
    assert left.resolved


@pytest.mark.parametrize(
    "text",
    [
        "退款还在审核中",
        "款项会在3个工作日内原路退回",
        "预计3天内到账",
        "差价24小时内返还到您的账户",
        "售后单待处理",
        "退款會在3個工作日內到賬",
    ],
)
def test_money_under_way_is_open(text: str) -> None:
    found = read(("buyer", "钱呢"), ("agent", text), ("buyer", "嗯"))
    assert found.refund_pending
    done = read(("buyer", "钱呢"), ("agent", text), ("buyer", "退款到账了，谢谢"))
    assert done.resolved
    content = read(("buyer", "钱呢"), ("agent", text), ("agent", "还有其他问题吗"), ("buyer", "没有了，谢谢"))
    assert content.resolved


@pytest.mark.parametrize(
    "text", ["7天内可以无理由退货", "支持15天内换货", "售后期限内都能申请维修", "保修一年"]
)
def test_terms_are_no_money_under_way(text: str) -> None:
    assert not shop_words(text).refund_pending


@pytest.mark.parametrize(
    "text", ["请提供一下订单号", "您要哪个颜色?", "方便说下身高吗", "麻烦您拍张照片发来", "是這個訂單嗎"]
)
def test_a_question_back_waits_for_the_buyer(text: str) -> None:
    assert read(ASKED, ("agent", text)).asked_back
    assert not read(ASKED, ("agent", text), ("buyer", "是的"), ("agent", "好，已为您登记好了")).asked_back


@pytest.mark.parametrize(
    "text",
    [
        "请问还有其他可以帮您的吗？",
        "您的问题是否都解决了呢？",
        "还有什么可以为您服务的？",
        "方便的话给我们的服务做个评价可以吗",
        "有个请求可以吗？麻烦您点一下服务评价",
        "已经帮您申请了，发出后短信告知",
        "還有其他問題嗎",
    ],
)
def test_asking_for_more_or_for_a_rating_is_no_question_back(text: str) -> None:
    assert not shop_words(text).asks_back


@pytest.mark.parametrize(
    "no", ["没有了", "没", "没啦", "暂时没有", "不用了谢谢", "没有其他问题了", "沒有了", "好的没有了"]
)
def test_a_no_to_anything_else_is_the_end(no: str) -> None:
    found = read(ASKED, ("agent", "单独手洗就好，还有其他问题吗"), ("buyer", no))
    assert found.resolved
    assert found.unanswered == ()


@pytest.mark.parametrize("no", ["没有", "没有收到", "没有红色吗", "有", "还有一个问题"])
def test_the_same_words_say_nothing_where_they_answer_something_else(no: str) -> None:
    found = read(ASKED, ("agent", "您收到包裹了吗"), ("buyer", no))
    assert found.unanswered != ()


@pytest.mark.parametrize("sign", ["👌", "[微笑]", "#E-s21", "。。", "~"])
def test_a_mere_sign_asks_nothing(sign: str) -> None:
    assert read(ASKED, ("agent", "单独手洗就好"), ("buyer", sign)).unanswered == ()


@pytest.mark.parametrize("nudge", ["？", "??", "在吗", "人呢"])
def test_a_nudge_waits_for_an_answer(nudge: str) -> None:
    assert read(ASKED, ("agent", "单独手洗就好"), ("buyer", nudge)).unanswered == ("m02",)


@pytest.mark.parametrize("grumble", ["算了，没用", "以后不来你家了", "太慢了", "真是无语", "太失望了"])
def test_who_leaves_with_a_grumble_is_not_content_however_long_the_silence(grumble: str) -> None:
    turns = (ASKED, ("agent", "这个没有办法"), ("buyer", grumble), ("agent", "请问还有其他可以帮您的吗"))
    found = read(*turns, later=timedelta(hours=1))
    assert found.displeased is not None
    assert not found.resolved


def test_to_ask_for_more_right_after_a_refusal_settles_nothing() -> None:
    turns = (("buyer", "我要退会员费"), ("agent", "实在抱歉，这个不支持退，请问还有其他可以帮您的吗"))
    assert not read(*turns).resolved
    assert read(*turns, ("buyer", "好吧，知道了")).resolved


@pytest.mark.parametrize(
    "threat",
    [
        "我要投诉你们",
        "再不处理就找消协",
        "给你们差评",
        "差评伺候",
        "打12315",
        "你们是骗子",
        "我要舉報",
        "等着收律师函",
    ],
)
def test_a_threat_stands_until_the_buyer_is_reconciled(threat: str) -> None:
    assert read(ASKED, ("buyer", threat), ("agent", "非常抱歉")).complaint is not None
    assert read(ASKED, ("buyer", threat), ("agent", "已为您补发"), ("buyer", "好的，谢谢")).complaint is None


@pytest.mark.parametrize(
    "text",
    [
        "我不投诉，就问问",
        "怎么删除差评",
        "有顾客给我差评怎么回复",
        "看到有差评说会掉色",
        "相机怎么调曝光补偿",
        "烟雾报警器怎么装",
        "怕遇到骗子",
    ],
)
def test_to_speak_of_complaints_is_not_to_complain(text: str) -> None:
    assert buyer_words(text).complains is None


@pytest.mark.parametrize(
    ("plain", "traditional"),
    [
        ("谢谢，问题解决了", "謝謝，問題解決了"),
        ("还没解决", "還沒解決"),
        ("我要投诉", "我要投訴"),
        ("退款到账了", "退款到賬了"),
        ("没有了", "沒有了"),
    ],
)
def test_both_scripts_read_alike(plain: str, traditional: str) -> None:
    one, other = buyer_words(plain), buyer_words(traditional)
    assert (one.settles, one.nothing_left, one.refund_done, one.complains is None) == (
        other.settles,
        other.nothing_left,
        other.refund_done,
        other.complains is None,
    )


def test_words_are_quoted_as_they_were_written() -> None:
    assert shop_words("親，稍後回覆您哦").promises_later == "稍後回覆"


def test_silence_becomes_a_sign_at_a_known_moment() -> None:
    turns = (ASKED, ("agent", "单独手洗就好"))
    found = read(*turns)
    assert found.quiet_at == START + timedelta(seconds=30) + QUIET
    assert not read(*turns, later=QUIET - timedelta(microseconds=1)).resolved
    assert read(*turns, later=QUIET).resolved
    assert read(*turns, later=QUIET).quiet_at is None


WORDS = st.sampled_from(
    [
        "在吗",
        "谢谢",
        "稍后回复您",
        "退款处理中",
        "我要投诉",
        "好的",
        "没有了",
        "还有其他问题吗",
        "已经处理好了",
        "？",
        "",
    ]
)
TALKS = st.lists(
    st.tuples(st.sampled_from(["buyer", "agent", "robot", "welcome"]), WORDS), min_size=1, max_size=9
)


@given(TALKS, st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order_in_which_events_come(talk: list[Turn], chance: object) -> None:
    told = list(events(*talk))
    shuffled = told + told[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = fold_session(told), fold_session(shuffled)
    now = START + timedelta(hours=1)
    assert resolve(one, now) == resolve(other, now)


@given(TALKS)
def test_what_comes_later_is_not_known_yet(talk: list[Turn]) -> None:
    told = list(events(*talk))
    whole = fold_session(told)
    for count in range(1, len(told) + 1):
        then = told[count - 1].at
        assert resolve(whole, then) == resolve(fold_session(told[:count]), then)


@given(TALKS)
def test_resolved_means_that_nothing_is_open(talk: list[Turn]) -> None:
    found = read(*talk)
    assert not (found.resolved and (found.unanswered or found.promise or found.refund_pending))
