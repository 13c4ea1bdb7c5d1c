"""What a buyer and the shop have said so far, for the agent who takes over, so that nobody asks twice. Extracts only.

The texts are the buyer's and the agents' own, shortened and masked by the caller's `mask`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

from app.core.courtesy import infer_courtesy
from app.core.events import Kind
from app.core.mood import Mood
from app.core.sessions import HUMAN_SENDERS, Message, Session
from app.core.utterances import utterance_of

MOST: Final = 3
"""Of each kind, the newest."""
LONGEST: Final = 60
"""Code points of a quoted text."""
_LAST_DIGITS: Final = 4
_KINDS: Final = {
    Kind.IMAGE: "［图片］",
    Kind.CARD: "［卡片］",
    Kind.EMOJI: "［表情］",
    Kind.FILE: "［文件］",
    Kind.VOICE: "［语音］",
}
_PROMISE: Final = re.compile(
    r"(?:稍后|稍候|稍晚|晚点|晚些|等下|等会|一会|待会|回头|尽快|第一时间|今天内|明天|\d+\s*(?:分钟|个?小时|个?工作日)内)"
    r"[^。！？!?\n]{0,14}(?:回复|答复|回电|联系|告诉|告知|通知|反馈|处理|给您|给你)"
    r"|(?:核实|查询|查一下|查下|确认|问一下|问下|反馈|上报|登记)[^。！？!?\n]{0,8}(?:后|完|好|再)[^。！？!?\n]{0,6}(?:回复|答复|联系|告诉|告知|通知|给您|给你)"
)
"""An agent's word that somebody will come back to the buyer, such as 我核实后稍晚回复您."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a buyer asked, and what he was told."""

    question: str
    answer: str
    agent: str | None


@dataclass(frozen=True, slots=True)
class Promise:
    """Something that the shop said it would come back with, and has not since."""

    at: datetime
    agent: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Recap:
    """Each list holds the newest entries, the oldest of them first. `mood` is `upset`, `content` or `calm`."""

    open_questions: tuple[str, ...] = ()
    answered: tuple[Answered, ...] = ()
    promises: tuple[Promise, ...] = ()
    orders: tuple[str, ...] = ()
    """Order numbers that were named, their last digits only."""
    items: tuple[str, ...] = ()
    mood: str = "calm"
    last_words: str | None = None
    """What the buyer said last, if it is no open question."""
    ends_on_question: bool = False
    """The last open question is the buyer's last message and nothing else: whoever sees that needs no second look."""

    @property
    def tells_more(self) -> bool:
        """Is there anything beside the one question that waits?"""
        return bool(
            self.answered
            or self.promises
            or self.orders
            or self.items
            or len(self.open_questions) > 1
            or self.mood == "upset"
        )

    @property
    def text(self) -> str:
        """In one line for the agent; empty where there is nothing to tell."""
        return "；".join(_clauses(self))

    @property
    def before(self) -> str:
        """The same for somebody who has the present question before his eyes."""
        if not self.ends_on_question:
            return self.text
        return "；".join(_clauses(replace(self, open_questions=self.open_questions[:-1])))

    def to_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "before": self.before,
            "open_questions": list(self.open_questions),
            "answered": [
                {"question": each.question, "answer": each.answer, "agent": each.agent}
                for each in self.answered
            ],
            "promises": [
                {"at": each.at.isoformat(), "agent": each.agent, "text": each.text} for each in self.promises
            ],
            "orders": list(self.orders),
            "items": list(self.items),
            "mood": self.mood,
            "last_words": self.last_words,
        }


