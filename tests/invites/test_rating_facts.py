"""Every fact on invitations and ratings, and the test that keeps it.

`KEPT` names the test of each fact; where the folder `shared` is there, the facts and the documents are read and none may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.core.events import Event, parse_event
from app.core.invitations import INVITATIONS
from app.core.invites import BuyerPast, InviteAdvice, InviteRules, PastInvite, advise
from app.core.measures import History, MeasureResult, evaluate_measure
from app.core.mood import Mood
from app.core.profiles import InviteRules as PlatformInvites
from app.core.profiles import Profile
from app.core.rating_effect import Effect, Standing, rating_period
from app.core.sessions import fold_session
from app.platforms.catalog import load_profiles

SHARED = Path(__file__).resolve().parents[3] / "shared"
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Twelve o'clock in Shanghai, a Sunday."""
TODAY = date(2026, 11, 22)
HAPPY, CROSS = Mood(0.97, 0.01), Mood(0.05, 0.9, ("气死",))


def profile(platform: str) -> Profile:
    return load_profiles()[platform]


def invite(platform: str) -> PlatformInvites:
    found = profile(platform).invite
    assert found is not None
    return found


def happened(*lines: dict[str, Any]) -> list[Event]:
    base = {"session": "S1", "buyer": "B1"}
    return [
        parse_event({"id": f"e{number:02}", "at": NOON.isoformat()} | base | line)
        for number, line in enumerate(lines)
    ]


def said(sender: str, text: str, minutes: float) -> dict[str, Any]:
    at = (NOON + timedelta(minutes=minutes)).isoformat()
    return {"type": "message", "sender": sender, "text": text, "at": at} | (
        {"agent": "A1"} if sender == "agent" else {}
    )


SOLVED = (
    said("buyer", "什么时候发货", -3),
    said("agent", "亲，今天下午就发出", -2),
    said("buyer", "好的，谢谢", -1),
)


def advice(platform: str, *more: dict[str, Any], mood: Mood = HAPPY, **rest: Any) -> InviteAdvice:
    rules, now = InviteRules.of_profile(profile(platform)), rest.pop("now", NOON)
    return advise(fold_session(happened(*SOLVED, *more)), mood, rules, now, **rest)


def rated(label: str, **more: Any) -> dict[str, Any]:
    return {"type": "rating", "label": label, "by": "human"} | more


def count(
    platform: str, measure: str, ratings: Iterable[dict[str, Any]], edition: str | None = None
) -> MeasureResult:
    """What the measure says of ratings, each in a session of its own."""
    lines = [{"session": f"S{n}", "buyer": f"B{n}"} | line for n, line in enumerate(ratings)]
    history = History.of(happened(*lines))
    found = evaluate_measure(history, profile(platform).measure(measure), edition=edition)
    return found.results[0]


# 快手: the good rate


def test_good_rate_is_satisfied_of_all_three_options() -> None:
    labels = ["满意", "满意", "满意", "一般", "失望", "绝望"]
    found = count("kuaishou", "good_rate", map(rated, labels), "all-2021-09")
    # 绝望 is a damaged spelling of 失望 in one document, and no option: the console's own labels count.
    assert (found.numerator, found.denominator) == (3, 5)
    assert profile("kuaishou").is_positive("绝望") is False


def test_good_rate_may_not_fall_below_four_fifths() -> None:
    edition = profile("kuaishou").measure("good_rate").edition("all-2021-09")
    assert edition is not None
    assert edition.penalty_line is not None
    assert (edition.penalty_line.met(4, 5), edition.penalty_line.met(79, 100)) == (True, False)


def test_good_rate_is_judged_by_natural_weeks_from_all_sources() -> None:
    judged = rating_period(profile("kuaishou"), TODAY)
    assert judged is not None
    assert (judged.period.first_day, judged.period.last_day) == (date(2026, 11, 16), TODAY)
    edition = profile("kuaishou").measure("good_rate").edition("all-2021-09")
    assert edition is not None
    assert set(edition.rating_sources) == {"user_initiated", "merchant_invited", "system_pushed"}
    # Whoever asked, or nobody: a rating counts without an invitation too.
    assert count("kuaishou", "good_rate", [rated("满意"), rated("失望")]).denominator == 2


def test_ratings_of_robots_counted_until_the_newest_edition() -> None:
    ratings = [rated("满意"), rated("失望", by="robot")]
    assert count("kuaishou", "good_rate", ratings, "all-2021-09").denominator == 2
    assert count("kuaishou", "good_rate", ratings, "human-2023-03").denominator == 1


