"""An action puts its finding right, loses nothing, and is refused where the bank has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phrasebank import Phrase
from phrasebank.care import Action, Do, Finding, Kind, Usage, care_of
from phrasebank.care.actions import (
    ActionError,
    Changes,
    OutdatedError,
    action_from_json,
    changes_of,
    merged,
)
from phrasebank.care.keyword_hits import parts_of
from phrasebank.folding import bare, folded

TODAY = date(2026, 11, 22)

TEXTS = [
    "今天发货",
    "今天发货。",
    "亲，今天就发货哦",
    "马上为您退款",
    "立即帮您退款",
    "满50包邮",
    "满80包邮",
    "订单{order_no}已发出",
]
ASKED = [
    "什么时候发货",
    "怎么退款",
    "怎么退货",
    "退货运费谁出",
    "退货运费多少",
    "退货运费怎么算",
    "能退吗",
    "到哪了",
    "怎么办",
    "坏了怎么办",
]
WORDS = ["发货", "退", "退款", "退货", "退货运费", "怎么办", "退&运费", "到哪", "包邮"]


def some(values: list[str], most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


PHRASES = st.builds(
    Phrase,
    id=st.just(""),
    text=st.sampled_from(TEXTS),
    title=st.sampled_from(["", "发货", "退款"]),
    keywords=some(WORDS),
    not_keywords=some(WORDS, 2),
    examples=some(ASKED),
    not_examples=some(ASKED, 1),
    code=st.sampled_from(["", "fh", "/FH", "tk"]),
    platforms=some(["tmall", "jd"], 2),
    variants=some(TEXTS, 2),
    items=some(["7"], 1),
    valid_until=st.sampled_from(["", "", "2026-11-20", "2026-11-25"]),
    owner=st.sampled_from(["team", "team", "小林"]),
    state=st.sampled_from(["approved", "approved", "draft", "retired"]),
)
BANKS = st.lists(PHRASES, max_size=7).map(
    lambda phrases: {f"p{n}": replace(phrase, id=f"p{n}") for n, phrase in enumerate(phrases)}
)


def care(bank: dict[str, Phrase]) -> list[Finding]:
    usage = {phrase_id: Usage(date(2026, 1, 1), int(phrase_id[-1]) % 3) for phrase_id in bank}
    return care_of(list(bank.values()), TODAY, usage)


def after(bank: dict[str, Phrase], changes: Changes) -> dict[str, Phrase]:
    stored = {phrase.id: phrase for phrase in changes.stored}
    kept = {key: stored.pop(key, phrase) for key, phrase in bank.items() if key not in changes.removed}
    return {**kept, **stored}


@settings(deadline=None, max_examples=80)
@given(BANKS)
def test_an_action_carried_out_removes_its_finding(bank: dict[str, Phrase]) -> None:
    for finding in care(bank):
        for action in (finding.action, *finding.others):
            left = {one.id for one in care(after(bank, changes_of([action], bank)))}
            assert finding.id not in left, (finding.reason, action)


def joined(bank: dict[str, Phrase], key: Callable[[str], str], *columns: str) -> set[str]:
    texts = (
        text
        for phrase in bank.values()
        for column in columns
        for value in [getattr(phrase, column)]
        for text in ([value] if isinstance(value, str) else value)
    )
    return {key(text) for text in texts}


def keyword(text: str) -> str:
    return "&".join(parts_of(text))


@settings(deadline=None, max_examples=80)
@given(BANKS)
def test_a_merge_loses_no_text_example_keyword_or_reach(bank: dict[str, Phrase]) -> None:
    for finding in care(bank):
        if finding.action.do is not Do.MERGE:
            continue
        then = after(bank, changes_of([finding.action], bank))
        assert joined(then, bare, "text", "variants") == joined(bank, bare, "text", "variants")
        assert joined(then, folded, "examples") >= joined(bank, folded, "examples")
        assert joined(then, keyword, "keywords") == joined(bank, keyword, "keywords")
        kept = then[finding.action.into]
        gone = [bank[one] for one in finding.action.ids]
        assert all(
            not kept.platforms or set(one.platforms) <= set(kept.platforms) for one in gone if one.platforms
        )
        assert not kept.platforms or all(one.platforms for one in gone)
        assert not any(folded(word) in folded(text) for word in kept.not_keywords for text in kept.examples)


@settings(deadline=None, max_examples=50)
@given(BANKS)
def test_all_findings_of_a_kind_can_be_put_right_one_after_the_other(bank: dict[str, Phrase]) -> None:
    for _ in range(100):
        findings = care(bank)
        if not findings:
            break
        bank = after(bank, changes_of([findings[0].action], bank))
    assert not {finding.kind for finding in care(bank)} - {Kind.KEYWORD_SUGGESTED}


@given(BANKS)
@settings(deadline=None, max_examples=40)
def test_an_action_reads_back_as_it_was_written(bank: dict[str, Phrase]) -> None:
    for finding in care(bank):
        for action in (finding.action, *finding.others):
            assert action_from_json(action.to_json()) == action
            assert dict(action_from_json(action.to_json()).seen) == dict(action.seen)


BANK = {
    "a": Phrase("a", "今天发", title="发货", examples=("几时发",), not_keywords=("运费",)),
    "b": Phrase("b", "今天发。", title="运费", variants=("今日发出",), keywords=("运费",), code="yf"),
}


def test_a_merged_phrase_keeps_what_it_is_found_by() -> None:
    (kept,) = changes_of([Action(Do.MERGE, ("b",), into="a")], BANK).stored
    assert kept == replace(BANK["a"], variants=("今日发出",), keywords=("运费",), code="yf", not_keywords=())


def test_a_phrase_found_by_its_title_alone_is_found_by_it_still() -> None:
    assert merged(BANK["a"], [Phrase("c", "今天 发", title="寄出时间")]).examples == ("几时发", "寄出时间")


@pytest.mark.parametrize("gone", [True, False])
def test_an_action_is_refused_when_a_phrase_it_rests_on_has_changed(gone: bool) -> None:
    (finding,) = care_of(list(BANK.values()), TODAY, kinds={Kind.DUPLICATE})
    now = dict(BANK)
    if gone:
        del now["b"]
    else:
        now["b"] = replace(BANK["b"], text="明天发")
    with pytest.raises(OutdatedError) as refused:
        changes_of([finding.action], now)
    assert refused.value.ids == ("b",)


def test_several_actions_of_one_check_are_done_together_or_not_at_all() -> None:
    add = Action(Do.ADD_KEYWORDS, ("a",), texts=("发货",))
    code = Action(Do.CLEAR_CODE, ("b",))
    changes = changes_of([add, code], BANK)
    assert {phrase.id for phrase in changes.stored} == {"a", "b"}
    with pytest.raises(OutdatedError):
        changes_of([Action(Do.MERGE, ("b",), into="a"), code], BANK)


def test_a_draft_is_not_made_twice() -> None:
    draft = Action(Do.DRAFT, ("n",), texts=("能刻字吗", "能刻字吗？"), title="刻字", text="亲，可以刻字")
    (made,) = changes_of([draft], BANK).stored
    assert made == Phrase("n", "亲，可以刻字", title="刻字", examples=("能刻字吗",), state="draft")
    with pytest.raises(OutdatedError):
        changes_of([draft], {**BANK, "n": made})


def test_a_draft_is_not_approved_by_being_merged() -> None:
    bank = {**BANK, "b": replace(BANK["b"], state="draft")}
    with pytest.raises(ActionError):
        changes_of([Action(Do.MERGE, ("b",), into="a")], bank)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (None, "action"),
        ({"do": "explode", "ids": ["a"]}, "do"),
        ({"do": ["merge"], "ids": ["a"]}, "do"),
        ({"do": "retire", "ids": []}, "ids"),
        ({"do": "retire", "ids": "a"}, "ids"),
        ({"do": "merge", "ids": ["a"]}, "into"),
        ({"do": "merge", "ids": ["a"], "into": "a"}, "into"),
        ({"do": "add-keywords", "ids": ["a"], "texts": [" "]}, "texts"),
        ({"do": "draft", "ids": ["a"], "texts": ["问"], "text": ""}, "text"),
        ({"do": "extend", "ids": ["a"], "until": "明天"}, "until"),
        ({"do": "retire", "ids": ["a"], "seen": ["x"]}, "seen"),
        ({"do": "retire", "ids": ["a"], "title": 3}, "title"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused_by_its_field(record: object, field: str) -> None:
    with pytest.raises(ActionError) as refused:
        action_from_json(record)
    assert refused.value.field == field
