"""What phrases learn from verdicts: in any order, however often, and undone as if it had never been."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phrasebank import Bank, Phrase
from phrasebank.learning import Lessons, Unteachable, Verdict, effective, lessons_of, taught, unteachable

START = datetime(2026, 11, 1, tzinfo=UTC)
TEXTS = (
    "运费谁出呢",
    "发票能开吗",
    "尺码偏大吗",
    "运费 谁出 呢？",
    "您好，发票能开吗",
    "怎么退货呢",
    "谢谢",
    "哈哈",
)

verdicts = st.lists(
    st.builds(
        Verdict,
        id=st.uuids().map(str),
        about=st.sampled_from("abcdef"),
        at=st.integers(0, 20).map(lambda s: START + timedelta(seconds=s)),
        accepted=st.booleans(),
        text=st.sampled_from(TEXTS),
        by_person=st.booleans(),
    ),
    unique_by=lambda verdict: verdict.id,
    max_size=25,
)


def verdict(number: int, text: str, *, accepted: bool = True, **more: object) -> Verdict:
    base = Verdict(f"v{number}", f"m{number}", START + timedelta(seconds=number), accepted, text)
    return replace(base, **more)  # type: ignore[arg-type]


@given(verdicts, st.randoms(use_true_random=False))
def test_order_and_repetition_teach_the_same(given_: list[Verdict], chance: random.Random) -> None:
    shuffled = [*given_, *given_[: len(given_) // 2]]
    chance.shuffle(shuffled)
    assert lessons_of(shuffled) == lessons_of(given_)


@given(verdicts, verdicts)
def test_a_verdict_undone_is_as_if_never_given(before: list[Verdict], later: list[Verdict]) -> None:
    phrase = Phrase("p", "运费由我们承担。", examples=("运费谁付啊",), not_examples=("发票抬头写什么",))
    standing = taught(phrase, Lessons(), lessons_of(before))
    put_in = Lessons(standing.examples[1:], standing.not_examples[1:])
    more = taught(standing, put_in, lessons_of([*before, *later]))
    put_in = Lessons(more.examples[1:], more.not_examples[1:])
    assert taught(more, put_in, lessons_of(before)) == standing
    assert taught(more, put_in, Lessons()) == phrase


@given(verdicts, st.integers(0, 4))
def test_lessons_are_few_new_and_of_one_mind(given_: list[Verdict], limit: int) -> None:
    lessons = lessons_of(given_, limit)
    assert len(lessons.examples) <= limit
    assert len(lessons.not_examples) <= limit
    assert len({*lessons.examples, *lessons.not_examples}) == len(lessons.examples) + len(
        lessons.not_examples
    )
    assert not any(unteachable(text) for text in (*lessons.examples, *lessons.not_examples))


def test_the_oldest_lesson_goes_first() -> None:
    given_ = [verdict(n, text) for n, text in enumerate(("运费谁出呢", "发票能开吗", "尺码偏大吗"))]
    assert lessons_of(given_, 2).examples == ("发票能开吗", "尺码偏大吗")
    again = [*given_, verdict(9, "运费谁出呢")]
    assert lessons_of(again, 2).examples == ("尺码偏大吗", "运费谁出呢")


def test_the_latest_verdict_on_a_message_stands_and_a_person_outweighs_what_is_inferred() -> None:
    accepted, rejected = verdict(1, "运费谁出呢"), verdict(2, "运费谁出呢", accepted=False)
    assert lessons_of([accepted, rejected]) == Lessons((), ("运费谁出呢",))
    inferred = verdict(3, "运费谁出呢", about="m2", by_person=False)
    assert effective([rejected, inferred]) == [rejected]


def test_the_owners_own_words_are_neither_repeated_nor_overruled() -> None:
    phrase = Phrase("p", "运费由我们承担。", examples=("运费谁出呢",), not_examples=("发票能开吗",))
    lessons = lessons_of([verdict(1, "运费，谁出呢？"), verdict(2, "发票能开吗")])
    assert taught(phrase, Lessons(), lessons) == phrase


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", Unteachable.NO_TEXT),
        ("[图片]", Unteachable.NO_TEXT),
        ("哈哈哈", Unteachable.NO_TEXT),
        ("20261122001", Unteachable.NO_TEXT),
        ("你好", Unteachable.COURTESY),
        ("谢谢亲", Unteachable.COURTESY),
        ("还没到", Unteachable.FRAGMENT),
        ("可以吗", Unteachable.FRAGMENT),
        ("怎么弄", Unteachable.FRAGMENT),
        ("多久", Unteachable.FRAGMENT),
        ("退", Unteachable.FRAGMENT),
        ("我昨天买的那件衣服" * 9, Unteachable.TOO_LONG),
        ("有货吗", None),
        ("怎么退货", None),
        ("包邮吗", None),
        ("您好，请问什么时候发货", None),
    ],
)
def test_what_says_nothing_by_itself_is_not_learned(text: str, why: Unteachable | None) -> None:
    assert unteachable(text) is why


def two() -> tuple[Phrase, Phrase]:
    return (
        Phrase("ship", "今天就发出。", title="几点发货", examples=("什么时候发货", "今天能发货吗")),
        Phrase("track", "物流在路上了。", title="查物流", examples=("快递到哪里了", "物流怎么不动了")),
    )


def first(bank: Bank, text: str, **more: object) -> list[str]:
    return [hit.phrase.id for hit in bank.search(text, **more).hits]  # type: ignore[arg-type]


def test_a_rejected_phrase_is_not_offered_for_the_message_nor_for_nearly_the_same_one() -> None:
    ship, track = two()
    asked = "今天可以发货了吗"
    assert first(Bank([ship, track]), asked)[0] == "ship"
    denied = replace(ship, not_examples=(asked,))
    for bank in (Bank([denied, track]), Bank([ship, track]).with_phrases([denied])):
        assert "ship" not in first(bank, asked)
        assert "ship" not in first(bank, "今天可以发货了吗亲")
        assert first(bank, "什么时候发货")[0] == "ship"
        assert first(bank.with_phrases([ship]), asked)[0] == "ship"


def test_a_message_nearer_to_an_example_than_to_what_was_rejected_is_answered() -> None:
    ship, track = two()
    denied = replace(ship, not_examples=("今天能发货吗？明天呢",))
    assert first(Bank([denied, track]), "今天能发货吗")[0] == "ship"


def test_equal_candidates_are_ordered_by_how_often_they_are_taken() -> None:
    ship, track = two()
    twin = replace(ship, id="aaa-twin", text="马上安排发货。")
    bank = Bank([ship, twin, track])
    assert first(bank, "什么时候发货")[:2] == ["aaa-twin", "ship"]
    taken = {"ship": 0.6, "aaa-twin": 0.2}
    assert first(bank, "什么时候发货", acceptance=taken)[:2] == ["ship", "aaa-twin"]
    assert first(bank, "物流怎么不动了", acceptance={"ship": 1.0, "track": 0.0})[0] == "track"


def test_a_rebuilt_bank_has_the_same_phrases_and_is_no_longer_grown() -> None:
    ship, track = two()
    bank = Bank([ship]).with_phrases([track])
    assert bank.grown
    rebuilt = bank.rebuilt()
    assert not rebuilt.grown
    assert rebuilt.phrases == bank.phrases
    assert Bank([ship, track]).with_phrases((), ["ship"]).grown
