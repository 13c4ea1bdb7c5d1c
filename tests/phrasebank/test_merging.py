"""An import adds and extends, and never takes away."""

from __future__ import annotations

from phrasebank import Phrase
from phrasebank.merging import merge

OLD = (
    Phrase("1", "马上退", category="售后", keywords=("退款",), examples=("怎么退款",), extra={"备注": "旧"}),
    Phrase("2", "已发出", category="发货", title="已发货"),
)


def test_the_same_text_in_the_same_category_is_extended() -> None:
    new = Phrase(
        "9",
        "马上退 ",
        category="售 后",
        title="退款",
        keywords=("退钱", "退款"),
        extra={"备注": "新", "图": "a"},
    )
    merged = merge(OLD, [new])
    (change,) = merged.changes
    assert change.kind == "extended"
    assert set(change.columns) == {"title", "keywords", "图"}
    assert len(merged.phrases) == 2
    assert merged.phrases[0].id == "1"
    assert merged.phrases[0].keywords == ("退款", "退钱")
    assert merged.phrases[0].extra == {"备注": "旧", "图": "a"}


def test_a_text_of_another_category_or_owner_is_added() -> None:
    merged = merge(
        OLD,
        [Phrase("8", "马上退", category="物流"), Phrase("7", "马上退", category="售后", owner="xiaowang")],
    )
    assert [change.kind for change in merged.changes] == ["added", "added"]
    assert len(merged.phrases) == 4


def test_a_taken_id_is_not_taken_over() -> None:
    merged = merge(OLD, [Phrase("1", "别的话"), Phrase("1", "又一句")])
    assert merged.phrases[:2] == OLD
    assert len({phrase.id for phrase in merged.phrases}) == 4


def test_importing_twice_changes_nothing_the_second_time() -> None:
    once = merge(OLD, [Phrase("5", "新的", examples=("问",))])
    twice = merge(once.phrases, [Phrase("5", "新的", examples=("问",))])
    assert twice.phrases == once.phrases
    assert [change.kind for change in twice.changes] == ["unchanged"]


def test_a_phrase_for_all_platforms_stays_so() -> None:
    merged = merge([Phrase("1", "好")], [Phrase("2", "好", platforms=("taobao",))])
    assert merged.phrases[0].platforms == ()