def test_one_bad_rating_costs_four_good_ones_at_four_fifths() -> None:
    assert InviteRules(target=Fraction(4, 5)).good_per_bad == 4
    at_the_line = Effect(0.0, Fraction(4, 5), Standing("好评率", "本周", 40, 50))
    assert at_the_line.needed == 0
    assert Effect(0.0, Fraction(4, 5), Standing("好评率", "本周", 40, 51)).needed == 4


def test_invite_after_the_matter_is_solved_and_not_when_it_is_open_or_the_buyer_upset() -> None:
    found = advice("kuaishou")
    assert (found.advice, found.text in INVITATIONS) == ("invite", True), "words, and then the button"
    assert advice("kuaishou", said("buyer", "那什么时候能到", -0.5)).advice == "wait"
    assert advice("kuaishou", mood=CROSS).advice == "no"
    assert advice("kuaishou", mood=Mood(0.6, 0.1)).advice == "no", "not every session"


def test_asking_brings_more_ratings_than_waiting_is_told_to_people() -> None:
    assert any("参评" in line for line in invite("kuaishou").guidance)


def test_a_card_counts_from_8_to_23_only() -> None:
    for clock, counts in (("07:59:59", 0), ("08:00:00", 1), ("22:59:59", 1), ("23:00:00", 0)):
        card = f"2026-11-22T{clock}+08:00"
        found = count(
            "kuaishou", "good_rate", [rated("满意", invited_at=card, at="2026-11-22T23:30:00+08:00")]
        )
        assert found.denominator == counts, clock
        at = datetime.fromisoformat(card)
        assert InviteRules.of_profile(profile("kuaishou")).in_hours(at) is bool(counts), clock
    night = datetime.fromisoformat("2026-11-22T23:10:00+08:00")
    late = advice("kuaishou", now=night)
    assert (late.advice, late.waits_for) == ("wait", "hours")
    assert late.until == datetime.fromisoformat("2026-11-23T08:00:00+08:00")


@pytest.mark.parametrize(("hours", "counted"), [(0, 1), (23.999, 1), (24, 1), (24.001, 0), (48, 0)])
def test_a_rating_counts_within_24_hours_of_the_card(hours: float, counted: int) -> None:
    sent = datetime.fromisoformat("2026-11-20T10:00:00+08:00")
    rating = rated("满意", invited_at=sent.isoformat(), at=(sent + timedelta(hours=hours)).isoformat())
    assert count("kuaishou", "good_rate", [rating]).denominator == counted


@pytest.mark.parametrize("platform", ["kuaishou", "douyin"])
@pytest.mark.parametrize(("hours", "state"), [(0.1, "pending"), (24, "pending"), (24.001, "expired")])
def test_an_invitation_that_can_no_longer_bring_a_rating_is_not_pending(
    platform: str, hours: float, state: str
) -> None:
    sent = {"type": "invite_sent", "by": "agent"}
    found = advice(platform, sent, now=NOON + timedelta(hours=hours))
    assert found.invitation is not None
    assert (found.advice, found.invitation.state) == ("no", state)
    assert found.invitation.expires_at == NOON + timedelta(hours=24)


def test_of_several_ratings_of_one_day_the_last_counts() -> None:
    base = {"session": "S1", "buyer": "B1", "agent": "A1"}
    ratings = [
        rated("失望", at="2026-11-22T10:00:00+08:00") | base,
        rated("满意", at="2026-11-22T11:00:00+08:00") | base,
        rated("失望", at="2026-11-23T09:00:00+08:00") | base,
    ]
    history = History.of(happened(*ratings))
    found = evaluate_measure(history, profile("kuaishou").measure("good_rate")).results[0]
    assert (found.numerator, found.denominator) == (1, 2)


def test_one_invitation_a_day_for_agent_and_buyer() -> None:
    assert set(invite("kuaishou").once_per) == {"session", "buyer_agent_day"}
    rules = InviteRules.of_profile(profile("kuaishou"))
    earlier = BuyerPast((PastInvite(NOON - timedelta(hours=2), "A1"),))
    session = fold_session(happened(*SOLVED))

    def now(past: BuyerPast, days: int) -> InviteAdvice:
        no_rest = InviteRules(once_per=rules.once_per, hours=rules.hours, cooldown_days=days)
        return advise(session, HAPPY, no_rest, NOON, past=lambda: past)

    assert (now(earlier, 0).advice, now(earlier, 0).code) == ("no", "invited_today")
    assert now(BuyerPast((PastInvite(NOON - timedelta(hours=2), "A2"),)), 0).advice == "invite"
    assert now(BuyerPast((PastInvite(NOON - timedelta(hours=14), "A1"),)), 0).advice == "invite"


# 快手: attitude


ATTITUDE = [
    rated("一般", reason="服务态度差"),
    rated("失望", reason="服务态度差"),
    rated("失望", reason="商品质量"),
    rated("一般"),
    rated("满意", reason="服务态度差"),
]


