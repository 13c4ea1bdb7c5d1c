"""A session looked at afterwards: kinds, waits, sentences, repeated questions, the buyer's words."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sample_week import CROSS, SHANGHAI, SUNDAY_NIGHT, Talk, answered, parsed, week

from app.core.events import Event
from app.core.mood import MoodModel
from app.core.quality.asked_again import asked_again
from app.core.quality.reviews import Kind, Review, Reviewer, attitude_reasons, is_good
from app.core.quality.transcript import Line, Moment, transcript
from app.core.sessions import fold_session
from app.platforms.catalog import load_profiles
from app.usecases.picture import mood_of
from lint import Linter

PROFILE = load_profiles()["kuaishou"]


def review_all(talks: list[Talk], platform: str = "kuaishou") -> dict[str, Review]:
    profile = load_profiles()[platform]
    reviewer = Reviewer(profile, profile.primary_reply.latest, Linter.default(), MoodModel.load(), mood_of)
    return {review.session: review for review in reviewer.review(parsed(talks), SUNDAY_NIGHT)}


@pytest.fixture(scope="module")
def reviews() -> dict[str, Review]:
    return review_all(week())


@pytest.mark.parametrize(
    ("session", "kinds"),
    [
        ("good-0", ()),
        ("quiet-0", ()),
        ("so-so", (Kind.BAD,)),
        ("promise", (Kind.PROMISE,)),
    ],
)
def test_each_session_is_told_by_what_is_wrong_with_it(
    reviews: dict[str, Review], session: str, kinds: tuple[Kind, ...]
) -> None:
    assert reviews[session].kinds == kinds


@pytest.mark.parametrize(
    ("session", "kind"),
    [
        ("bad", Kind.ATTITUDE),
        ("upset", Kind.UPSET),
        ("after-invite", Kind.INVITED_UPSET),
        ("complaint", Kind.COMPLAINT),
    ],
)
def test_the_gravest_kind_stands_first(reviews: dict[str, Review], session: str, kind: Kind) -> None:
    assert reviews[session].kinds[0] is kind


def test_a_badly_rated_session_tells_what_may_be_why(reviews: dict[str, Review]) -> None:
    review = reviews["bad"]
    assert (review.agent, review.group, review.label) == ("小周", "售后", "失望")
    assert review.reasons == ("服务态度差", "回复太慢")
    assert [(wait.seconds, wait.late) for wait in review.waits] == [(400, True), (30, False), (20, False)]
    assert review.longest is not None
    assert review.longest.message_id == "bad-1"
    assert [each.message_ids for each in review.asked_again] == [("bad-1", "bad-3")]
    assert {each.message_id for each in review.flagged} == {"bad-2"}
    assert all(each.suggestion for each in review.flagged)
    assert CROSS in [turn.text for turn in review.moving]
    assert review.rating_counts is True


def test_a_session_that_was_rated_well_is_on_no_list_though_the_buyer_was_upset() -> None:
    talk = Talk("s", "18T10:00").buyer_says(CROSS).agent_says("亲，我去核实一下，明天回复您").rated("满意")
    assert review_all([talk])["s"].kinds == ()


def test_the_last_rating_of_a_session_holds() -> None:
    changed = answered("s", "18T10:00").rated("失望", "服务态度差").rated("满意", after=600)
    assert review_all([changed])["s"].kinds == ()


def test_a_rating_that_the_edition_leaves_out_is_marked() -> None:
    by_robot = answered("s", "18T10:00").rated("失望", by="robot")
    assert review_all([by_robot])["s"].rating_counts is False


def test_what_is_unanswered_is_late_only_after_its_window() -> None:
    talk = Talk("s", "22T23:20").buyer_says("这件有货吗")
    profile = PROFILE
    reviewer = Reviewer(profile, profile.primary_reply.latest, Linter.default(), MoodModel.load(), mood_of)
    asked_at = talk.parsed[-1].at
    [within] = reviewer.review(talk.parsed, asked_at + timedelta(seconds=180))
    [after] = reviewer.review(talk.parsed, asked_at + timedelta(seconds=181))
    assert (within.waits[0].late, within.unanswered) == (False, 0)
    assert (after.waits[0].late, after.unanswered) == (True, 1)


def test_the_order_of_events_plays_no_part() -> None:
    events: list[Event] = parsed(week())
    random.Random(4).shuffle(events)
    reviewer = Reviewer(PROFILE, PROFILE.primary_reply.latest, Linter.default(), MoodModel.load(), mood_of)
    shuffled = {each.session: each for each in reviewer.review(events, SUNDAY_NIGHT)}
    assert shuffled == review_all(week())


def test_only_the_wanted_sessions_are_reviewed_but_an_answer_elsewhere_ends_a_wait() -> None:
    asked = Talk("a", "18T10:00", buyer="B").buyer_says("在发货了吗")
    told = Talk("b", "18T10:01", buyer="B").agent_says("亲，已经发出")
    reviewer = Reviewer(PROFILE, PROFILE.primary_reply.latest, Linter.default(), MoodModel.load(), mood_of)
    [review] = reviewer.review([*asked.parsed, *told.parsed], SUNDAY_NIGHT, {"a"})
    assert (review.session, review.unanswered) == ("a", 0)


@pytest.mark.parametrize(
    ("said", "times"),
    [
        (["怎么退货", "怎么退货"], [2]),
        (["怎么退货啊", "请问怎么退货"], [2]),
        (["怎么申请退货", "怎麼申請退貨？"], [2]),
        (["怎么退货", "运费谁出", "怎么退货", "怎么退货"], [3]),
        (["怎么退货", "怎么换货"], []),
        (["在吗", "在吗"], []),
        (["谢谢", "谢谢"], []),
        (["哈哈哈哈", "哈哈哈哈"], []),
    ],
)
def test_a_question_is_known_again(said: list[str], times: list[int]) -> None:
    talk = Talk("s", "18T10:00")
    for text in said:
        talk.buyer_says(text).agent_says("亲，在的")
    assert [each.times for each in asked_again(fold_session(talk.parsed))] == times


def test_the_same_words_sent_twice_by_a_slip_are_one_question() -> None:
    slip = Talk("s", "18T10:00").buyer_says("怎么申请退货").buyer_says("怎么申请退货", after=2)
    assert asked_again(fold_session(slip.parsed)) == ()


@pytest.mark.parametrize(
    ("platform", "label", "good"),
    [
        ("kuaishou", "满意", True),
        ("kuaishou", "绝望", False),
        ("kuaishou", "别的", None),
        ("douyin", "非常不满意", False),
        ("xiaohongshu", "4星", True),
        ("pinduoduo", "不满意", False),
        ("pinduoduo", "非常满意", True),
        ("pinduoduo", "随便", None),
    ],
)
def test_labels_are_read_as_the_platform_has_them(platform: str, label: str, good: bool | None) -> None:
    assert is_good(load_profiles()[platform], label) is good


def test_the_reason_of_attitude_is_the_platforms_own() -> None:
    assert attitude_reasons(PROFILE) == {"服务态度差"}


def test_a_talk_is_marked_and_personal_data_is_out_of_sight() -> None:
    talk = Talk("s", "18T10:00").buyer_says(f"我电话13812345678，{CROSS}")
    talk.agent_says("关我什么事，别再打13812345678了", after=400).rated("失望", "服务态度差")
    review = review_all([talk])["s"]
    told = transcript(fold_session(talk.parsed), review, Linter.default())
    lines = [each for each in told if isinstance(each, Line)]
    words = "".join(piece.text for line in lines for piece in line.pieces)
    assert "138" not in words
    assert words.count("[隐去]") == 2
    assert [piece.text for piece in lines[1].pieces if piece.mark == "flagged"]
    assert [piece.text for piece in lines[0].pieces if piece.mark == "moving"]
    assert lines[0].wait is not None
    assert lines[0].wait.late
    assert [each.what for each in told if isinstance(each, Moment)] == ["assigned", "rated"]
    assert "138" not in repr([turn.text for turn in review.moving])
    assert lines[0].at.astimezone(SHANGHAI).hour == 10
