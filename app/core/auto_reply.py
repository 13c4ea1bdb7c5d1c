"""Whether the machine says something by itself, and what. Pure: values in, a decision with its reasons out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.clocks import UNCOUNTED, OpenItem
from app.core.events import Kind, Sender
from app.core.mood import Mood
from app.core.policies import Policy
from app.core.sessions import HUMAN_SENDERS, SHOP_SENDERS, Message, Session
from app.core.utterances import utterance_of
from lint import Linter
from phrasebank import Phrase, Result
from phrasebank.filling import fill
from phrasebank.variables import variable_named
from phrasebank.variants import unsaid_texts


class Purpose(StrEnum):
    ANSWER = "answer"
    HOLDING = "holding"


@dataclass(frozen=True, slots=True)
class Say:
    """The machine says `text` as `sender`. `once` names what must not be said twice."""

    purpose: Purpose
    text: str
    phrase_id: str
    sender: Sender
    once: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Silence:
    """The machine says nothing. `code` is stable, `reasons` are for people."""

    code: str
    reasons: tuple[str, ...]


Decision = Say | Silence


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision looks at. `session` is the session of `item`; `said` is what the buyer already read.

    `values` are those of variables that are known.
    """

    session: Session
    item: OpenItem
    policy: Policy
    mood: Mood
    platform: str
    now: datetime
    said: frozenset[str]
    values: Mapping[str, str] = field(default_factory=dict)


def decide_at_once(situation: Situation, found: Result, linter: Linter) -> Decision:
    """Decide when the message has just come in. Only the policy `answer: at_once` speaks here."""
    if situation.policy.answer != "at_once":
        return Silence("not_at_once", ("设置为临近超时才代答",))
    return _blocked(situation) or _answer(situation, found, linter)


def decide_before_deadline(
    situation: Situation, found: Callable[[], Result], holding: Sequence[Phrase], linter: Linter
) -> Decision:
    """Decide shortly before the deadline, when nobody has answered: the answer if one is sure, else a holding reply."""
    if blocked := _blocked(situation):
        return blocked
    answered: Decision = Silence("answer_off", ("未开启自动回答",))
    if situation.policy.answer != "off":
        answered = _answer(situation, found(), linter)
        if isinstance(answered, Say):
            return answered
    held = _hold(situation, holding, linter)
    if isinstance(held, Say):
        return Say(
            held.purpose, held.text, held.phrase_id, held.sender, held.once, answered.reasons + held.reasons
        )
    return Silence(held.code, answered.reasons + held.reasons)


def still_wanted(
    session: Session, item_at: datetime, policy: Policy, now: datetime, *, item_open: bool
) -> Silence | None:
    """The guards that are asked again at the moment of sending. None: go ahead."""
    if not policy.robot_on:
        return Silence("switched_off", ("机器人已关闭",))
    if session.closed_at is not None:
        return Silence("closed", ("会话已结束",))
    if _human_since(session, item_at):
        return Silence("human_answered", ("客服已回复，机器不再发送",))
    if not item_open:
        return Silence("answered", ("这条消息已经不再等待回复",))
    return None


def _blocked(situation: Situation) -> Silence | None:
    session, policy, item = situation.session, situation.policy, situation.item
    if not policy.robot_on:
        return Silence("switched_off", ("机器人已关闭",))
    if session.flag is not None:
        return Silence("spam", ("买家被标记为骚扰或广告",))
    if session.closed_at is not None:
        return Silence("closed", ("会话已结束",))
    if situation.now > item.deadline_at:
        return Silence("too_late", ("已过时限，不再补发",))
    if _human_since(session, item.at):
        return Silence("human_answered", ("客服已回复",))
    pause = timedelta(seconds=policy.typing_pause_s)
    human = _last_human(session)
    if human is not None and situation.now - human.at < pause:
        return Silence("human_active", (f"客服 {policy.typing_pause_s} 秒内刚说过话，机器先等",))
    if _robot_in_row(session) >= policy.max_robot_in_row:
        return Silence("too_many", (f"机器已连续回复 {policy.max_robot_in_row} 次，等人工",))
    return None


