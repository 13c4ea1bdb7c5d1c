"""Whether something occurs is told alike by a set and by searching, and a glance at many texts overlooks none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from lint import Linter
from lint.folding import fold
from lint.occurrence import CONTEXT, Glance, Near, Occurrences

EXPRESSIONS = ("(?:加|扫)$", "^(?:好友|码)", "微信[^,]{0,3}号", "[\\p{Han}]{2}", "")
PIECES = st.sampled_from(["加", "扫", "码", "好友", "微信", "号", "，", "\n", "v", " "])
TEXTS = st.lists(PIECES, max_size=6).map("".join)


@given(texts=st.lists(TEXTS, max_size=4))
@settings(deadline=None)
def test_asked_often_it_says_what_it_said_when_asked_first(texts: list[str]) -> None:
    expressions = {2 * at: re2.compile(expression) for at, expression in enumerate(EXPRESSIONS)}
    often = Occurrences(expressions)
    for _ in range(100):
        often.within("")
    for text in texts:
        assert set(often.within(text)) == {n for n, each in expressions.items() if each.search(text)}


def test_of_no_expressions_none_occurs() -> None:
    assert not Occurrences({}).within("微信")


@given(texts=st.lists(TEXTS, max_size=40), expression=st.sampled_from(EXPRESSIONS))
@settings(deadline=None)
def test_a_glance_overlooks_no_text(texts: list[str], expression: str) -> None:
    held = list(Glance(expression).holding(texts))
    assert held == sorted(set(held))
    assert {at for at, text in enumerate(texts) if re2.search(expression, text)} <= set(held)


def test_a_glance_tells_texts_apart() -> None:
    texts = ["您好", "加微信号", "微信", "号", *["在的"] * 40, "微信的号"]
    assert list(Glance("微信[^,]{0,3}号").holding(texts)) == [1, 44]


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(before=TEXTS, after=TEXTS, far=st.sampled_from(["", "好" * CONTEXT]))
@settings(deadline=None)
def test_what_holds_around_a_span_may_hold_in_the_text(
    expression: str, before: str, after: str, far: str
) -> None:
    near = Near(re2.compile(expression))
    text = f"{far}{before}最{after}{far}"
    start = len(far) + len(before)
    if near.holds(text, start, start + 1):
        assert any([*near.may_hold([fold(text, view)])] == [0] for view in near.views)


def test_near_looks_no_further_than_the_context() -> None:
    near = Near(re2.compile("加"))
    assert near.holds("加" + "好" * (CONTEXT - 1) + "最", CONTEXT, CONTEXT + 1)
    assert not near.holds("加" + "好" * CONTEXT + "最", CONTEXT + 1, CONTEXT + 2)


def test_a_text_is_asked_once_however_often_a_word_stands_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    may_hold = Near.may_hold

    def counted(self: Near, texts: Sequence[str]) -> Iterable[int]:
        asked.append(len(texts))
        return may_hold(self, texts)

    monkeypatch.setattr(Near, "may_hold", counted)
    text = "至微信地址" * 400
    list(Linter.default().check_all([text, text], channel="template"))
    assert asked
    assert max(asked) <= 2
