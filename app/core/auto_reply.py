"""Whether the machine says something by itself, and what. Pure: values in, a decision with its reasons out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.core.guards import Judge, Needs, Question, Refusal, Words, first_refusal
from app.core.situations import (
    Decision,
    Moment,
    Purpose,
    Say,
    Silence,
    Situation,
    last_human,
    opening_words,
)
from phrasebank import Phrase, Result
from phrasebank.filling import fill

__all__ = [
    "Decision",
    "Purpose",
    "Say",
    "Silence",
    "Situation",
    "Sources",
    "decide_at_once",
    "decide_before_deadline",
    "decide_before_sending",
    "decide_to_invite",
]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where words come from, each asked only when it is needed.

    `found` is what the bank has for the buyer's message, `phrases` what may be said unattended for a purpose, in the
    shop's order; `linter` judges what would be said.
    """

    found: Callable[[], Result]
    phrases: Callable[[Purpose], Sequence[Phrase]]
    linter: Judge


def decide_at_once(situation: Situation, sources: Sources) -> Decision:
    """Decide when the message has just come in: an answer, the words for off hours, or a welcome, in this order.

    One thing at most is said: an answer greets well enough. A `Silence` is that of the answer.
    """
    answer = _decide(situation, Purpose.ANSWER, Moment.ARRIVAL, sources)
    if isinstance(answer, Say):
        return answer
    for purpose in (Purpose.OFF_HOURS, Purpose.WELCOME):
        greeting = _decide(situation, purpose, Moment.ARRIVAL, sources)
        if isinstance(greeting, Say):
            return greeting
    return answer


def decide_before_deadline(situation: Situation, sources: Sources) -> Decision:
    """Decide shortly before the deadline, when nobody has answered: the answer if one is sure, else a holding reply."""
    answered = _decide(situation, Purpose.ANSWER, Moment.DEADLINE, sources)
    if isinstance(answered, Say):
        return answered
    held = _decide(situation, Purpose.HOLDING, Moment.DEADLINE, sources)
    reasons = tuple(dict.fromkeys(answered.reasons + held.reasons))
    return replace(held, reasons=reasons)


def decide_to_invite(situation: Situation, sources: Sources) -> Decision:
    """Decide, when a talk has gone quiet, whether to ask its buyer for a rating."""
    return _decide(situation, Purpose.INVITE, Moment.QUIET, sources)


def decide_before_sending(
    situation: Situation,
    purpose: Purpose,
    phrase: Phrase | None,
    text: str,
    *,
    admitted: bool,
    sources: Sources,
) -> Silence | None:
    """Ask all guards once more about words that are about to leave. None: go ahead.

    `phrase` is the one they were taken from, as it is now, `admitted` whether they are still its words and it may still be
    said. What does not leave now but may later has `until`.
    """
    words = Words(phrase or Phrase(id="", text=text), text, fill(text, {}), "", admitted)
    question = Question(situation, purpose, Moment.SENDING, sources.found, sources.linter, words)
    refusal = first_refusal(question, *Needs)
    return None if refusal is None else _silence(refusal)


def _decide(situation: Situation, purpose: Purpose, moment: Moment, sources: Sources) -> Decision:
    question = Question(situation, purpose, moment, sources.found, sources.linter)
    refusal = first_refusal(question, Needs.SITUATION, Needs.MATCH)
    if refusal is not None:
        return _silence(refusal)
    return choose_words(question, sources)


def choose_words(question: Question, sources: Sources) -> Decision:
    """The first words that no guard objects to. Where there are none, the silence of the guard that objected last."""
    situation, purpose = question.situation, question.purpose
    reasons = reasons_to_speak(question)
    objections: list[Refusal] = []
    for words in candidates(question, sources):
        refusal = first_refusal(replace(question, words=words), Needs.WORDS)
        if refusal is None:
            return Say(
                purpose,
                words.filled.text,
                words.phrase.id,
                situation.sender_for(purpose),
                words.once,
                situation.ends_at(purpose),
                reasons,
            )
        objections.append(refusal)
    if not objections:
        return Silence("no_phrase", (*reasons, "话术库里没有可用的话：请检查设置里的话术编号"))
    why_not = dict.fromkeys(objection.no.reason for objection in objections)
    return Silence(objections[-1].guard.code, (*reasons, *why_not))