def _answer(situation: Situation, result: Result, linter: Linter) -> Decision:
    policy = situation.policy
    message = _message(situation)
    if message is None or message.kind is not Kind.TEXT:
        return Silence("not_text", ("不是文字消息，不自动回答",))
    said = utterance_of(situation.session, message).text
    word = next((word for word in policy.handover_words if word in said), None)
    if word is not None:
        return Silence("wants_human", (f"买家要找人工（“{word}”）",))
    if situation.mood.p_dissatisfied > policy.upset_above:
        return Silence("upset", ("买家情绪不好，留给人工",))
    if not result.hits:
        return Silence("no_match", ("话术库里没有合适的回复",))
    best = result.hits[0]
    if not result.confident or best.score < policy.answer_min_score:
        return Silence(
            "not_sure", (f"“{best.phrase.title or best.phrase.id}”把握只有 {best.score:.0%}，不够自动回答",)
        )
    if policy.answer_categories and best.phrase.category not in policy.answer_categories:
        return Silence("category", (f"分类“{best.phrase.category}”未允许自动回答",))
    reasons = (f"与“{best.phrase.title or best.phrase.id}”相符，把握 {best.score:.0%}", *best.why)
    once = f"{Purpose.ANSWER}:{situation.session.id}:{best.phrase.id}"
    return _speak(situation, Purpose.ANSWER, (best.phrase,), once, reasons, linter)


def _hold(situation: Situation, holding: Sequence[Phrase], linter: Linter) -> Decision:
    if not situation.policy.holding:
        return Silence("holding_off", ("未开启安抚回复",))
    if not situation.item.counted:
        reason = UNCOUNTED.get(situation.item.reason_uncounted or "", "平台不考核这条消息")
        return Silence("uncounted", (reason,))
    reasons = (f"临近时限（剩 {_seconds_left(situation)} 秒）仍无人回复",)
    # One holding reply per wait: the next one may come only after a person has spoken.
    human = _last_human(situation.session)
    wait = human.id if human is not None else "start"
    once = f"{Purpose.HOLDING}:{situation.session.id}:{wait}"
    return _speak(situation, Purpose.HOLDING, holding, once, reasons, linter)


def _speak(
    situation: Situation,
    purpose: Purpose,
    phrases: Sequence[Phrase],
    once: str,
    reasons: tuple[str, ...],
    linter: Linter,
) -> Decision:
    """Choose a text that is complete, clean and new to the buyer."""
    why_not: list[str] = []
    for phrase in phrases:
        for text in unsaid_texts(phrase, situation.said):
            filled = fill(text, situation.values)
            if filled.unfilled:
                labels = (variable_named(name).label for name in filled.unfilled)
                why_not.append(f"变量未填：{'、'.join(labels)}")
                continue
            report = linter.check(filled.text, channel="auto", platform=situation.platform)
            if report.worst in {"error", "warning"}:
                why_not.append(f"用语检查未通过：{report.findings[0].message}")
                continue
            sender = Sender.ROBOT_ASSIST if situation.session.reached_human else Sender.ROBOT
            return Say(purpose, filled.text, phrase.id, sender, once, reasons)
    if why_not:
        return Silence("unfit", (*reasons, *dict.fromkeys(why_not)))
    return Silence("nothing_new", (*reasons, "可用的话都已对这位买家说过"))


def _message(situation: Situation) -> Message | None:
    """The message that waits; for a wait that a hand-over opened, what the buyer said last."""
    item_id = situation.item.item_id
    return next(
        (m for m in situation.session.messages if m.id == item_id), situation.session.last_buyer_message
    )


def _last_human(session: Session) -> Message | None:
    return next(
        (m for m in reversed(session.standing) if m.sender in HUMAN_SENDERS and not m.by_machine), None
    )


def _human_since(session: Session, at: datetime) -> bool:
    human = _last_human(session)
    return human is not None and human.at >= at


def _robot_in_row(session: Session) -> int:
    count = 0
    for message in reversed(session.standing):
        if message.sender in SHOP_SENDERS and message.sender is not Sender.WELCOME:
            if message.sender in HUMAN_SENDERS and not message.by_machine:
                break
            count += 1
    return count


def _seconds_left(situation: Situation) -> int:
    return max(0, int((situation.item.deadline_at - situation.now).total_seconds()))
