"""Limits of channels: the platform's own for text messages, both rolling and by the clock, against a plain count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.alert_limits import AlertLimits, next_allowed
from app.core.alerts import Kind, default_limits
from app.core.spans import parse_span
from app.platforms.catalog import load_profiles

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 22, tzinfo=SHANGHAI)
SMS = AlertLimits(parse_span("08:00-24:00"), max_per_hour=2, max_per_day=20, digest_s=0)


def at(clock: str, day: int = 22) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(2026, 11, day, int(hours), int(minutes), tzinfo=SHANGHAI)


def allowed(limits: AlertLimits, sent: list[datetime], moment: datetime) -> bool:
    """Every limit in its own words, with nothing clever."""
    local = moment.astimezone(SHANGHAI)
    micros = (local - local.replace(hour=0, minute=0, second=0, microsecond=0)) // timedelta(microseconds=1)
    everything = [*sent, moment]

    def per_window(length: timedelta) -> int:
        return sum(moment - length < each <= moment for each in everything)

    by_clock = [each for each in everything if each.astimezone(SHANGHAI).date() == local.date()]
    same_hour = [each for each in by_clock if each.astimezone(SHANGHAI).hour == local.hour]
    return (
        limits.hours.holds(micros)
        and per_window(timedelta(hours=1)) <= limits.max_per_hour
        and per_window(timedelta(days=1)) <= limits.max_per_day
        and len(same_hour) <= limits.max_per_hour
        and len(by_clock) <= limits.max_per_day
        and all(moment - each >= timedelta(seconds=limits.digest_s) for each in sent)
    )


LIMITS = st.builds(
    AlertLimits,
    hours=st.sampled_from(
        [parse_span(text) for text in ("08:00-24:00", "00:00-24:00", "22:00-06:00", "09:30-12:00")]
    ),
    max_per_hour=st.integers(1, 4),
    max_per_day=st.integers(1, 9),
    digest_s=st.sampled_from([0, 60, 300, 3600]),
)
MINUTES = st.lists(st.integers(0, 40 * 60), max_size=80).map(sorted)


@given(limits=LIMITS, minutes=MINUTES)
def test_a_shop_that_obeys_never_breaks_a_limit_and_never_waits_longer_than_it_must(
    limits: AlertLimits, minutes: list[int]
) -> None:
    sent: list[datetime] = []
    for minute in minutes:
        now = max([DAY + timedelta(minutes=minute), *sent])
        moment = next_allowed(limits, sent, now, SHANGHAI)
        assert moment >= now
        assert allowed(limits, sent, moment)
        # All obstacles of this test end on whole minutes, so that one minute earlier is the nearest earlier chance.
        earlier = moment - timedelta(minutes=1)
        assert earlier < now or not allowed(limits, sent, earlier)
        if moment < DAY + timedelta(days=4):
            sent.append(moment)


@given(limits=LIMITS, minutes=MINUTES, minute=st.integers(0, 60 * 60))
def test_the_moment_is_the_first_that_a_plain_count_allows(
    limits: AlertLimits, minutes: list[int], minute: int
) -> None:
    """Whatever was sent before, limits broken or not."""
    now = DAY + timedelta(minutes=minute)
    sent = [moment for moment in (DAY + timedelta(minutes=each) for each in minutes) if moment <= now]
    moment = next_allowed(limits, sent, now, SHANGHAI)
    first = now
    while not allowed(limits, sent, first):
        first += timedelta(minutes=1)
    assert moment == first


@pytest.mark.parametrize(
    ("sent", "now", "expected"),
    [
        ([], at("12:00"), at("12:00")),
        ([at("12:10"), at("12:20")], at("12:30"), at("13:10")),
        # By the clock the hour is over, the last 60 minutes are not.
        ([at("12:50"), at("12:55")], at("13:00"), at("13:50")),
        # The last 60 minutes are free, the hour on the clock is not.
        ([at("12:01"), at("12:02")], at("12:59"), at("13:01")),
        ([at("12:00"), at("12:30")], at("13:00"), at("13:00")),
        ([], at("03:00"), at("08:00")),
        ([at("23:58"), at("23:59")], at("00:10", day=23), at("08:00", day=23)),
    ],
)
def test_the_platforms_hours_and_two_an_hour(sent: list[datetime], now: datetime, expected: datetime) -> None:
    assert next_allowed(SMS, sent, now, SHANGHAI) == expected


def test_twenty_a_day_hold_until_both_days_are_over() -> None:
    sent = [at(f"{hour}:{minute}") for hour in range(10, 20) for minute in ("00", "30")]
    assert next_allowed(SMS, sent, at("21:00"), SHANGHAI) == at("10:00", day=23)


def test_times_of_another_zone_mean_the_same() -> None:
    sent = [at("12:10").astimezone(UTC), at("12:20").astimezone(UTC)]
    assert next_allowed(SMS, sent, at("12:30").astimezone(UTC), SHANGHAI) == at("13:10")


def test_text_messages_keep_to_what_the_platforms_own_keep_to() -> None:
    for profile in load_profiles().values():
        limits = default_limits(Kind.SMS, profile.sms)
        assert (limits.hours.text, limits.max_per_hour, limits.max_per_day, limits.waited_over_s) == (
            "08:00-24:00",
            2,
            20,
            180,
        )
    assert default_limits(Kind.DINGTALK, None).max_per_hour > 2
