"""The pure rules: what a role may do, which passwords are taken, how often somebody may try."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.core.passwords import COMMON, MAX_LENGTH, MIN_LENGTH, password_fault
from app.core.roles import ROLE_SCOPES, SCOPES, Role, leaves_no_owner, who_may
from app.core.sign_in_limits import SignInLimits

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def test_each_role_may_do_all_that_the_one_below_may_and_more() -> None:
    agent, supervisor, owner = (ROLE_SCOPES[role] for role in Role)
    assert agent < supervisor < owner <= set(SCOPES)
    assert set(SCOPES) - owner == {"events"}


@pytest.mark.parametrize(
    ("scope", "words"),
    [("read", "客服和主管和店主"), ("phrases", "主管和店主"), ("keys", "店主"), ("events", "")],
)
def test_who_may_is_said_by_the_names_of_roles(scope: str, words: str) -> None:
    assert who_may(scope) == words


@pytest.mark.parametrize(
    ("now", "then", "others", "lost"),
    [
        (Role.OWNER, Role.AGENT, 0, True),
        (Role.OWNER, None, 0, True),
        (Role.OWNER, Role.OWNER, 0, False),
        (Role.OWNER, None, 1, False),
        (Role.SUPERVISOR, None, 0, False),
    ],
)
def test_the_last_owner_stays(now: Role, then: Role | None, others: int, lost: bool) -> None:
    assert leaves_no_owner(now=now, then=then, other_owners=others) is lost


@pytest.mark.parametrize(
    "password",
    [
        "蓝色自行车在屋顶唱歌",
        "correct horse battery",
        "aaaa bbbb cccc",
        "nuanmu 的王老板爱喝茶",
        "x" * 9 + "yzq",
    ],
)
def test_long_passwords_are_taken_whatever_they_are_made_of(password: str) -> None:
    assert password_fault(password, ["nuanmu", "王老板", "暖木生活馆"]) is None


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "至少 10"),
        ("短密码", "至少 10"),
        ("a" * (MAX_LENGTH + 1), "最多"),
        ("1234567890", "太常见"),
        ("１２３４５６７８９０", "太常见"),
        ("WoAiNi1314520", "太常见"),
        ("aaaaaaaaaaaa", "太常见"),
        ("abcabcabcabca", "太常见"),
        ("abcdefghijkl", "太常见"),
        ("zyxwvutsrqpo", "太常见"),
        ("wanglaoban88", "登录名"),
        ("暖木生活馆wanglaoban", "登录名"),
    ],
)
def test_short_common_and_obvious_passwords_are_refused(password: str, said: str) -> None:
    fault = password_fault(password, ["wanglaoban", "暖木生活馆"])
    assert fault is not None
    assert said in fault


def test_every_common_password_on_the_list_is_long_enough_to_matter_and_refused() -> None:
    assert all(len(word) >= MIN_LENGTH and word == word.casefold() for word in COMMON)
    assert all(password_fault(word) for word in COMMON)


def test_five_wrong_tries_from_one_address_and_then_one_a_minute() -> None:
    limits = SignInLimits()
    assert [limits.take("lin", "192.0.2.1", NOW) for _ in range(6)] == [0, 0, 0, 0, 0, 60]
    assert limits.take("lin", "192.0.2.1", NOW + timedelta(seconds=59)) == 1
    assert limits.take("lin", "192.0.2.1", NOW + timedelta(seconds=60)) == 0
    assert limits.take("lin", "192.0.2.1", NOW + timedelta(seconds=61)) > 0


def test_a_stranger_elsewhere_does_not_lock_the_owner_of_a_login_out() -> None:
    limits = SignInLimits()
    while limits.take("lin", "192.0.2.1", NOW) == 0:
        pass
    assert limits.take("lin", "198.51.100.7", NOW) == 0


def test_one_address_cannot_try_many_logins() -> None:
    limits = SignInLimits()
    taken = [limits.take(f"login{number}", "192.0.2.1", NOW) for number in range(31)]
    assert taken[:30] == [0] * 30
    assert taken[30] > 0


def test_addresses_of_one_site_of_version_6_count_as_one() -> None:
    limits = SignInLimits()
    for number in range(5):
        assert limits.take("lin", f"2001:db8:1:2::{number}", NOW) == 0
    assert limits.take("lin", "2001:db8:1:2:ffff::1", NOW) > 0
    assert limits.take("lin", "2001:db8:1:3::1", NOW) == 0


def test_what_is_right_counts_for_nothing() -> None:
    limits = SignInLimits()
    for _ in range(100):
        assert limits.take("lin", "192.0.2.1", NOW) == 0
        limits.succeeded("lin", "192.0.2.1", NOW)


def test_memory_is_bounded_by_what_still_counts() -> None:
    limits = SignInLimits()
    for number in range(30_000):
        limits.take(
            f"login{number}", f"192.0.{number % 250}.{number // 250}", NOW + timedelta(seconds=number)
        )
    assert len(limits._used) <= 20_003


def test_that_a_login_was_stopped_is_news_once_until_somebody_gets_in() -> None:
    limits = SignInLimits()
    limits.take("lin", "192.0.2.1", NOW)
    assert [limits.is_news("lin") for _ in range(3)] == [True, False, False]
    limits.succeeded("lin", "192.0.2.1", NOW)
    assert limits.is_news("lin")