def candidates(question: Question, sources: Sources) -> Iterator[Words]:
    """What could be said for the question's purpose, in order, filled in as far as the situation knows."""
    situation, purpose = question.situation, question.purpose
    values = dict(situation.values)
    if purpose is Purpose.ANSWER:
        phrases: Sequence[Phrase] = (question.best().hits[0].phrase,)
    elif purpose is Purpose.OFF_HOURS or _nobody_there(situation, purpose):
        phrases = sources.phrases(Purpose.OFF_HOURS)
        opens_at = situation.staffing().opens_at
        if opens_at is not None:
            values["opens"] = opening_words(opens_at, situation.now, situation.zone)
    else:
        phrases = sources.phrases(purpose)
    if purpose is Purpose.INVITE:
        yield from _invitations(situation, phrases, values)
        return
    for phrase in phrases:
        once = _once(situation, purpose, phrase)
        wordings = dict.fromkeys((phrase.text, *phrase.variants))
        # Words that name the hour say more than those that do not, if it is known.
        for wording in sorted(wordings, key=lambda text: not ("opens" in values and "{opens}" in text)):
            yield Words(phrase, wording, fill(wording, values), once)


def _invitations(
    situation: Situation, phrases: Sequence[Phrase], values: Mapping[str, str]
) -> Iterator[Words]:
    """Wordings of invitations, those first whose turn it is for this buyer."""
    advice = situation.advice()
    turns = {text: place for place, text in enumerate(advice.texts)} if advice is not None else {}
    words = [
        Words(phrase, wording, fill(wording, values), _once(situation, Purpose.INVITE, phrase))
        for phrase in phrases
        for wording in dict.fromkeys((phrase.text, *phrase.variants))
    ]
    yield from sorted(words, key=lambda one: turns.get(one.filled.text, len(turns)))


def reasons_to_speak(question: Question) -> tuple[str, ...]:
    """Why the machine speaks, if nothing stands in the way."""
    situation = question.situation
    match question.purpose:
        case Purpose.ANSWER:
            best = question.best().hits[0]
            name = best.phrase.title or best.phrase.id
            return (f"与“{name}”相符，把握 {best.score:.0%}", *best.why)
        case Purpose.HOLDING:
            return (f"临近时限（剩 {situation.seconds_left} 秒）仍无人回复",)
        case Purpose.OFF_HOURS:
            return ("现在没有客服在岗",)
        case Purpose.WELCOME:
            return ("买家刚刚进线",)
        case Purpose.INVITE:
            advice = situation.advice()
            return advice.reasons if advice is not None else ()


def _nobody_there(situation: Situation, purpose: Purpose) -> bool:
    """To ask for a moment's patience when nobody comes before morning would be a lie."""
    return purpose is Purpose.HOLDING and situation.policy.off_hours and situation.staffing().staffed is False


def _once(situation: Situation, purpose: Purpose, phrase: Phrase) -> str:
    """Names what must not be said twice. One holding reply a wait: the next may come only after a person has spoken."""
    session = situation.session.id
    match purpose:
        case Purpose.ANSWER:
            return f"{purpose}:{session}:{phrase.id}"
        case Purpose.HOLDING:
            human = last_human(situation.session)
            return f"{purpose}:{session}:{human.id if human is not None else 'start'}"
        case Purpose.OFF_HOURS | Purpose.WELCOME | Purpose.INVITE:
            return f"{purpose}:{session}:{situation.asked_at.isoformat()}"


def _silence(refusal: Refusal) -> Silence:
    return Silence(refusal.guard.code, (refusal.no.reason,), refusal.no.until)
