"""Is the buyer's matter settled? What is still open in a session, and what says that it is done.

Read from the words of both sides (`app.core.service_words`) in the order in which they were said. What finds nothing says nothing,
so `resolved` also wants a sign that it is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.core.courtesy import infer_courtesy
from app.core.events import Kind, Sender
from app.core.service_words import buyer_words, shop_words
from app.core.sessions import HUMAN_SENDERS, Message, Session

QUIET: Final = timedelta(minutes=5)
"""A buyer who asks nothing for so long after an answer has, as far as anybody can see, got it."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a matter stands. `open_reasons` (Chinese) says what is open, most pressing first; `signs` what says that it is done.

    `unanswered` are the ids of the buyer's messages that wait for an answer; closing thanks are none of them.
    """

    unanswered: tuple[str, ...] = ()
    courtesies: tuple[str, ...] = ()
    """Ids of closing words (thanks, "solved") that came after the last answer."""
    handover_unanswered: bool = False
    promise: str | None = None
    """The words in which the shop promised to come back, and has not."""
    refund_pending: bool = False
    asked_back: bool = False
    """The agent asked something and the buyer has not said."""
    complaint: str | None = None
    """A threat or complaint of the buyer that no thanks followed."""
    displeased: str | None = None
    """Words of displeasure in what the buyer said last."""
    thanked: bool = False
    """The buyer's last words are thanks, consent or that it is solved."""
    quiet_at: datetime | None = None
    """When silence will be a sign that it is done; None where the buyer spoke last, or it is one already."""
    signs: tuple[str, ...] = ()

    @property
    def open_reasons(self) -> tuple[str, ...]:
        return tuple(reason for _, reason in self.open_items)

    @property
    def open_items(self) -> tuple[tuple[str, str], ...]:
        """(what is waited for, the reason in Chinese): `answer`, `handover`, `promise`, `refund` or `buyer`."""
        items = []
        if self.unanswered:
            items.append(("answer", f"买家还有 {len(self.unanswered)} 条消息没有回复"))
        if self.handover_unanswered:
            items.append(("handover", "已转人工，还没有人工回复"))
        if self.promise is not None:
            items.append(("promise", f"答应过买家的事还没有回音（“{self.promise}”）"))
        if self.refund_pending:
            items.append(("refund", "退款或售后还在处理中"))
        if self.asked_back:
            items.append(("buyer", "客服的提问买家还没有回答"))
        return tuple(items)

    @property
    def resolved(self) -> bool:
        """Nothing is open and something says that it is done."""
        return not self.open_items and bool(self.signs)


def resolve(session: Session, now: datetime) -> Resolution:
    """Read where the matter of a session stands at `now`."""
    messages = [m for m in session.standing if m.at <= now]
    human = [m for m in messages if m.sender in HUMAN_SENDERS]
    reached_human = bool(human) or any(at <= now for at in session.handovers)
    answers = human if reached_human else [m for m in messages if m.sender is Sender.ROBOT]
    last_human = human[-1] if human else None
    asked_for_more = last_human is not None and shop_words(last_human.text).asks_for_more
    from_buyer = [
        m for m in _after(messages, answers[-1] if answers else None) if m.by_buyer and m.spam is None
    ]
    courtesies = tuple(m.id for m in from_buyer if _closes(m, asked_for_more=asked_for_more))
    unanswered = tuple(m.id for m in from_buyer if m.id not in courtesies and not _is_wordless(m))
    last_said = next((m for m in reversed(messages) if m.by_buyer and not _is_wordless(m)), None)
    displeased = buyer_words(last_said.text).displeased if last_said is not None else None
    thanks = _thanks(messages, human)
    quiet_at = None
    if last_human is not None and messages.index(last_human) > _place(last_said, messages):
        quiet_at = last_human.at + QUIET
    return Resolution(
        unanswered=unanswered,
        courtesies=courtesies,
        handover_unanswered=bool(session.handovers)
        and session.handovers[-1] <= now
        and (last_human is None or last_human.at < session.handovers[-1]),
        promise=_open_promise(messages),
        refund_pending=_refund_pending(messages),
        asked_back=_asked_back(messages),
        complaint=_complaint(messages),
        displeased=displeased,
        thanked=thanks is not None,
        quiet_at=quiet_at if quiet_at is not None and quiet_at > now and displeased is None else None,
        signs=_signs(session, thanks, displeased, _last_run(messages), quiet_at, now),
    )


def is_courtesy(message: Message) -> bool:
    """A closing thanks, by the console's hint or else by its words."""
    if message.courtesy is not None:
        return message.courtesy
    return infer_courtesy(message.text, message.kind)


def _closes(message: Message, *, asked_for_more: bool) -> bool:
    words = buyer_words(message.text)
    return is_courtesy(message) or words.settles or (asked_for_more and words.nothing_left)


