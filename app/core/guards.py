"""The guards: every reason for the machine not to speak, in the order in which a person would ask.

One list for all purposes and moments. What costs little stands first: the bank is asked only if nothing about the buyer, the
session and the policy stands in the way, the linter only about words that could be said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from app.core.clocks import UNCOUNTED
from app.core.events import Kind, Sender
from app.core.invites import CODES_OF_UPSET
from app.core.robots import robot_signs
from app.core.situations import (
    Moment,
    Purpose,
    Situation,
    last_human,
    last_words,
    robot_in_row,
    waiting_texts,
)
from lint import Report
from phrasebank import Phrase, Result
from phrasebank.filling import Filled
from phrasebank.folding import bare
from phrasebank.variables import variable_named
from phrasebank.variants import was_said

_PERSON_WANTED: Final = frozenset({"人工", "客服"})
"""A buyer who writes nothing but this wants a person; inside a sentence they mean other things too."""
_ANSWERING: Final = frozenset({Purpose.ANSWER})
_HOLDING: Final = frozenset({Purpose.HOLDING})
_GREETING: Final = frozenset({Purpose.WELCOME, Purpose.OFF_HOURS})
_OFF_HOURS: Final = frozenset({Purpose.OFF_HOURS})
_WELCOME: Final = frozenset({Purpose.WELCOME})
_INVITING: Final = frozenset({Purpose.INVITE})
_ALL: Final = frozenset(Purpose)
_REPLYING: Final = _ALL - _INVITING
_UNLESS_WELCOME: Final = _ALL - _WELCOME


@dataclass(frozen=True, slots=True)
class No:
    """A guard's no, for people to read. `until`: when it may be asked again."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Words that might be said: a wording of a phrase, and the same with its variables filled in.

    `admitted`: is the phrase approved and meant for this occasion, and are these still its words?
    """

    phrase: Phrase
    wording: str
    filled: Filled
    once: str
    admitted: bool = True


class Judge(Protocol):
    """Judges words that are about to be said, as a `Linter` does."""

    def check(self, text: str, *, channel: str, platform: str | None) -> Report: ...


@dataclass(frozen=True, slots=True)
class Question:
    """May the machine speak for this purpose, now? `found` is what the bank has; `words` what would be said."""

    situation: Situation
    purpose: Purpose
    moment: Moment
    found: Callable[[], Result]
    linter: Judge
    words: Words | None = None
    _asked: list[Result] = field(default_factory=list)

    def best(self) -> Result:
        """What the bank has, asked once."""
        if not self._asked:
            self._asked.append(self.found())
        return self._asked[0]


class Needs(StrEnum):
    """What a guard looks at."""

    SITUATION = "situation"
    MATCH = "match"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Guard:
    """One reason not to speak. `code` is stable; `name` says, in Chinese, what must hold so that the machine may speak."""

    code: str
    name: str
    ask: Callable[[Question], No | None]
    purposes: frozenset[Purpose] = _ALL
    needs: Needs = Needs.SITUATION


@dataclass(frozen=True, slots=True)
class Refusal:
    """The guard that says no, and why."""

    guard: Guard
    no: No


def first_refusal(question: Question, *needs: Needs) -> Refusal | None:
    """The first guard of those that look at `needs` which says no; None: go ahead."""
    return next((verdict for verdict in verdicts(question, *needs) if isinstance(verdict, Refusal)), None)


def verdicts(question: Question, *needs: Needs) -> Iterator[Guard | Refusal]:
    """Every guard of these `needs` that watches over the purpose, in order: itself if it lets go, else its refusal."""
    for guard in GUARDS:
        if guard.needs in needs and question.purpose in guard.purposes:
            no = guard.ask(question)
            yield guard if no is None else Refusal(guard, no)


def _switched_off(question: Question) -> No | None:
    return None if question.situation.policy.robot_on else No("机器人总开关已关闭")


def _answer_off(question: Question) -> No | None:
    return No("未开启自动回答") if question.situation.policy.answer == "off" else None


def _not_at_once(question: Question) -> No | None:
    waits = question.moment is Moment.ARRIVAL and question.situation.policy.answer != "at_once"
    return No("设置为临近超时才代答") if waits else None


def _holding_off(question: Question) -> No | None:
    return None if question.situation.policy.holding else No("未开启安抚回复")


def _off_hours_off(question: Question) -> No | None:
    return None if question.situation.policy.off_hours else No("未开启下班留言")


def _welcome_off(question: Question) -> No | None:
    return None if question.situation.policy.welcome else No("未开启欢迎语")


def _invite_off(question: Question) -> No | None:
    return None if question.situation.policy.invite else No("未开启自动邀评")


def _unless_advised(codes: Collection[str]) -> Callable[[Question], No | None]:
    """A guard that says no with the reasons of an advice of these codes."""

    def ask(question: Question) -> No | None:
        advice = question.situation.advice()
        if advice is None:
            return No("还没有人接待过") if "no_human" in codes else None
        return No("；".join(advice.reasons), advice.until) if advice.code in codes else None

    return ask


def _invited(question: Question) -> No | None:
    if question.situation.invited():
        return No("本会话的邀请已经发出，或正在发送")
    return _unless_advised({"rated", "invited", "invited_today"})(question)


def _invite_chance(question: Question) -> No | None:
    situation = question.situation
    advice, least = situation.advice(), situation.policy.invite_min_chance
    if advice is not None and advice.code == "ready" and advice.p_satisfied < least:
        return No(f"好评把握只有 {advice.p_satisfied:.0%}，要 {least:.0%} 才自动邀评")
    return _unless_advised({"chance"})(question)


def _just_talked(question: Question) -> No | None:
    situation = question.situation
    last = last_words(situation.session)
    if last is None:
        return None
    until = last.at + timedelta(seconds=situation.policy.invite_after_s)
    if situation.now >= until:
        return None
    return No(f"刚说过话，安静 {situation.policy.invite_after_s} 秒后再邀", until)


def _quiet_hours(question: Question) -> No | None:
    situation = question.situation
    span = next((one for one in situation.policy.quiet_spans if one.holds(situation.time_of_day)), None)
    return None if span is None else No(f"免打扰时段 {span.text}，机器不主动说话")


def _spam(question: Question) -> No | None:
    situation = question.situation
    if situation.session.flag is not None or situation.flagged():
        return No("买家被标记为骚扰或广告")
    marked = situation.message is not None and situation.message.spam is not None
    return No("这条消息被标记为骚扰或广告") if marked else None


def _robot(question: Question) -> No | None:
    signs = robot_signs(question.situation.session)
    return None if signs is None else No(f"对方像是机器：{signs}")


def _closed(question: Question) -> No | None:
    return None if question.situation.session.closed_at is None else No("会话已结束")


def _withdrawn(question: Question) -> No | None:
    situation = question.situation
    asked = [m for m in situation.session.messages if m.by_buyer and m.at >= situation.asked_at]
    gone = bool(asked) and all(m.withdrawn_at is not None for m in asked)
    return No("买家已撤回这条消息") if gone else None


def _answered(question: Question) -> No | None:
    return No("这条消息已经不再等待回复") if question.situation.item is None else None


def _too_late(question: Question) -> No | None:
    late = question.situation.now > question.situation.ends_at(question.purpose)
    return No("已过时限，不再补发") if late else None


def _human_answered(question: Question) -> No | None:
    human = last_human(question.situation.session)
    answered = human is not None and human.at >= question.situation.asked_at
    return No("客服已回复，机器不再发送") if answered else None


def _human_active(question: Question) -> No | None:
    situation = question.situation
    human = last_human(situation.session)
    return None if human is None else _pause(situation, human.at, "说过话", human.agent)


def _human_typing(question: Question) -> No | None:
    situation, typed = question.situation, question.situation.typed
    return None if typed is None else _pause(situation, typed.at, "在输入", typed.agent)


def _pause(situation: Situation, at: datetime, what: str, agent: str | None) -> No | None:
    seconds = situation.policy.typing_pause_s
    until = at + timedelta(seconds=seconds)
    if situation.now >= until:
        return None
    return No(f"客服{f' {agent} ' if agent else ' '}{seconds} 秒内{what}，机器先等", until)


def _too_many(question: Question) -> No | None:
    count, most = robot_in_row(question.situation.session), question.situation.policy.max_robot_in_row
    return No(f"机器已连续回复 {count} 次（上限 {most}），等人工") if count >= most else None


def _staffed(question: Question) -> No | None:
    staffed = question.situation.staffing().staffed
    if staffed is None:
        return No("不知道有没有客服在岗，不说下班留言")
    return No("有客服在岗，不用下班留言") if staffed else None


def _not_first(question: Question) -> No | None:
    situation = question.situation
    before = [
        message
        for message in situation.session.standing
        if message.sender is not Sender.SYSTEM
        and message.at <= situation.asked_at
        and (situation.message is None or message.id != situation.message.id)
    ]
    return No("不是会话的第一条消息") if before else None


def _greeted(question: Question) -> No | None:
    spoken = any(message.sender is Sender.WELCOME for message in question.situation.session.standing)
    return No("平台已经发过欢迎语") if spoken else None


def _heard_lately(question: Question) -> No | None:
    situation = question.situation
    hours = situation.policy.once_within_h
    heard_at = situation.heard_at(question.purpose)
    if heard_at is None or situation.now - heard_at >= timedelta(hours=hours):
        return None
    return No(f"这位买家 {hours} 小时内已经听过一次")


def _uncounted(question: Question) -> No | None:
    item = question.situation.item
    if item is None or item.counted:
        return None
    return No(UNCOUNTED.get(item.reason_uncounted or "", "平台不考核这条消息"))


def _machine_uncounted(question: Question) -> No | None:
    situation = question.situation
    item, sender = situation.item, situation.sender_for(question.purpose)
    if item is None or item.closed_by(sender) or (sender is Sender.ROBOT and item.robot_only_left_out):
        return None
    name = "智能辅助" if sender is Sender.ROBOT_ASSIST else "机器人"
    return No(f"平台不认{name}的回复，安抚止不住计时，请客服来答")


def _not_text(question: Question) -> No | None:
    message = question.situation.message
    return No("不是文字消息，不自动回答") if message is None or message.kind is not Kind.TEXT else None


def _wants_human(question: Question) -> No | None:
    texts = waiting_texts(question.situation.session)
    words = question.situation.policy.handover_words
    found = next((word for word in words if any(word in text for text in texts)), None)
    found = found or next((text for text in texts if bare(text) in _PERSON_WANTED), None)
    return None if found is None else No(f"买家要找人工（“{found}”）")


def _complaint(question: Question) -> No | None:
    texts = waiting_texts(question.situation.session)
    words = question.situation.policy.complaint_words
    found = next((word for word in words if any(word in text for text in texts)), None)
    return None if found is None else No(f"买家要投诉（“{found}”），留给人工")


def _upset(question: Question) -> No | None:
    situation = question.situation
    displeasure = situation.mood().displeasure
    if displeasure <= situation.policy.upset_above:
        return None
    return No(f"买家情绪不好（{displeasure:.0%}，上限 {situation.policy.upset_above:.0%}），留给人工")


def _no_match(question: Question) -> No | None:
    return None if question.best().hits else No("话术库里没有合适的回复")


def _not_sure(question: Question) -> No | None:
    found, least = question.best(), question.situation.policy.answer_min_score
    if not found.hits:
        return No("没有可比的回复")
    if found.score >= least and found.confident:
        return None
    name = found.hits[0].phrase.title or found.hits[0].phrase.id
    if found.score < least:
        return No(f"“{name}”把握只有 {found.score:.0%}，要 {least:.0%} 才自动回答")
    return No(f"“{name}”把握有 {found.score:.0%}，但与其他回复分不开，不够自动回答")


def _not_ahead(question: Question) -> No | None:
    found, least = question.best(), question.situation.policy.answer_min_lead
    lead = found.score - (found.hits[1].score if len(found.hits) > 1 else 0.0)
    if lead >= least:
        return None
    return No(f"只比第二条高 {lead:.0%}，要高 {least:.0%} 才自动回答")


def _category(question: Question) -> No | None:
    found, allowed = question.best(), question.situation.policy.answer_categories
    if not found.hits or not allowed or found.hits[0].phrase.category in allowed:
        return None
    return No(f"分类“{found.hits[0].phrase.category}”未允许自动回答")


def _another_answer(question: Question) -> No | None:
    words = question.words
    if question.moment is not Moment.SENDING or words is None or question.best().first_id == words.phrase.id:
        return None
    return No("买家又说了话，或话术有变，原来的回答不再是最合适的")


def _once(question: Question) -> No | None:
    words = question.words
    decided = words is not None and words.once in question.situation.decided()
    return No("这件事已经对这位买家说过") if decided else None


def _phrase_gone(question: Question) -> No | None:
    words = question.words
    return None if words is None or words.admitted else No("话术已改动、停用或过期，不再发送")


def _said_before(question: Question) -> No | None:
    words = question.words
    said = words is not None and was_said(words.wording, question.situation.said)
    return No("这句话已对这位买家说过") if said else None


def _unfilled(question: Question) -> No | None:
    unfilled = question.words.filled.unfilled if question.words is not None else ()
    labels = "、".join(variable_named(name).label for name in unfilled)
    return No(f"变量未填：{labels}") if unfilled else None


def _lint(question: Question) -> No | None:
    if question.words is None:
        return None
    text = question.words.filled.text
    report = question.linter.check(text, channel="auto", platform=question.situation.platform)
    if report.worst not in {"error", "warning"}:
        return None
    return No(f"用语检查未通过：{report.findings[0].message}")


GUARDS: Final = (
    Guard("switched_off", "总开关开着", _switched_off),
    Guard("answer_off", "开启了自动回答", _answer_off, _ANSWERING),
    Guard("not_at_once", "设置为立即代答，或已临近时限", _not_at_once, _ANSWERING),
    Guard("holding_off", "开启了安抚回复", _holding_off, _HOLDING),
    Guard("off_hours_off", "开启了下班留言", _off_hours_off, _OFF_HOURS),
    Guard("welcome_off", "开启了欢迎语", _welcome_off, _WELCOME),
    Guard("invite_off", "开启了自动邀评", _invite_off, _INVITING),
    Guard("quiet_hours", "不在免打扰时段", _quiet_hours),
    Guard("closed", "会话没有结束", _closed),
    Guard("withdrawn", "买家没有撤回", _withdrawn, _REPLYING),
    Guard("answered", "还在等待回复", _answered, _REPLYING),
    Guard("human_answered", "客服还没有回复", _human_answered, _REPLYING),
    Guard("too_late", "还没有过时限", _too_late),
    Guard("human_active", "客服没有刚说过话", _human_active),
    Guard("human_typing", "客服没有正在输入", _human_typing),
    Guard("not_first", "是会话的第一条消息", _not_first, _WELCOME),
    Guard("greeted", "平台没有发过欢迎语", _greeted, _WELCOME),
    Guard("staffed", "没有客服在岗", _staffed, _OFF_HOURS),
    Guard("spam", "买家没有被标记为骚扰或广告", _spam),
    Guard("robot", "对方不是机器，也不是自己的回声", _robot),
    Guard("too_many", "机器没有连续说太多", _too_many, _UNLESS_WELCOME),
    Guard("heard_lately", "这位买家近来没有听过", _heard_lately, _GREETING),
    Guard("uncounted", "平台考核这条消息", _uncounted, _HOLDING),
    Guard("machine_uncounted", "平台认机器的回复", _machine_uncounted, _HOLDING),
    Guard("no_human", "有人工接待过", _unless_advised({"no_human"}), _INVITING),
    Guard("invited", "还没有邀请或评价过", _invited, _INVITING),
    Guard("invite_upset", "买家没有不满", _unless_advised({*CODES_OF_UPSET, "flagged"}), _INVITING),
    Guard("invite_hours", "在评价考核时段", _unless_advised({"hours"}), _INVITING),
    Guard("unresolved", "问题已经解决", _unless_advised({"open", "other_items", "unsettled"}), _INVITING),
    Guard("invite_rest", "近来没有打扰过这位买家", _unless_advised({"cooldown", "after_bad"}), _INVITING),
    Guard("invite_chance", "好评把握够大", _invite_chance, _INVITING),
    Guard("just_talked", "谈话安静了一会儿", _just_talked, _INVITING),
    Guard("not_text", "是文字消息", _not_text, _ANSWERING),
    Guard("wants_human", "买家没有要找人工", _wants_human, _ANSWERING),
    Guard("complaint", "买家没有要投诉", _complaint, _ANSWERING),
    Guard("upset", "买家情绪还好", _upset, _ANSWERING),
    Guard("no_match", "话术库里有合适的回复", _no_match, _ANSWERING, Needs.MATCH),
    Guard("not_sure", "把握够大", _not_sure, _ANSWERING, Needs.MATCH),
    Guard("not_ahead", "比第二条高得够多", _not_ahead, _ANSWERING, Needs.MATCH),
    Guard("category", "分类允许自动回答", _category, _ANSWERING, Needs.MATCH),
    Guard("another_answer", "回答仍是最合适的", _another_answer, _ANSWERING, Needs.WORDS),
    Guard("once", "这件事没有说过", _once, needs=Needs.WORDS),
    Guard("phrase_gone", "话术仍可用", _phrase_gone, needs=Needs.WORDS),
    Guard("nothing_new", "这句话没有说过", _said_before, needs=Needs.WORDS),
    Guard("unfilled", "变量都已填好", _unfilled, needs=Needs.WORDS),
    Guard("lint", "用语检查通过", _lint, needs=Needs.WORDS),
)
"""In the order in which they are asked."""