def recap(sessions: Iterable[Session], mood: str, mask: Callable[[str], str]) -> Recap:
    """Sum up a buyer's sessions, which are given in any order.

    A question is open until a person has answered in its session: what a robot said may have been a mere holding reply.
    """
    in_order = sorted(sessions, key=lambda session: (_began(session), session.id))
    exchanges = [each for session in in_order for each in _exchanges(session)]
    unanswered = [question for question, reply in exchanges if reply is None]
    answered = [(question, reply) for question, reply in exchanges if reply is not None]
    last = max(
        (m for session in in_order for m in session.standing if m.by_buyer),
        key=lambda message: (message.at, message.id),
        default=None,
    )
    last_words = None
    if last is not None and not any(last in question for question in unanswered):
        last_words = _quoted((last,), mask)
    return Recap(
        open_questions=tuple(_quoted(question, mask) for question in unanswered[-MOST:]),
        answered=tuple(
            Answered(_quoted(question, mask), _quoted((reply,), mask), reply.agent)
            for question, reply in answered[-MOST:]
        ),
        promises=tuple(
            Promise(message.at, message.agent, _clip(mask(message.text)))
            for message in _promises(in_order)[-MOST:]
        ),
        orders=_mentioned(in_order, ("order_no",), _ending),
        items=_mentioned(in_order, ("item_name", "item"), mask),
        mood=mood,
        last_words=last_words,
        ends_on_question=last is not None and unanswered[-1:] == [(last,)],
    )


def mood_word(mood: Mood, upset_above: float) -> str:
    """The mood as a recap tells it; `upset_above` is the shop's own bound."""
    if mood.displeasure > upset_above:
        return "upset"
    return "content" if mood.p_satisfied > max(0.5, mood.p_dissatisfied) else "calm"


def _began(session: Session) -> datetime:
    first = session.messages[0].at if session.messages else session.last_event_at
    assert first is not None
    return first


def _exchanges(session: Session) -> Iterator[tuple[tuple[Message, ...], Message | None]]:
    """What the buyer said in one go, and the first answer of a person after it; courtesies are left out.

    A mere promise to come back is no answer yet.
    """
    standing = session.standing
    done: set[str] = set()
    for place, message in enumerate(standing):
        if not message.by_buyer or message.id in done:
            continue
        said: tuple[Message, ...] = (message,)
        if message.kind is Kind.TEXT and message.text:
            said = utterance_of(session, message).messages
        done.update(one.id for one in said)
        if all(one.courtesy or infer_courtesy(one.text, one.kind) for one in said):
            continue
        later = standing[place + 1 :]
        yield (
            said,
            next((m for m in later if m.sender in HUMAN_SENDERS and not _promises_more(m)), None),
        )


def _promises(sessions: Sequence[Session]) -> list[Message]:
    """Promises after which no person of the shop has said anything else."""
    said = sorted(
        (m for session in sessions for m in session.standing if m.sender in HUMAN_SENDERS),
        key=lambda message: (message.at, message.id),
    )
    return list(takewhile(_promises_more, reversed(said)))[::-1]


def _promises_more(message: Message) -> bool:
    return _PROMISE.search(message.text) is not None


def _mentioned(
    sessions: Sequence[Session], names: Sequence[str], shown: Callable[[str], str]
) -> tuple[str, ...]:
    """What the events named, the newest last; of an item its name rather than its id."""
    found: dict[str, None] = {}
    for session in sessions:
        for name in names:
            values = [mention.value for mention in session.mentions if mention.what == name]
            for value in values:
                found.pop(_clip(shown(value)), None)
                found[_clip(shown(value))] = None
            if values:
                break
    return tuple(found)[-MOST:]


def _ending(order_no: str) -> str:
    return f"…{order_no[-_LAST_DIGITS:]}"


def _quoted(messages: Sequence[Message], mask: Callable[[str], str]) -> str:
    words = [one.text if one.text.strip() else _KINDS.get(one.kind, "") for one in messages]
    return _clip(mask(" ".join(word for word in words if word)))


def _clip(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1] + "…"


def _clauses(recap: Recap) -> Iterator[str]:
    if recap.open_questions:
        yield f"还没答：{'｜'.join(recap.open_questions)}"
    if recap.promises:
        last = recap.promises[-1]
        yield f"{last.agent or '客服'}答应过：{last.text}"
    if recap.answered:
        yield f"已答过：{'｜'.join(each.question for each in recap.answered)}"
    if recap.orders:
        yield f"订单 {'、'.join(recap.orders)}"
    if recap.items:
        yield f"商品 {'、'.join(recap.items)}"
    if recap.mood == "upset":
        yield "情绪不好，先安抚"
    if recap.last_words and not recap.open_questions:
        yield f"最后说：{recap.last_words}"
