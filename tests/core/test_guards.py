"""Each guard by itself: it says no where it should, and lets go where it should not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from conversations import (
    ASKED,
    HOLD,
    INVOICE,
    OFF,
    SURE,
    at,
    event,
    ours,
    situation,
    sources,
)

from app.core.auto_reply import (
    Decision,
    Say,
    Silence,
    decide_at_once,
    decide_before_deadline,
    decide_before_sending,
)
from app.core.explanation import examine
from app.core.guards import GUARDS, Needs
from app.core.mood import Mood
from app.core.policies import Policy
from app.core.situations import Moment, Purpose, Situation, Staffing, Typed, opening_words
from phrasebank import Phrase, Result
from phrasebank.results import Hit

NO_HIT = Result("能开发票吗", (), confident=False)
UNSTAFFED = Staffing(staffed=False)


def code_of(decision: Decision | None) -> str | None:
    """The code of a silence; of words, what they are for."""
    if decision is None:
        return None
    return decision.purpose.value if isinstance(decision, Say) else decision.code


def deadline(*args: Any, found: Result = SURE, **changes: Any) -> Decision:
    return decide_before_deadline(situation(*args, **changes), sources(found))


def arrival(*args: Any, found: Result = SURE, **changes: Any) -> Decision:
    return decide_at_once(situation(*args, seconds=1, **changes), sources(found))


def test_codes_are_unique_and_cheap_guards_come_first() -> None:
    codes = [guard.code for guard in GUARDS]
    assert len(set(codes)) == len(codes)
    needs = [list(Needs).index(guard.needs) for guard in GUARDS]
    assert needs == sorted(needs)


def test_a_sure_answer_is_said() -> None:
    decision = deadline()
    assert isinstance(decision, Say)
    assert (decision.purpose, decision.text) == (Purpose.ANSWER, INVOICE.text)
    assert decision.expires_at == at(180)


def test_without_an_answer_the_buyer_is_held() -> None:
    decision = deadline(found=NO_HIT)
    assert isinstance(decision, Say)
    assert (decision.purpose, decision.text) == (Purpose.HOLDING, HOLD.text)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("switched_off", {"policy": Policy(robot_on=False)}),
        ("quiet_hours", {"policy": Policy(quiet_hours=("11:30-12:30",))}),
        ("quiet_hours", {"policy": Policy(quiet_hours=("23:00-13:00",))}),
        ("too_late", {"seconds": 181}),
        ("spam", {"flagged": lambda: True}),
        ("human_typing", {"typed": Typed("小林", at(150))}),
        ("too_many", {"policy": Policy(max_robot_in_row=0)}),
    ],
)
def test_what_stops_every_word(code: str, changes: dict[str, Any]) -> None:
    assert code_of(deadline(**changes)) == code


@pytest.mark.parametrize(
    ("code", "events"),
    [
        ("closed", [event("c", 10, type="session_closed")]),
        ("withdrawn", [event("w", 10, type="message_withdrawn", message="m1")]),
        ("human_answered", [event("r", 20, "您好", "agent", agent="小林")]),
        ("spam", [event("f", 10, type="buyer_flagged", flag="spam_reported")]),
    ],
)
def test_what_happened_since_stops_every_word(code: str, events: list[Any]) -> None:
    assert code_of(deadline(ASKED, *events)) == code


def test_a_message_marked_as_spam_gets_nothing() -> None:
    assert code_of(deadline(event("m1", 0, "加我领红包", spam="system"))) == "spam"


def test_quiet_hours_end_on_the_minute() -> None:
    assert code_of(deadline(policy=Policy(quiet_hours=("07:00-12:02",)))) == "answer"


def test_a_withdrawn_first_piece_leaves_the_second_waiting() -> None:
    events = [
        ASKED,
        event("m2", 5, "能开专票吗"),
        event("w", 10, type="message_withdrawn", message="m1"),
    ]
    assert code_of(deadline(*events)) == "answer"


def test_a_person_who_spoke_before_the_question_pauses_the_machine_and_is_named() -> None:
    decision = decide_at_once(
        situation(
            event("r", -20, "您好", "agent", agent="小林"),
            ASKED,
            seconds=1,
            policy=Policy(answer="at_once"),
            asked_at=at(0),
        ),
        sources(),
    )
    assert isinstance(decision, Silence)
    assert (decision.code, decision.until) == ("human_active", at(40))
    assert "小林" in decision.reasons[0]


def test_typing_pauses_until_the_pause_is_over() -> None:
    typed = Typed("小林", at(100))
    decision = deadline(typed=typed, seconds=159)
    assert isinstance(decision, Silence)
    assert decision.until == at(160)
    assert code_of(deadline(typed=typed, seconds=160)) == "answer"


def test_a_machine_that_spoke_often_waits_for_a_person() -> None:
    spoken = [ours(f"o{number}", number, f"第{number}句", "answer") for number in (1, 2, 3)]
    assert code_of(deadline(ASKED, *spoken)) == "too_many"
    assert code_of(deadline(ASKED, *spoken[:2])) == "answer"


def test_our_own_echo_is_not_a_person() -> None:
    own = ours("o1", 20, HOLD.text)
    echo = event("e1", 21, HOLD.text, "agent", agent="小林")
    assert code_of(deadline(ASKED, own, echo)) == "answer"


@pytest.mark.parametrize("code", ["answer_off", "not_at_once"])
def test_an_answer_comes_when_the_shop_wants_it(code: str) -> None:
    mode = {"answer_off": "off", "not_at_once": "before_deadline"}[code]
    assert code_of(arrival(policy=Policy(answer=mode))) == code
    assert code_of(arrival(policy=Policy(answer="at_once"))) == "answer"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("wants_human", "我要转人工"),
        ("wants_human", "人工"),
        ("wants_human", "客服？"),
        ("complaint", "再这样我就打12315了，能开发票吗"),
        ("not_text", ""),
    ],
)
def test_what_only_a_person_answers(code: str, text: str) -> None:
    message = event("m1", 0, text, kind="text" if text else "image")
    decision = arrival(message, policy=Policy(answer="at_once"))
    assert code_of(decision) == code
    assert code_of(deadline(message)) == "holding"


def test_a_complaint_is_remembered_until_a_person_has_spoken() -> None:
    complained = event("m0", -30, "我要投诉")
    answered = event("r0", -25, "您好，请讲", "agent")
    policy = Policy(typing_pause_s=0, answer="at_once")
    assert code_of(arrival(complained, ASKED, policy=policy, item={"item_id": "m1"})) == "complaint"
    assert code_of(arrival(complained, answered, ASKED, policy=policy, item={"item_id": "m1"})) == "answer"


def test_words_that_hold_others_do_not_call_for_a_person() -> None:
    assert code_of(arrival(event("m1", 0, "人工费能开发票吗"), policy=Policy(answer="at_once"))) == "answer"


def test_an_upset_buyer_is_held_and_not_answered() -> None:
    decision = deadline(mood=lambda: Mood(0.1, 0.7))
    assert code_of(decision) == "holding"
    assert code_of(arrival(mood=lambda: Mood(0.1, 0.7), policy=Policy(answer="at_once"))) == "upset"


def hits(*scores: float, confident: bool = True) -> Result:
    found = [replace(INVOICE, id=f"p{number}") for number in range(len(scores))]
    pairs = zip(found, scores, strict=True)
    return Result("能开发票吗", tuple(Hit(phrase, score, ()) for phrase, score in pairs), confident)


@pytest.mark.parametrize(
    ("code", "found", "knobs"),
    [
        ("no_match", NO_HIT, {}),
        ("not_sure", hits(0.79), {}),
        ("not_sure", hits(0.95, confident=False), {}),
        ("answer", hits(0.80), {}),
        ("not_sure", hits(0.89), {"answer_min_score": 0.9}),
        ("not_ahead", hits(0.95, 0.80), {"answer_min_lead": 0.2}),
        ("answer", hits(0.95, 0.70), {"answer_min_lead": 0.2}),
        ("answer", hits(0.95), {"answer_min_lead": 0.9}),
        ("category", hits(0.95), {"answer_categories": ("物流",)}),
        ("answer", hits(0.95), {"answer_categories": ("物流", "发票")}),
    ],
)
def test_an_answer_must_be_sure_enough(code: str, found: Result, knobs: dict[str, Any]) -> None:
    assert code_of(arrival(found=found, policy=Policy(answer="at_once", **knobs))) == code


def test_the_bank_is_not_asked_where_something_else_stands_in_the_way() -> None:
    def never() -> Result:
        raise AssertionError("the bank was asked")

    there = replace(sources(), found=never)
    assert code_of(decide_before_deadline(situation(policy=Policy(robot_on=False)), there)) == "switched_off"
    assert code_of(decide_at_once(situation(seconds=1), there)) == "not_at_once"


@pytest.mark.parametrize(
    ("reached", "item", "code"),
    [
        (False, {"counts_robot": True}, "holding"),
        (False, {"counts_robot": False, "counts_assist": True}, "machine_uncounted"),
        (False, {"counts_robot": False, "counts_assist": False}, "machine_uncounted"),
        (False, {"counts_robot": False, "robot_only_left_out": True}, "holding"),
        (True, {"counts_robot": False, "counts_assist": True}, "holding"),
        (True, {"counts_robot": False, "counts_assist": False, "robot_only_left_out": True}, "machine_uncounted"),
        (True, {"counted": False, "reason_uncounted": "outside_hours"}, "uncounted"),
    ],
)  # fmt: skip
def test_a_holding_reply_is_said_only_where_and_how_it_counts(
    reached: bool, item: dict[str, Any], code: str
) -> None:
    handed = [event("h", 1, type="handover")] if reached else []
    assert code_of(deadline(ASKED, *handed, found=NO_HIT, item=item)) == code


def test_before_a_hand_over_the_machine_is_a_robot_and_after_it_an_assistant() -> None:
    before, after = deadline(), deadline(ASKED, event("h", 1, type="handover"))
    assert isinstance(before, Say)
    assert isinstance(after, Say)
    assert (before.sender, after.sender) == ("robot", "robot_assist")


def test_holding_is_said_once_a_wait() -> None:
    held = deadline(found=NO_HIT)
    assert isinstance(held, Say)
    again = deadline(found=NO_HIT, decided=lambda: frozenset({held.once}))
    assert code_of(again) == "once"
    spoken = event("r", -90, "您好", "agent")
    assert code_of(deadline(spoken, ASKED, found=NO_HIT, decided=lambda: frozenset({held.once}))) == "holding"


def test_the_buyer_never_reads_the_same_words_twice() -> None:
    first = deadline(found=NO_HIT, said=frozenset({"亲,请稍等！"}))
    assert isinstance(first, Say)
    assert first.text == HOLD.variants[0]
    assert code_of(deadline(found=NO_HIT, said=frozenset({HOLD.text, *HOLD.variants}))) == "nothing_new"


@pytest.mark.parametrize(
    ("code", "phrase"),
    [
        ("unfilled", Phrase(id="x", text="亲，{eta}给您回复")),
        ("lint", Phrase(id="x", text="亲，我们是全网最低价，请稍等")),
    ],
)
def test_words_that_must_not_leave(code: str, phrase: Phrase) -> None:
    there = sources(NO_HIT, {Purpose.HOLDING: (phrase,)})
    assert code_of(decide_before_deadline(situation(), there)) == code
    good = sources(NO_HIT, {Purpose.HOLDING: (phrase, HOLD)})
    assert code_of(decide_before_deadline(situation(), good)) == "holding"


def test_without_a_phrase_there_is_nothing_to_say() -> None:
    there = sources(NO_HIT, {Purpose.HOLDING: ()})
    assert code_of(decide_before_deadline(situation(), there)) == "no_phrase"


def test_a_welcome_greets_whoever_comes_first_and_only_then() -> None:
    policy = Policy(welcome=True)
    assert code_of(arrival(policy=policy)) == "welcome"
    assert code_of(arrival()) == "not_at_once"
    assert code_of(arrival(event("m0", -9, "在吗"), ASKED, policy=policy, asked_at=at(0))) == "not_at_once"
    assert code_of(arrival(event("w", -1, "您好", "welcome"), ASKED, policy=policy)) == "not_at_once"
    late = situation(seconds=61, policy=policy)
    assert code_of(decide_at_once(late, sources())) == "not_at_once"


@pytest.mark.parametrize("purpose", [Purpose.WELCOME, Purpose.OFF_HOURS])
def test_a_greeting_is_heard_once_within_hours(purpose: Purpose) -> None:
    def heard(asked: Purpose) -> Any:
        return at(0) - timedelta(hours=11, minutes=59) if asked is purpose else None

    policy = Policy(welcome=purpose is Purpose.WELCOME, off_hours=purpose is Purpose.OFF_HOURS)
    shop = {"policy": policy, "staffing": lambda: UNSTAFFED}
    assert code_of(arrival(**shop)) == purpose.value
    assert code_of(arrival(heard_at=heard, **shop)) == "not_at_once"
    sooner = replace(policy, once_within_h=11)
    assert code_of(arrival(heard_at=heard, **shop | {"policy": sooner})) == purpose.value


@pytest.mark.parametrize(("staffed", "said"), [(True, False), (None, False), (False, True)])
def test_off_hours_are_told_only_where_nobody_is_there(staffed: bool | None, said: bool) -> None:
    decision = arrival(staffing=lambda: Staffing(staffed=staffed))
    assert (code_of(decision) == "off_hours") is said


def test_off_hours_say_when_somebody_will_be_there_if_that_is_known() -> None:
    decision = arrival(staffing=lambda: Staffing(False, at(21 * 3600)))
    assert isinstance(decision, Say)
    assert decision.text == "亲，客服 明天 09:00 上线"
    unknown = arrival(staffing=lambda: UNSTAFFED)
    assert isinstance(unknown, Say)
    assert unknown.text == OFF.text


@pytest.mark.parametrize(
    ("hours", "words"), [(2, "今天 14:00"), (21, "明天 09:00"), (8 * 24 - 3, "11月30日 09:00")]
)
def test_the_hour_is_named_as_people_say_it(hours: int, words: str) -> None:
    assert opening_words(at(hours * 3600), at(0), situation().zone) == words


def test_nobody_is_asked_for_a_moment_s_patience_when_nobody_comes() -> None:
    held = deadline(found=NO_HIT, staffing=lambda: UNSTAFFED)
    assert isinstance(held, Say)
    assert (held.purpose, held.text) == (Purpose.HOLDING, OFF.text)


def sending(made: Situation, text: str = HOLD.text, *, admitted: bool = True, **more: Any) -> Silence | None:
    purpose = more.pop("purpose", Purpose.HOLDING)
    phrase = more.pop("phrase", HOLD)
    return decide_before_sending(made, purpose, phrase, text, admitted=admitted, sources=sources(**more))


def test_words_that_nothing_stands_against_leave() -> None:
    assert sending(situation()) is None


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("switched_off", {"policy": Policy(robot_on=False)}),
        ("holding_off", {"policy": Policy(holding=False)}),
        ("quiet_hours", {"policy": Policy(quiet_hours=("12:00-12:30",))}),
        ("answered", {"item": {}, "gone": True}),
        ("too_late", {"seconds": 200}),
        ("human_typing", {"typed": Typed("小林", at(155))}),
        ("nothing_new", {"said": frozenset({HOLD.text})}),
        ("machine_uncounted", {"item": {"counts_robot": False}}),
    ],
)
def test_guards_are_asked_again_when_words_leave(code: str, changes: dict[str, Any]) -> None:
    gone = changes.pop("gone", False)
    made = situation(**changes)
    assert code_of(sending(replace(made, item=None) if gone else made)) == code


def test_words_of_a_phrase_that_changed_or_of_rules_that_changed_do_not_leave() -> None:
    assert code_of(sending(situation(), admitted=False)) == "phrase_gone"
    assert code_of(sending(situation(), "亲，我们是全网最低价")) == "lint"
    assert code_of(sending(situation(), "亲，{eta}回复您")) == "unfilled"


def test_an_answer_that_no_longer_fits_best_does_not_leave() -> None:
    made = situation(policy=Policy())
    answer = {"purpose": Purpose.ANSWER, "phrase": INVOICE}
    assert sending(made, INVOICE.text, **answer) is None
    assert code_of(sending(made, INVOICE.text, found=hits(0.99), **answer)) == "another_answer"
    assert code_of(sending(made, INVOICE.text, found=NO_HIT, **answer)) == "no_match"


def test_explaining_asks_every_guard_and_says_what_each_found() -> None:
    made = situation(policy=Policy(robot_on=False, quiet_hours=("00:00-24:00",)))
    told = examine(made, Purpose.ANSWER, Moment.DEADLINE, sources())
    assert [one.code for one in told.guards] == [g.code for g in GUARDS if Purpose.ANSWER in g.purposes]
    assert [one.code for one in told.guards if one.passed is False] == ["switched_off", "quiet_hours"]
    assert {one.code for one in told.guards if one.passed is None} == {
        g.code for g in GUARDS if g.needs is Needs.WORDS and Purpose.ANSWER in g.purposes
    }
    free = examine(situation(), Purpose.HOLDING, Moment.DEADLINE, sources())
    assert all(one.passed for one in free.guards)
