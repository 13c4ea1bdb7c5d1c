"""An import adds and extends, and never takes away; a review names what collides."""

from __future__ import annotations

from dataclasses import replace

from phrasebank import Phrase
from phrasebank.merging import merge
from phrasebank.review import review

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


def test_a_review_names_what_collides() -> None:
    findings = review(
        [
            Phrase("1", "马上退。", code="/tk", examples=("怎么退",)),
            Phrase("2", "马上退", code="TK", examples=("怎麼退？",)),
            Phrase("3", "好", not_keywords=("退",), examples=("能退吗",)),
        ]
    )
    assert {(finding.kind, finding.ids) for finding in findings} == {
        ("duplicate", ("1", "2")),
        ("code", ("1", "2")),
        ("example", ("1", "2")),
        ("self-excluded", ("3",)),
    }


def test_an_example_that_is_also_denied_is_named() -> None:
    (finding,) = review([Phrase("1", "马上退", examples=("怎么退",), not_examples=("怎麼退？",))])
    assert (finding.kind, finding.ids, finding.column) == ("contradicted", ("1",), "not_examples")


def test_phrases_for_others_or_at_rest_do_not_collide() -> None:
    one = Phrase("1", "马上退", code="tk", examples=("怎么退",))
    apart = (replace(one, id="2", owner="小林"), replace(one, id="3", items=("7",)), replace(one, id="4", state="retired"))  # fmt: skip
    assert review([one, *apart]) == []


def test_a_tidy_bank_has_no_findings() -> None:
    assert review(OLD) == []
