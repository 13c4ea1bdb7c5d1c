"""The week in figures and in words: exact counts, honest comparisons, steps that follow from the counts."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_week import SUNDAY_NIGHT, Talk, answered, parsed, week

from app.core.forecast.lines import needed_to_recover
from app.core.mood import MoodModel
from app.core.profiles import Profile
from app.core.quality.figures import Tally, total
from app.core.quality.intervals import wilson
from app.core.quality.invitations import invitations
from app.core.quality.reviews import Kind, is_good
from app.core.quality.week_report import NO_REASON, Report
from app.core.quality.weeks import Week
from app.core.quality.wording import headline, next_steps, rate_text
from app.platforms.catalog import load_profiles
from app.usecases.quality_report import log_report
from lint import Linter

W47 = Week.named("2026-W47")


def profile_of(platform: str) -> Profile:
    return load_profiles()[platform]


def report_of(talks: list[Talk], platform: str = "kuaishou", which: Week = W47) -> Report:
    return log_report(
        parsed(talks),
        profile_of(platform),
        which.first,
        which.last,
        SUNDAY_NIGHT,
        Linter.default(),
        MoodModel.load(),
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(week())


# Weeks


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2025-W01", date(2024, 12, 30), date(2025, 1, 5)),
    ],
)
def test_a_week_goes_from_monday_to_sunday(name: str, first: date, last: date) -> None:
    found = Week.named(name)
    assert (found.first, found.last, found.name) == (first, last, name)
    assert Week.of(last) == found


@pytest.mark.parametrize(
    "name", ["2026-W54", "2026-W00", "2025-W53", "2026-47", "W47", "", "２０２６-W47", "0000-W01"]
)
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        Week.named(name)


@settings(deadline=None)
@given(st.dates())
def test_every_day_lies_in_its_week(day: date) -> None:
    found = Week.of(day)
    assert found.first <= day <= found.last
    assert Week.named(found.name) == found


# Intervals and counts


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 400))
def test_an_interval_holds_its_share(good: int, more: int) -> None:
    found = wilson(good, good + more)
    if found is None:
        assert good + more == 0
        return
    low, high = found
    assert 0 <= low <= good / (good + more) <= high <= 1


def test_wilsons_interval_is_that_of_the_books() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_more_good_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError):
        wilson(2, 1)


def test_the_rate_of_the_week_is_exact_and_beside_the_week_before(report: Report) -> None:
    figure = report.main
    assert figure is not None
    assert figure.measure.id == "good_rate"
    assert (figure.whole, figure.before) == (Tally(18, 20), Tally(4, 5))
    assert figure.change == Fraction(1, 10)
    assert [edition.id for edition in figure.editions] == ["human-2023-03"]


def test_lines_stay_apart_and_say_what_they_need(report: Report) -> None:
    figure = report.main
    assert figure is not None
    found = dict(figure.outlooks())
    assert list(found) == ["penalty_line", "platform_target", "own_goal"]
    assert found["penalty_line"].met
    assert found["platform_target"].met
    assert (found["penalty_line"].room, found["platform_target"].room) == (2, 0)


def test_a_measure_that_is_over_is_shown_for_reference_with_its_days(report: Report) -> None:
    attitude = report.figures[1]
    assert (attitude.measure.id, attitude.in_force, attitude.whole) == ("attitude_rate", False, Tally(1, 2))
    assert list(attitude.lines()) == []
    assert str(attitude.edition.to_day) == "2022-11-23"


@pytest.mark.parametrize("split", ["by_agent", "by_group", "by_day"])
def test_every_split_adds_up_to_the_whole(report: Report, split: str) -> None:
    figure = report.main
    assert figure is not None
    assert total(each.tally for each in getattr(figure, split)) == figure.whole


ratings = st.lists(
    st.tuples(
        st.sampled_from(["小林", "小周", "阿哲"]),
        st.integers(16, 22),
        st.sampled_from(["满意", "一般", "失望"]),
        st.sampled_from([None, "服务态度差", "回复太慢", "服务态度差,回复太慢"]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(ratings)
def test_the_parts_of_any_week_are_the_whole(rated: list[tuple[str, int, str, str | None]]) -> None:
    talks = [
        answered(f"s{number}", f"{day}T10:{number:02}", agent).rated(label, reason)
        for number, (agent, day, label, reason) in enumerate(rated)
    ]
    found = report_of(talks)
    figure = found.main
    assert figure is not None
    bad = sum(label != "满意" for _, _, label, _ in rated)
    assert figure.whole == Tally(len(rated) - bad, len(rated))
    assert (
        figure.whole
        == total(each.tally for each in figure.by_agent)
        == total(each.tally for each in figure.by_day)
    )
    assert total(each.ratings for each in found.agents) == figure.whole
    assert len(found.rated_badly) == bad == sum(each.rated_badly for each in found.agents)
    assert len(found.reviews) == sum(each.sessions for each in found.agents) == len(rated)
    for sign in found.signs:
        assert sign.bad.counted + sign.others.counted == len(found.reviews)
    told = sum(max(1, len((reason or "").split(","))) for _, _, label, reason in rated if label != "满意")
    assert sum(count for _, count in found.reasons) == told


# Words


def test_the_headline_tells_rate_change_and_room(report: Report) -> None:
    assert headline(report) == (
        "本周好评率 90%（18/20），比上周 +10.0 个百分点。各条线都已达到；对平台目标 ≥ 90%，再有 1 个中差评就不达标。"
    )


def test_a_headline_below_the_line_says_how_many_good_ones_are_needed() -> None:
    talks = [answered(f"s{n}", f"18T10:{n:02}").rated("满意" if n < 6 else "失望") for n in range(10)]
    needed = needed_to_recover(6, 10, "4/5", strict=True)
    words = headline(report_of(talks))
    assert needed == 11
    assert f"扣罚线 > 80% 未达到，还需连续 {needed} 个好评" in words


def test_without_ratings_there_is_no_rate() -> None:
    found = report_of([answered("s", "18T10:00")])
    assert headline(found) == "本周还没有计入好评率的评价，所以没有比率。"
    assert found.main is not None
    assert list(found.main.outlooks()) == []
    assert rate_text(found.main.whole) == "暂无"


def test_a_platform_without_a_measure_of_ratings_still_has_its_sessions() -> None:
    talk = answered("s", "18T10:00").rated("不满意")
    found = report_of([talk], "pinduoduo")
    assert found.main is None
    assert "差评会话 1 个" in headline(found)
    assert found.reasons == ((NO_REASON, 1),)


def test_the_steps_name_the_counts_they_follow_from(report: Report) -> None:
    steps = "\n".join(next_steps(report))
    assert f"{report.count(Kind.ATTITUDE)} 个因服务态度被差评" in steps
    assert f"{report.count(Kind.COMPLAINT)} 个会话里买家提到投诉" in steps
    assert f"{report.count(Kind.INVITED_UPSET)} 位买家被邀评后又不满" in steps
    assert report.rules[0].name in steps


def test_a_quiet_week_has_no_steps() -> None:
    talks = [answered(f"s{n}", f"18T10:{n:02}").rated("满意") for n in range(12)]
    assert next_steps(report_of(talks)) == ()


# Agents


def test_one_rating_shames_nobody() -> None:
    talks = [answered(f"s{n}", f"18T10:{n:02}").rated("满意") for n in range(30)]
    found = report_of([*talks, answered("one", "19T10:00", "小周").rated("失望")])
    standing = {each.agent: each.standing for each in found.agents}
    assert standing["小周"] == "small"
    assert [each.agent for each in found.agents] == ["小林", "小周"]
    assert not any("小周" in step for step in next_steps(found))


def test_who_is_clearly_below_the_shop_is_named_with_the_interval() -> None:
    talks = [answered(f"s{n}", f"18T10:{n:02}").rated("满意") for n in range(50)]
    talks += [
        answered(f"b{n}", f"19T10:{n:02}", "小周").rated("失望" if n < 8 else "满意") for n in range(12)
    ]
    found = report_of(talks)
    below = next(each for each in found.agents if each.agent == "小周")
    assert (below.standing, below.ratings) == ("below", Tally(4, 12))
    assert any(step.startswith("小周 的评价明显低于全店（4/12") for step in next_steps(found))


# Invitations


def test_invitations_are_told_by_who_sent_them_and_a_session_counts_once() -> None:
    talks = [
        answered("a", "18T10:00").invited().rated("满意"),
        answered("b", "18T11:00").invited().rated("失望").rated("满意"),
        answered("c", "18T12:00").invited("system"),
        answered("d", "18T13:00").invited("system").invited().rated("失望"),
        answered("e", "18T14:00").rated("满意").invited("system", after=90),
        answered("f", "25T14:00").invited(),
    ]
    zone = SUNDAY_NIGHT.tzinfo
    from_, until = (SUNDAY_NIGHT.replace(day=day, hour=16, minute=0, tzinfo=zone) for day in (15, 22))
    agent, system = invitations(
        parsed(talks), from_, until, lambda label: is_good(profile_of("kuaishou"), label)
    )
    assert (agent.by, agent.invited, agent.rated, agent.good) == ("agent", 2, 2, 2)
    assert (system.by, system.invited, system.rated, system.good) == ("system", 3, 1, 0)