def test_attitude_rate_is_bad_ratings_for_attitude_of_all_bad_ratings() -> None:
    found = count("kuaishou", "attitude_rate", ATTITUDE, "all-2021-11")
    assert (found.numerator, found.denominator) == (2, 4)


def test_attitude_rate_is_judged_by_natural_months_with_robots_from_all_sources() -> None:
    edition = profile("kuaishou").measure("attitude_rate").edition("all-2021-11")
    assert edition is not None
    assert edition.periods == ("natural_month",)
    assert set(edition.rating_sources) == {"user_initiated", "merchant_invited", "system_pushed"}
    ratings = [*ATTITUDE, rated("失望", reason="服务态度差", by="robot")]
    assert count("kuaishou", "attitude_rate", ratings, "all-2021-11").denominator == 5


def test_attitude_rate_may_not_exceed_six_hundredths() -> None:
    edition = profile("kuaishou").measure("attitude_rate").edition("all-2021-11")
    assert edition is not None
    assert edition.penalty_line is not None
    assert (edition.penalty_line.met(6, 100), edition.penalty_line.met(61, 1000)) == (True, False)


@pytest.mark.parametrize(
    ("penalty", "severe", "especially"),
    [
        ("good-weekly", (500, 1000), (1500, 3000)),
        ("good-2021-11-17", (100, 300), (500, 1000)),
        ("attitude-other", (100, 300), (500, 1000)),
        ("attitude-2021-11-17", (100, 300), (500, 500)),
    ],
)
def test_what_bad_ratings_cost_in_each_telling(
    penalty: str, severe: tuple[int, int], especially: tuple[int, int]
) -> None:
    found = next(each for each in profile("kuaishou").penalties if each.id == penalty)
    fines = [level.fine_cny for level in found.levels if level.fine_cny is not None]
    assert [tuple(fine) for fine in fines] == [severe, especially]


# 飞鸽


def test_satisfaction_is_the_two_good_options_of_rated_sessions_from_8_to_23() -> None:
    labels = ["非常满意", "满意", "不满意", "非常不满意"]
    assert count("douyin", "satisfaction", map(rated, labels)).rate_text == "1/2"
    night = [rated("满意", at="2026-11-22T23:00:00+08:00"), rated("满意", at="2026-11-22T07:59:59+08:00")]
    assert count("douyin", "satisfaction", night).denominator == 0


@pytest.mark.parametrize("by", ["agent", "system"])
def test_manual_and_system_invitation_share_one_shot(by: str) -> None:
    found = advice("douyin", {"type": "invite_sent", "by": by})
    assert (found.advice, found.code, found.text) == ("no", "invited", None)
    assert "合计只有一次" in found.reasons[0]


def test_the_platforms_own_automatic_invitation_is_named_where_it_is_switched_on() -> None:
    cited = " ".join(source.quote for source in invite("douyin").provenance)
    assert "【设置】 –【服务评价设置】" in cited
    assert any("系统" in line for line in invite("douyin").guidance)


def test_more_invitations_make_single_bad_ratings_weigh_less() -> None:
    def fall(counted: int) -> Fraction:
        before = Standing("满意率", "本月", counted, counted)
        after = Effect(0.9, Fraction(4, 5), before).after(good=False)
        assert before.rate is not None
        assert after is not None
        return before.rate - after

    assert fall(5) > fall(50) > fall(500)
    assert any("样本" in line for line in invite("douyin").guidance)


