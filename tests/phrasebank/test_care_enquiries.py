"""Questions without a phrase, and phrases without the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from phrasebank import Phrase, starter_bank
from phrasebank.care import Do, Finding, Kind
from phrasebank.care.actions import changes_of
from phrasebank.care.enquiries import Enquiry, from_enquiries, most_asked

TODAY = date(2026, 11, 22)
STARTER = starter_bank()
DAYS = [TODAY - timedelta(days=n) for n in (2, 1, 0)]
CAT = Phrase("cat", "亲，店里那只橘猫叫团子，欢迎来看", title="店猫", examples=("店里有猫吗",))
BANK = {phrase.id: phrase for phrase in (CAT, *STARTER)}


def told(enquiries: Sequence[Enquiry], bank: dict[str, Phrase] = BANK, **more: Any) -> list[Finding]:
    added = [
        replace(phrase, state="approved") for phrase in bank.values() if STARTER.get(phrase.id) != phrase
    ]
    index = STARTER.with_phrases(added)
    return from_enquiries(
        enquiries,
        list(bank.values()),
        lambda text: index.search(text).hits,
        lambda text: text.replace("13800138000", "[隐去]"),
        DAYS,
        **more,
    )


BADGES = [
    Enquiry("能绣校徽吗", DAYS[0], ("亲，可以绣校徽，请备注内容",)),
    Enquiry("可以绣校徽吗", DAYS[2], ("亲，可以绣校徽，请备注内容。",)),
    Enquiry("能绣班级校徽吗 13800138000", DAYS[2]),
    Enquiry("我们学校要绣校徽", DAYS[2], ("不行哦",)),
]


def test_a_question_without_a_phrase_becomes_a_draft_with_what_agents_answered() -> None:
    (finding,) = told([*BADGES, Enquiry("什么时候发货", TODAY), Enquiry("谢谢", TODAY), Enquiry("？", TODAY)])
    assert finding.kind is Kind.UNANSWERED
    assert finding.detail["size"] == len(BADGES)
    assert [point["count"] for point in finding.detail["trend"]] == [1, 0, 3]
    assert finding.action.do is Do.DRAFT
    assert finding.action.text == "亲，可以绣校徽，请备注内容"
    assert len(finding.action.texts) == len(BADGES)
    assert not any("138" in text for text in finding.action.texts)


def test_once_the_draft_is_there_the_question_is_not_told_again() -> None:
    (finding,) = told(BADGES)
    (draft,) = changes_of([finding.action], BANK).stored
    assert draft.state == "draft"
    assert told(BADGES, {**BANK, draft.id: draft}) == []


def test_a_draft_without_a_known_reply_says_that_it_is_to_be_written() -> None:
    (finding,) = told([Enquiry(one.text, one.day) for one in BADGES])
    assert finding.action.text.startswith("（待写）")


def test_too_few_questions_are_not_told() -> None:
    assert told(BADGES[:2]) == []


def test_what_agents_answered_with_a_phrase_that_was_not_offered_becomes_its_example() -> None:
    asked = [
        Enquiry("那只小家伙还好吧", TODAY, ("亲，店里那只橘猫叫团子哦，欢迎您来看",)),
        Enquiry("店里有猫吗", TODAY, (CAT.text,)),
    ]
    (finding,) = told(asked)
    assert (finding.kind, finding.ids, finding.action.texts) == (
        Kind.EXAMPLE_SUGGESTED,
        ("cat",),
        ("那只小家伙还好吧",),
    )
    (changed,) = changes_of([finding.action], BANK).stored
    assert changed.examples == (*CAT.examples, "那只小家伙还好吧")
    assert told(asked, {**BANK, "cat": changed}) == []


def test_holding_replies_and_questions_of_others_suggest_nothing() -> None:
    asked = [Enquiry("那只小家伙还好吧", TODAY, (CAT.text,))]
    assert told(asked, holding=["cat"]) == []
    assert told([Enquiry("什么时候发货呀", TODAY, (CAT.text,))]) == []


def test_a_message_that_the_phrase_denies_is_not_suggested_for_it() -> None:
    denied = replace(CAT, not_examples=("那只小家伙还好吧",))
    assert told([Enquiry("那只小家伙还好吧", TODAY, (CAT.text,))], {**BANK, "cat": denied}) == []


def test_nothing_asked_gives_nothing() -> None:
    assert told([]) == []


def test_where_too_much_was_asked_the_most_frequent_and_latest_questions_count() -> None:
    asked = [Enquiry(text, TODAY) for text in ("一号店在哪", "二号店在哪", "二号店在哪？", "三号店在哪")]
    assert [one.text for one in most_asked(asked, 2)] == ["二号店在哪", "二号店在哪？", "三号店在哪"]
    assert most_asked(asked, 9) == asked