def _is_wordless(message: Message) -> bool:
    """A mere sign, which asks nothing. What it feels like is the mood's to say."""
    if message.kind is Kind.EMOJI:
        return True
    return message.kind is Kind.TEXT and buyer_words(message.text).wordless


def _after(messages: Sequence[Message], mark: Message | None) -> Sequence[Message]:
    return messages if mark is None else messages[messages.index(mark) + 1 :]


def _open_promise(messages: Sequence[Message]) -> str | None:
    promise: str | None = None
    lasting = asked_for_more = False
    for message in messages:
        if message.by_buyer:
            said = buyer_words(message.text)
            # A bare thanks answers the promise; that it is solved keeps it. A moment's patience is over when nothing is left.
            kept = said.says_solved and not is_courtesy(message)
            if kept or (not lasting and asked_for_more and (said.nothing_left or said.settles)):
                promise = None
            continue
        if message.sender not in HUMAN_SENDERS:
            continue
        words = shop_words(message.text)
        if words.promises_later is not None:
            promise, lasting = words.promises_later, True
        elif words.delivers:
            promise = None
        elif words.promises_now is not None:
            if promise is None or not lasting:
                promise, lasting = words.promises_now, False
        elif promise is not None and not lasting and not words.closes:
            promise = None
        asked_for_more = words.asks_for_more
    return promise


def _refund_pending(messages: Sequence[Message]) -> bool:
    pending = closing = False
    for message in messages:
        if message.sender in HUMAN_SENDERS:
            words = shop_words(message.text)
            if words.refund_pending:
                pending, closing = True, False
            # In one message too: "refund in three days. Anything else?"
            closing = closing or words.closes
            pending = pending and not words.refund_done
        elif message.by_buyer:
            said = buyer_words(message.text)
            # Told when the money comes, asked whether anything is left, and content: the shop owes no more words.
            content = closing and (said.settles or said.nothing_left)
            pending = pending and not content and not said.refund_done
    return pending


def _asked_back(messages: Sequence[Message]) -> bool:
    """Did the agent ask something since the buyer last spoke, and not go on to ask whether anything is left?"""
    asked = False
    for message in messages:
        if message.by_buyer:
            asked = False
        elif message.sender in HUMAN_SENDERS:
            words = shop_words(message.text)
            asked = words.asks_back or (asked and not words.asks_for_more)
    return asked


def _complaint(messages: Sequence[Message]) -> str | None:
    complaint: str | None = None
    for message in messages:
        if not message.by_buyer:
            continue
        said = buyer_words(message.text)
        if said.complains is not None:
            complaint = said.complains
        elif said.settles:
            complaint = None
    return complaint


def _thanks(messages: Sequence[Message], human: Sequence[Message]) -> str | None:
    """The sign that lies in the buyer's last words, if they came after an answer."""
    place = next((n for n in range(len(messages) - 1, -1, -1) if messages[n].by_buyer), None)
    if place is None or not human or place < messages.index(human[0]):
        return None
    last = messages[place]
    if last.kind not in (Kind.TEXT, Kind.EMOJI):
        return None
    before = next((m for m in reversed(messages[:place]) if m.sender in HUMAN_SENDERS), None)
    said = buyer_words(last.text)
    if said.settles or (before is not None and shop_words(before.text).asks_for_more and said.nothing_left):
        return "买家已道谢或确认没有问题了"
    return "买家已表示收到" if is_courtesy(last) else None


def _place(message: Message | None, messages: Sequence[Message]) -> int:
    """Where a message stands; before the first if there is none."""
    return -1 if message is None else messages.index(message)


def _last_run(messages: Sequence[Message]) -> list[Message]:
    """What people of the shop said last, without a word of the buyer in between; the newest last."""
    run: list[Message] = []
    for message in reversed(messages):
        if message.by_buyer and run:
            break
        if message.sender in HUMAN_SENDERS:
            run.append(message)
    return run[::-1]


def _signs(
    session: Session,
    thanks: str | None,
    displeased: str | None,
    last_run: Sequence[Message],
    quiet_at: datetime | None,
    now: datetime,
) -> tuple[str, ...]:
    if not last_run:
        return ()
    signs = [thanks] if thanks is not None else []
    # Who leaves with a grumble has not been content, however long the silence.
    if displeased is None:
        refused = thanks is None and any(shop_words(m.text).refuses for m in last_run)
        # To ask whether anything else is wanted, right after a refusal, settles nothing.
        if shop_words(last_run[-1].text).closes and not refused:
            signs.append("客服已问过还有没有其他问题")
        if quiet_at is not None and quiet_at <= now:
            minutes = int((now - last_run[-1].at).total_seconds() // 60)
            signs.append(f"回答后 {minutes} 分钟买家没有再追问")
        if session.closed_at is not None and session.closed_at <= now:
            signs.append("会话已结束")
    return tuple(signs)