KEPT: dict[str, tuple[Callable[..., None], ...]] = {
    "KS-GOOD-FORMULA": (test_good_rate_is_satisfied_of_all_three_options,),
    "KS-GOOD-THRESHOLD": (test_good_rate_may_not_fall_below_four_fifths,),
    "KS-GOOD-PERIOD": (test_good_rate_is_judged_by_natural_weeks_from_all_sources,),
    "KS-GOOD-ROBOT": (test_ratings_of_robots_counted_until_the_newest_edition,),
    "KS-GOOD-PENALTY-A": (test_what_bad_ratings_cost_in_each_telling,),
    "KS-GOOD-PENALTY-B": (test_what_bad_ratings_cost_in_each_telling,),
    "KS-GOOD-1BAD-4GOOD": (test_one_bad_rating_costs_four_good_ones_at_four_fifths,),
    "KS-INVITE-WHEN": (test_invite_after_the_matter_is_solved_and_not_when_it_is_open_or_the_buyer_upset,),
    "KS-ATT-FORMULA": (test_attitude_rate_is_bad_ratings_for_attitude_of_all_bad_ratings,),
    "KS-ATT-PERIOD": (test_attitude_rate_is_judged_by_natural_months_with_robots_from_all_sources,),
    "KS-ATT-THRESHOLD": (test_attitude_rate_may_not_exceed_six_hundredths,),
    "KS-ATT-PENALTY-A": (test_what_bad_ratings_cost_in_each_telling,),
    "KS-ATT-PENALTY-B": (test_what_bad_ratings_cost_in_each_telling,),
    "DY-SAT-FORMULA": (test_satisfaction_is_the_two_good_options_of_rated_sessions_from_8_to_23,),
    "DY-INVITE-ONCE": (test_manual_and_system_invitation_share_one_shot,),
    "DY-INVITE-AUTO": (test_the_platforms_own_automatic_invitation_is_named_where_it_is_switched_on,),
    "DY-INVITE-SAMPLE": (test_more_invitations_make_single_bad_ratings_weigh_less,),
}
"""Facts of the list, by id."""
NO_RATING = {
    "PDD-INVITE-GROUP": "an invitation to buy in a group",
    "TM-GAP": "says what was not read",
    "KS-REPLY-THRESHOLD": "its good rate is KS-GOOD-THRESHOLD",
    "KS-REPLY-OPERATING-TARGET": "about waiting buyers",
    "KS-REPLY-DASHBOARD": "where the console shows the figures",
}
"""Facts that only sound like these, and why."""
IN_THE_DOCUMENTS: dict[str, tuple[Callable[..., None], ...]] = {
    "及时的发送邀评话术并点击会话窗口的【邀请评价】的按钮": KEPT["KS-INVITE-WHEN"],
    "会比等待用户主动评价和系统自动邀评的参评率更高": (
        test_asking_brings_more_ratings_than_waiting_is_told_to_people,
    ),
    "避免出现用户问题还未解决就邀评": KEPT["KS-INVITE-WHEN"],
    "1个中差评,至少需要用4个好评": KEPT["KS-GOOD-1BAD-4GOOD"],
    "客服可以“主动邀评”或者“自动发送邀评”": KEPT["DY-INVITE-ONCE"],
    "手动邀评和系统评价只会触发一次": KEPT["DY-INVITE-ONCE"],
    "会话结束后,系统不会再自动发送邀评卡片": KEPT["DY-INVITE-ONCE"],
    "考核时间:08:00:00-23:00:00": KEPT["DY-SAT-FORMULA"],
    "商户使用智能机器人等工具提供服务的,同样纳入商户客服好评率考核": KEPT["KS-GOOD-ROBOT"],
    "客服态度差不得超过6%": KEPT["KS-ATT-THRESHOLD"],
}
"""Sayings of the documents, beyond the list's own quotes."""
FROM_OUTSIDE: dict[str, tuple[Callable[..., None], ...]] = {
    "仅统计发送时间在早8晚23的评价卡片的评价结果": (test_a_card_counts_from_8_to_23_only,),
    "只有在評價卡片發出后24小時內進行評價的樣本才為有效評價樣本": (
        test_a_rating_counts_within_24_hours_of_the_card,
        test_an_invitation_that_can_no_longer_bring_a_rating_is_not_pending,
    ),
    "如果一個買家一天內多次評價一個客服,只取最后一次": (test_of_several_ratings_of_one_day_the_last_counts,),
    "one invite counted per shop, buyer, agent and day": (test_one_invitation_a_day_for_agent_and_buyer,),
}
"""What our own reading adds to the documents, with its doubts in the profile."""

TOPICS = re.compile(r"invite|rating|good_rate|attitude|satisfaction")


def there(*parts: str) -> str:
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared/{'/'.join(parts)} is absent beside the repository")
    return path.read_text(encoding="utf-8")


def test_every_fact_on_invitations_and_ratings_has_its_test() -> None:
    facts = yaml.safe_load(there("facts", "platform_facts.yaml"))["facts"]
    about = {fact["id"] for fact in facts if TOPICS.search(f"{fact['topic']} {fact['id']}".lower())}
    about |= {fact["id"] for fact in facts if re.search("邀评|好评率|满意率|态度差", str(fact.get("quote")))}
    assert about <= KEPT.keys() | NO_RATING.keys()
    assert KEPT.keys() <= {fact["id"] for fact in facts}


def test_every_saying_of_the_documents_stands_there() -> None:
    folder = SHARED / "seeds"
    if not folder.exists():
        pytest.skip("shared/seeds is absent beside the repository")
    told = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt")))
    assert [saying for saying in IN_THE_DOCUMENTS if saying not in told] == []


def test_what_comes_from_outside_is_cited_in_a_profile() -> None:
    quotes = {
        cited.quote
        for each in load_profiles().values()
        for _, provenance in each.sourced()
        for cited in provenance
    }
    assert [saying for saying in FROM_OUTSIDE if saying not in quotes] == []
