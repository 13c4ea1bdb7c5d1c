"""What is said beside the card: clean at every channel, offering nothing, and never the same twice in a row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.invitations import INVITATION, INVITATIONS, in_turn, invitations_read
from app.platforms.catalog import load_profiles
from lint import Linter
from phrasebank import starter_bank


@pytest.mark.parametrize("text", INVITATIONS)
@pytest.mark.parametrize("channel", ["auto", "template", "live"])
def test_our_own_are_clean_under_lint(text: str, channel: str) -> None:
    linter = Linter.default()
    for platform in (None, *load_profiles()):
        assert list(linter.check(text, channel=channel, platform=platform).findings) == []


def test_those_of_the_starter_bank_are_clean_unattended_too() -> None:
    linter = Linter.default()
    phrases = [phrase for phrase in starter_bank().phrases if phrase.category == "邀评"]
    assert phrases
    for phrase in phrases:
        for text in (phrase.text, *phrase.variants):
            assert linter.check(text, channel="auto").worst not in {"error", "warning"}, text


@pytest.mark.parametrize("text", INVITATIONS)
def test_they_ask_for_an_opinion_and_promise_nothing(text: str) -> None:
    assert "评价" in text or "打个分" in text
    for word in (
        "好评",
        "五星",
        "5星",
        "满意请",
        "返",
        "红包",
        "优惠券",
        "赠",
        "送您",
        "奖",
        "现金",
        "积分",
        "免单",
    ):
        assert word not in text


@pytest.mark.parametrize(
    "text",
    [
        "亲，给个五星好评返现5元哦",
        "评价后截图发我，送您优惠券一张",
        "麻烦给个好评，返红包2元",
        "五星好評返現金",
        "好评返现，加微信领取",
        "帮忙点个满意，给您发红包",
    ],
)
@pytest.mark.parametrize("channel", ["auto", "template", "live"])
def test_to_pay_for_ratings_is_an_error(text: str, channel: str) -> None:
    assert Linter.default().check(text, channel=channel).worst == "error"


def test_there_are_enough_to_take_turns() -> None:
    assert len(set(INVITATIONS)) == len(INVITATIONS) >= 4
    assert INVITATION.text == INVITATIONS[0]


@given(st.text(max_size=20), st.integers(0, 30))
def test_nobody_reads_the_same_twice_in_a_row(buyer: str, times: int) -> None:
    read: list[str] = []
    for _ in range(times):
        offered = in_turn(INVITATIONS, buyer, read)
        assert sorted(offered) == sorted(INVITATIONS)
        assert not read or offered[0] != read[-1]
        read.append(offered[0])
    assert len(set(read)) == min(times, len(INVITATIONS)), "those that were not read come first"


def test_different_buyers_begin_with_different_ones() -> None:
    assert len({in_turn(INVITATIONS, f"b{n}", ())[0] for n in range(50)}) == len(INVITATIONS)


def test_only_invitations_count_as_read() -> None:
    said = ["在的亲", INVITATIONS[1], "今天发出", INVITATIONS[0]]
    assert invitations_read(INVITATIONS, said) == [INVITATIONS[1], INVITATIONS[0]]
    assert in_turn((), "b", ()) == ()
