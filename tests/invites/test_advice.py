"""Rating advice: each reason not to ask, in the order in which a person would ask, and the way to yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.events import Event, parse_event
from app.core.invitations import INVITATIONS
from app.core.invites import BuyerPast, InviteAdvice, InviteRules, PastInvite, advise
from app.core.mood import Mood
from app.core.sessions import Session, fold_session
from app.platforms.catalog import load_profiles
from lint import Linter

NOON = datetime.fromisoformat("2026-11-22T12:00:00+08:00")
HAPPY = Mood(0.95, 0.02, ("谢谢",))
LUKEWARM = Mood(0.6, 0.1)
CROSS = Mood(0.2, 0.5, ("太慢",))
RULES = InviteRules()

Line = tuple[str, str] | dict[str, object]


def events(*lines: Line, start: datetime = NOON) -> Iterator[Event]:
    """One event a minute: (sender, text) is a message, an object is any event."""
    for number, line in enumerate(lines):
        raw: dict[str, object] = {
            "id": f"e{number:03}",
            "at": (start + timedelta(minutes=number)).isoformat(),
            "session": "S1",
            "buyer": "B1",
        }
        if isinstance(line, dict):
            raw |= line
        else:
            raw |= {"type": "message", "sender": line[0], "text": line[1]}
            if line[0] in {"agent", "robot_assist"}:
                raw["agent"] = "A1"
        yield parse_event(raw)


def session(*lines: Line, start: datetime = NOON) -> Session:
    return fold_session(events(*lines, start=start))


def advice(
    *lines: Line,
    mood: Mood = HAPPY,
    rules: InviteRules = RULES,
    start: datetime = NOON,
    later: timedelta = timedelta(0),
    **more: object,
) -> InviteAdvice:
    folded = session(*lines, start=start)
    assert folded.last_event_at is not None
    return advise(folded, mood, rules, folded.last_event_at + later, **more)  # type: ignore[arg-type]


def invited(*earlier: tuple[datetime, str]) -> BuyerPast:
    return BuyerPast(tuple(PastInvite(at, agent) for at, agent in earlier))


SOLVED: tuple[Line, ...] = (
    ("buyer", "什么时候发货"),
    ("agent", "亲，今天下午就发出"),
    ("buyer", "好的，谢谢"),
)


def test_a_solved_matter_and_a_thankful_buyer_are_worth_an_invitation() -> None:
    found = advice(*SOLVED)
    assert found.advice == "invite"
    assert found.p_satisfied == HAPPY.p_satisfied
    assert found.text in INVITATIONS
    assert any("道谢" in reason for reason in found.reasons)


RATED: Line = {"type": "rating", "label": "满意"}
INVITED: Line = {"type": "invite_sent", "by": "system"}
FLAGGED: Line = {"type": "buyer_flagged", "flag": "spam_reported"}
HANDOVER: Line = {"type": "handover"}


@pytest.mark.parametrize(
    ("lines", "expected", "reason"),
    [
        ((("buyer", "发什么快递"), ("robot", "默认中通"), ("buyer", "谢谢")), "no", "没有人工"),
        ((("buyer", "在吗"), ("welcome", "欢迎光临"), ("buyer", "谢谢")), "no", "没有人工"),
        ((("buyer", "在吗"),), "no", "没有人工"),
        ((*SOLVED, RATED), "no", "已经评价"),
        ((*SOLVED, INVITED), "no", "只有一次"),
        ((*SOLVED, {"type": "invite_sent", "by": "agent"}, ("buyer", "谢谢")), "no", "只有一次"),
        ((*SOLVED, FLAGGED), "no", "骚扰"),
        (
            (*SOLVED, {"type": "message", "sender": "buyer", "text": "加微信", "spam": "system"}),
            "no",
            "骚扰",
        ),
        ((*SOLVED, ("buyer", "那尺码怎么选")), "wait", "1 条消息没有回复"),
        ((*SOLVED, ("buyer", "对了"), ("buyer", "有红色吗")), "wait", "2 条消息没有回复"),
        ((*SOLVED, {"type": "message", "sender": "buyer", "kind": "image"}), "wait", "没有回复"),
        ((*SOLVED, ("buyer", "谢谢，记得尽快发")), "wait", "没有回复"),
        ((*SOLVED, ("buyer", "谢谢，帮我改下地址")), "wait", "没有回复"),
        ((("robot", "您好"), ("buyer", "转人工"), ("agent", "您好"), HANDOVER), "wait", "已转人工"),
        ((("buyer", "能退吗"), ("agent", "我帮您查一下"), ("buyer", "好的谢谢")), "wait", "还没有回音"),
        ((("buyer", "能退吗"), ("agent", "请稍等"), ("buyer", "好的谢谢")), "wait", "还没有回音"),
        ((("buyer", "能退吗"), ("agent", "稍后回复您"), ("buyer", "好的，谢谢")), "wait", "还没有回音"),
        ((("buyer", "能退吗"), ("agent", "24小时内专员会联系您"), ("buyer", "谢谢")), "wait", "还没有回音"),
        ((("buyer", "能退嗎"), ("agent", "3個工作日內給您回覆"), ("buyer", "謝謝")), "wait", "还没有回音"),
        (
            (("buyer", "漏发了"), ("agent", "已反馈仓库，有结果第一时间通知您"), ("buyer", "谢谢")),
            "wait",
            "还没有回音",
        ),
        (
            (("buyer", "钱呢"), ("agent", "退款还在审核中，预计3个工作日到账"), ("buyer", "好的")),
            "wait",
            "处理中",
        ),
        ((("buyer", "想换货"), ("agent", "请提供一下订单号")), "wait", "还没有回答"),
        ((("buyer", "有货吗"), ("agent", "有货的，现在下单今天发出")), "wait", "没有确认"),
        ((*SOLVED, ("buyer", "我要投诉你们"), ("agent", "非常抱歉")), "no", "投诉"),
        ((*SOLVED, ("buyer", "打12315"), ("agent", "非常抱歉")), "no", "12315"),
    ],
)
def test_each_reason_not_to_ask_has_its_advice(lines: tuple[Line, ...], expected: str, reason: str) -> None:
    found = advice(*lines)
    assert (found.advice, found.text) == (expected, None)
    assert reason in found.reasons[0]


@pytest.mark.parametrize(
    ("lines", "later"),
    [
        (
            (
                ("buyer", "能退吗"),
                ("agent", "我帮您查一下"),
                ("agent", "可以退的，已为您安排"),
                ("buyer", "谢谢"),
            ),
            0,
        ),
        ((("buyer", "能退吗"), ("agent", "稍后回复您"), ("agent", "已经处理好了"), ("buyer", "谢谢")), 0),
        ((("buyer", "能退吗"), ("agent", "稍后回复您"), ("agent", "看看"), ("buyer", "解决了谢谢")), 0),
        ((("buyer", "钱呢"), ("agent", "退款处理中"), ("buyer", "退款到账了，谢谢")), 0),
        (
            (
                ("buyer", "钱多久退"),
                ("agent", "退款3个工作日内到账，还有其他问题吗"),
                ("buyer", "没有了，谢谢"),
            ),
            0,
        ),
        ((("buyer", "到哪了"), ("agent", "明天送到，如有问题请联系我"), ("buyer", "好的谢谢")), 0),
        ((("buyer", "有货吗"), ("agent", "有的"), ("agent", "请问还有其他可以帮您的吗？")), 0),
        ((("buyer", "有货吗"), ("agent", "有的，今天发出")), 6),
        ((("buyer", "有货吗"), ("agent", "有的，今天发出"), {"type": "session_closed"}), 0),
        ((("buyer", "有货吗"), ("robot_assist", "有的"), ("buyer", "👌")), 0),
        ((("robot", "您好"), ("buyer", "转人工"), HANDOVER, ("agent", "在的"), ("buyer", "没问题了谢谢")), 0),
        ((("buyer", "我要投诉"), ("agent", "抱歉，已为您补发"), ("buyer", "好吧，谢谢")), 0),
        ((("buyer", "我不投诉，就问问"), ("agent", "在的"), ("buyer", "谢谢")), 0),
    ],
)
def test_what_was_open_and_is_done_does_not_hold_the_invitation_back(
    lines: tuple[Line, ...], later: int
) -> None:
    found = advice(*lines, later=timedelta(minutes=later))
    assert found.advice == "invite", found.reasons


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("07:59:59", "wait"),
        ("08:00:00", "invite"),
        ("22:59:59", "invite"),
        ("22:59:59.999", "invite"),
        ("23:00:00", "wait"),
        ("00:30:00", "wait"),
    ],
)
def test_a_card_outside_the_assessed_hours_waits(clock: str, expected: str) -> None:
    at = datetime.fromisoformat(f"2026-11-22T{clock}+08:00")
    found = advise(session(*SOLVED, start=at - timedelta(minutes=2)), HAPPY, RULES, at)
    assert found.advice == expected


def test_hours_are_those_of_the_rules_zone_whatever_the_zone_of_the_log() -> None:
    at = datetime.fromisoformat("2026-11-22T14:30:00+00:00")
    assert advise(session(*SOLVED, start=at - timedelta(hours=1)), HAPPY, RULES, at).advice == "invite"
    assert RULES.in_hours(datetime.fromisoformat("2026-11-22T15:00:00+00:00")) is False


@pytest.mark.parametrize(
    ("hours", "clock", "inside"),
    [
        (("08:00:00", "24:00:00"), "23:59:59", True),
        (("00:00:00", "24:00:00"), "00:00:00", True),
        (("20:00:00", "02:00:00"), "01:59:59", True),
        (("20:00:00", "02:00:00"), "02:00:00", False),
        (("20:00:00", "02:00:00"), "19:59:59", False),
    ],
)
def test_hours_may_reach_to_or_past_midnight(hours: tuple[str, str], clock: str, inside: bool) -> None:
    assert InviteRules(hours=hours).in_hours(datetime.fromisoformat(f"2026-11-22T{clock}+08:00")) is inside


def test_an_upset_buyer_is_not_asked_even_after_thanks() -> None:
    found = advice(*SOLVED, mood=CROSS)
    assert found.advice == "no"
    assert "情绪" in found.reasons[0]
    assert "太慢" in found.reasons[1]


def test_displeased_last_words_hold_the_invitation_back() -> None:
    lines: tuple[Line, ...] = (("buyer", "算了真是的"), ("agent", "抱歉给您带来不便"))
    assert advice(*lines, mood=Mood(0.6, 0.2), last_turn=Mood(0.1, 0.8)).code == "upset_turn"


def test_a_short_question_in_a_calm_session_is_no_displeasure() -> None:
    lines: tuple[Line, ...] = (("buyer", "能开票吗"), ("agent", "可以的"))
    assert advice(*lines, mood=Mood(0.7, 0.1), last_turn=Mood(0.1, 0.7)).advice == "wait"


@pytest.mark.parametrize(
    ("target", "p", "expected"),
    [
        (Fraction(4, 5), 0.79, "no"),
        (Fraction(4, 5), 0.8, "invite"),
        (Fraction(9, 10), 0.89, "no"),
        (Fraction(9, 10), 0.91, "invite"),
        (Fraction(1, 2), 0.6, "invite"),
        (Fraction(1), 0.99, "no"),
    ],
)
def test_the_break_even_is_the_target(target: Fraction, p: float, expected: str) -> None:
    assert advice(*SOLVED, mood=Mood(p, 0.0), rules=InviteRules(target=target)).advice == expected


def test_the_price_of_a_bad_rating_is_named() -> None:
    assert InviteRules().good_per_bad == 4
    assert InviteRules(target=Fraction(1)).good_per_bad is None
    assert "4 个好评" in advice(*SOLVED, mood=LUKEWARM).reasons[0]


@given(st.fractions(0, 1, max_denominator=1000), st.fractions("0.01", "0.99", max_denominator=1000))
def test_inviting_pays_exactly_where_good_ratings_outweigh_what_bad_ones_cost(
    p: Fraction, target: Fraction
) -> None:
    cost = InviteRules(target=target).good_per_bad
    assert cost is not None
    assert (p >= target) == (p >= (1 - p) * cost)


@pytest.mark.parametrize(("open_items", "expected"), [(0, "invite"), (1, "invite"), (2, "wait")])
def test_an_unanswered_closing_thanks_is_not_held_against_inviting(open_items: int, expected: str) -> None:
    assert advice(*SOLVED, open_items=open_items).advice == expected


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], "invite"),
        ([(NOON - timedelta(hours=3), "A1")], "no"),
        ([(NOON - timedelta(hours=3), "A2")], "invite"),
        ([(NOON - timedelta(hours=13), "A1")], "invite"),
        ([(NOON + timedelta(hours=3), "A1")], "invite"),
    ],
)
def test_where_the_platform_counts_once_per_agent_buyer_and_day(
    earlier: list[tuple[datetime, str]], expected: str
) -> None:
    rules = InviteRules(once_per=frozenset({"session", "buyer_agent_day"}), cooldown_days=0)
    found = advice(*SOLVED, rules=rules, past=lambda: invited(*earlier))
    assert found.advice == expected
    if expected == "no":
        assert found.until == datetime.fromisoformat("2026-11-23T00:00:00+08:00")
    anywhere = InviteRules(cooldown_days=0)
    assert advice(*SOLVED, rules=anywhere, past=lambda: invited(*earlier)).advice == "invite"


def test_what_comes_later_is_not_known_yet() -> None:
    folded = session(*SOLVED, INVITED, RATED)
    assert advise(folded, HAPPY, RULES, NOON + timedelta(minutes=2)).advice == "invite"


def test_withdrawn_words_do_not_wait_for_an_answer() -> None:
    gone: Line = {"type": "message_withdrawn", "message": "e003"}
    assert advice(*SOLVED, ("buyer", "发错了吗"), gone).advice == "invite"


@pytest.mark.parametrize("platform", list(load_profiles()))
def test_every_platform_gives_rules_to_decide_by(platform: str) -> None:
    rules = InviteRules.of_profile(load_profiles()[platform])
    assert 0 < rules.target <= 1
    assert "session" in rules.once_per
    assert advice(*SOLVED, rules=rules, mood=Mood(0.999, 0.0)).advice == "invite"


def test_kuaishou_counts_cards_sent_from_8_to_23() -> None:
    assert InviteRules.of_profile(load_profiles()["kuaishou"]).hours == ("08:00:00", "23:00:00")


def test_invitations_offer_nothing_and_ask_for_no_particular_rating() -> None:
    for text in INVITATIONS:
        for word in ("好评", "五星", "5星", "返", "红包", "优惠券", "赠", "送您", "奖", "现金", "积分"):
            assert word not in text


def test_invitations_are_clean_under_lint() -> None:
    linter = Linter.default()
    for text in INVITATIONS:
        for channel in ("template", "auto", "live"):
            assert list(linter.check(text, channel=channel).findings) == []
