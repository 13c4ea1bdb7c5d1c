"""Plays a shop's day through the real signed webhook: buyers who write, two agents who type, a console that shows.

The player is a chat console in small. Buyers' messages go to Miaohui as signed events; what Miaohui says by itself
comes back by signed callback, is shown, and is reported as the console's own event. The agents work as people do:
they take the buyer with the least time left, read, type (or take the first suggestion), have the draft checked, and
send; after a thanks they invite a rating if Miaohui advises it.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2 as httpx

from app.demo.receiver import CALLBACK_PATH, Receiver
from app.demo.script import LATE_WORDS, Dialogue, Exchange, Line, Script, Shift
from app.demo.service import RETRY_WAITS_S, Service, Tell
from app.demo.tempo import HEAD_STARTS_S, Tempo

READ_S: Final = 2.5
CLICK_S: Final = 2.0
TYPING_CPS: Final = 2.2
"""Characters a second of a practised agent (132 a minute)."""
SUGGESTION_SCORE: Final = 0.6
"""From this score on an agent trusts the first suggestion."""
EVASIONS: Final = frozenset({"稍等"})
"""Categories of replies that only ask for patience: an agent who is there answers instead."""
CLICKS: Final = 0.7
"""How often an agent takes a trusted suggestion instead of typing."""
ALONE_S: Final = 200.0
"""How long a buyer whom nobody answers in the script is really left alone, in seconds from the message: a window of
three minutes and a bit. Then an agent takes up the chat with `LATE_WORDS`, as people do with what they missed."""
BETWEEN_DAYS_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class DemoShop:
    """What the player needs to know of the shop it plays."""

    shop_id: str
    api_key: str
    webhook_secret: str
    callback_secret: str
    callback_port: int = 8771

    @property
    def callback_url(self) -> str:
        return f"http://127.0.0.1:{self.callback_port}{CALLBACK_PATH}"


@dataclass(eq=False, slots=True)
class _Chat:
    """One dialogue as it is being played."""

    dialogue: Dialogue
    session: str
    buyer: str
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    exchange: Exchange | None = None
    """What the agent is to answer now."""
    waiting_since: datetime | None = None
    deadline_at: datetime | None = None
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    advice: str | None = None
    agent: str | None = None
    said: list[str] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def urgency(self, now: datetime) -> tuple[bool, datetime]:
        """The not yet missed first, by time left; then who waits longest."""
        assert self.waiting_since is not None
        deadline_at = self.deadline_at or self.waiting_since + timedelta(minutes=3)
        missed = deadline_at < now
        return (missed, self.waiting_since if missed else deadline_at)


class Player:
    """Plays days of `script` for one shop against the service at `base_url`."""

    def __init__(
        self,
        script: Script,
        shop: DemoShop,
        base_url: str,
        *,
        tempo: Tempo,
        tell: Tell,
        seed: int = 1,
        retry_waits_s: Sequence[float] = RETRY_WAITS_S,
        alone_s: float = ALONE_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        past: Iterable[Sequence[dict[str, Any]]] = (),
    ) -> None:
        """`past` are batches of events of earlier days, told while the day is played."""
        self._script = script
        self._shop = shop
        self._base_url = base_url
        self._tempo = tempo
        self._tell = tell
        self._dice = random.Random(seed)
        self._retry_waits_s = retry_waits_s
        self._alone_s = alone_s
        self._now = now
        self._past = past
        self._run = ""
        self._day_started_at = now()
        self._first_s = 0.0
        self._off_duty: set[Shift] = set()
        self._chats: dict[str, _Chat] = {}
        self._waiting: list[_Chat] = []
        self._somebody_waits = asyncio.Condition()
        self._service: Service | None = None

    async def play(self, *, once: bool = False) -> None:
        """Play one day after another until cancelled, or one day with `once`."""
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                # No proxy of the environment: the service is on this machine.
                httpx.AsyncClient(base_url=self._base_url, timeout=15, trust_env=False)
            )
            self._service = Service(
                client,
                shop_id=self._shop.shop_id,
                webhook_secret=self._shop.webhook_secret,
                api_key=self._shop.api_key,
                tell=self._tell,
                retry_waits_s=self._retry_waits_s,
            )
            stack.push_async_callback(self._service.settle)
            receiver = Receiver(self._shop.callback_secret, self.show)
            await stack.enter_async_context(receiver.listen(self._shop.callback_port))
            telling = asyncio.ensure_future(self._tell_past())
            stack.callback(telling.cancel)
            while True:
                await self._play_day()
                if once:
                    return
                self._tell("—— 这一天结束，接着是第二天 / next day ——")
                await asyncio.sleep(self._tempo.pause_s(BETWEEN_DAYS_S))

    async def _tell_past(self) -> None:
        told = 0
        for batch in self._past:
            told += len(await self._send(*batch))
        if told:
            self._tell(
                f"前两周的会话已补上，共 {told} 条，可看「历史」和「服务质量」/ the past fortnight is there"
            )

    async def show(self, letter: dict[str, Any]) -> None:
        """Show a reply of the machine to the buyer, and report it as the console's own event."""
        self._say(f"🤖 → {letter['buyer']}：{letter['text']}")
        await self._send(
            {
                "id": f"echo-{letter['id']}",
                "type": "message",
                "at": self._stamp(),
                "session": letter["session"],
                "buyer": letter["buyer"],
                "sender": letter["sender"],
                "kind": "text",
                "text": letter["text"],
                "echo_of": letter["id"],
            }
        )
        if (chat := self._chats.get(letter["session"])) is not None:
            chat.said.append(letter["text"])

    async def _play_day(self) -> None:
        started_at = self._now()
        # Ids bear the moment the day began, so that a restart adds a day instead of contradicting one.
        self._run = started_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        self._chats.clear()
        self._waiting.clear()
        self._day_started_at = started_at
        self._first_s = first_arrival_s(self._script.dialogues)
        self._off_duty.clear()
        self._say(f"—— {self._script.name}开门，今天会来 {len(self._script.dialogues)} 段会话 ——")
        async with asyncio.TaskGroup() as day:
            for shift in self._script.shifts:
                day.create_task(self._work(shift))
            buyers = [
                day.create_task(self._live(*entry)) for entry in schedule(self._script.dialogues, self._tempo)
            ]
            await asyncio.gather(*buyers)
            for shift in self._script.shifts:
                await self._end_shift(shift)

    # the buyers

    async def _live(self, dialogue: Dialogue, begins_s: float, ahead_s: float) -> None:
        """One buyer, from the first message to the rating."""
        await asyncio.sleep(begins_s)
        chat = _Chat(
            dialogue,
            session=f"{self._run}-{dialogue.id}",
            buyer=f"{dialogue.buyer}#{self._run[9:13]}",
        )
        self._chats[chat.session] = chat
        ahead = timedelta(seconds=ahead_s)
        for exchange in dialogue.exchanges:
            await self._ask(chat, exchange, ahead)
            if not exchange.answered:
                await self._stay_alone(chat)
                break
            await self._hand_over(chat, exchange)
            await chat.answered.wait()
            await self._follow_up(chat, exchange)
            ahead = timedelta()
        if dialogue.spam:
            return
        await self._rate(chat)
        await self._send(self._event(chat, "session_closed"))

    async def _ask(self, chat: _Chat, exchange: Exchange, ahead: timedelta) -> None:
        """The buyer's run of messages. With `ahead` it began so long ago, and what is due by now comes at once."""
        at = self._now() - ahead
        for line in exchange.asked:
            at += timedelta(seconds=self._tempo.pause_s(line.after_s))
            await asyncio.sleep((at - self._now()).total_seconds())
            if not ahead:
                at = self._now()
            event = self._event(
                chat, "message", sender=line.sender, kind=line.kind, text=line.text, at=self._stamp(at)
            )
            chat.waiting_since = chat.waiting_since or at
            self._say(f"买家 {chat.buyer}：{line.text or '[' + line.kind + ']'}")
            self._learn(chat, await self._send(event))
            if line.withdraw_after_s is not None:
                await asyncio.sleep(self._tempo.pause_s(line.withdraw_after_s))
                await self._send(self._event(chat, "message_withdrawn", message=event["id"]))

    async def _stay_alone(self, chat: _Chat) -> None:
        """Nobody answers: the machine may, and an agent comes too late. Advertising is marked by the console."""
        if chat.dialogue.spam:
            await self._send(self._event(chat, "buyer_flagged", flag="spam_system"))
            return
        assert chat.waiting_since is not None
        waited_s = (self._now() - chat.waiting_since).total_seconds()
        await asyncio.sleep(self._alone_s - waited_s)
        await self._hand_over(chat, Exchange((), (Line("agent", LATE_WORDS, by_hand=True),)))
        await chat.answered.wait()

    async def _hand_over(self, chat: _Chat, exchange: Exchange) -> None:
        """Let the agents see that this buyer waits, and what there is to answer."""
        chat.exchange = exchange
        chat.answered.clear()
        async with self._somebody_waits:
            self._waiting.append(chat)
            self._somebody_waits.notify_all()

    async def _rate(self, chat: _Chat) -> None:
        """The agent invites if the advice says so, and the buyer rates later."""
        if chat.advice != "invite":
            return
        invited = self._event(chat, "invite_sent", by="agent", agent=chat.agent)
        self._say(f"客服 {chat.agent} 邀请 {chat.buyer} 评价")
        await self._send(invited)
        rating = chat.dialogue.rating
        if rating is None:
            return
        await asyncio.sleep(self._tempo.pause_s(rating.after_s))
        event = self._event(chat, "rating", label=rating.label, by="human", agent=chat.agent)
        event["invited_at"] = invited["at"]
        if rating.reason:
            event["reason"] = rating.reason
        self._say(f"买家 {chat.buyer} 评价：{rating.label}")
        await self._send(event)

    # the agents

    async def _work(self, shift: Shift) -> None:
        """An agent's shift: the most urgent buyer, then the next, until it is over."""
        await asyncio.sleep(self._tempo.arrival_s(shift.starts_s, self._first_s))
        number = self._script.shifts.index(shift)
        await self._send(self._presence("agent_online", shift, number))
        self._say(f"客服 {shift.agent} 上线")
        ending = None
        if any(other.ends_s > shift.ends_s for other in self._script.shifts):
            ending = asyncio.ensure_future(self._end_shift_on_time(shift))
        try:
            while (chat := await self._next_chat(shift)) is not None:
                await self._answer(shift.agent, chat)
        finally:
            if ending is not None:
                ending.cancel()
        await self._send(self._presence("agent_offline", shift, number))
        self._say(f"客服 {shift.agent} 下线")

    async def _end_shift_on_time(self, shift: Shift) -> None:
        """End a shift that another one outlasts; the last one stays until the day is over."""
        await asyncio.sleep((shift.ends_s - max(shift.starts_s, self._first_s)) / self._tempo.arrivals)
        await self._end_shift(shift)

    async def _end_shift(self, shift: Shift) -> None:
        async with self._somebody_waits:
            self._off_duty.add(shift)
            self._somebody_waits.notify_all()

    async def _next_chat(self, shift: Shift) -> _Chat | None:
        """The most urgent waiting buyer, as soon as there is one; None when the shift is over."""
        async with self._somebody_waits:
            await self._somebody_waits.wait_for(lambda: shift in self._off_duty or bool(self._waiting))
            if shift in self._off_duty:
                return None
            chat = min(self._waiting, key=lambda each: each.urgency(self._now()))
            self._waiting.remove(chat)
            return chat

    async def _answer(self, agent: str, chat: _Chat) -> None:
        """Read, write and send the first reply; what the script has after it comes later by itself."""
        assert chat.exchange is not None
        line = chat.exchange.answers[0]
        if chat.agent != agent:
            chat.agent = agent
            await self._send(self._event(chat, "assigned", agent=agent))
        await asyncio.sleep(self._tempo.hands_s(READ_S))
        text, clicked = self._choose(chat, line)
        await asyncio.sleep(self._tempo.hands_s(CLICK_S if clicked else len(text) / TYPING_CPS))
        await self._reply(chat, line, text, clicked=clicked)
        chat.suggestions = []
        chat.waiting_since = chat.deadline_at = None
        chat.answered.set()

    async def _follow_up(self, chat: _Chat, exchange: Exchange) -> None:
        """The agent comes back to the buyer with the rest, such as what the carrier said."""
        for line in exchange.answers[1:]:
            await asyncio.sleep(self._tempo.pause_s(line.after_s))
            await self._reply(chat, line, line.text, clicked=False)

    async def _reply(self, chat: _Chat, line: Line, text: str, *, clicked: bool) -> None:
        text = await self._checked(chat, line, text)
        event = self._event(chat, "message", sender="agent", kind=line.kind, text=text, agent=chat.agent)
        self._say(f"客服 {chat.agent} → {chat.buyer}：{text}" + ("（一键）" if clicked else ""))
        self._learn(chat, await self._send(event))
        chat.said.append(text)

    def _choose(self, chat: _Chat, line: Line) -> tuple[str, bool]:
        """(what the agent is about to send, was it one click): the first good suggestion, or the agent's own words."""
        if line.by_hand:
            return line.text, False
        text = _usable(chat.suggestions[0]) if chat.suggestions else None
        if text is None or text in chat.said or self._dice.random() >= CLICKS:
            return line.text, False
        return text, True

    async def _checked(self, chat: _Chat, line: Line, text: str) -> str:
        """Have the draft checked; with an error or a warning the agent sends the better words, if there are any."""
        assert self._service is not None
        findings = await self._service.lint(text, earlier=chat.said)
        grave = [each for each in findings if each.get("severity") in ("error", "warning")]
        if not grave:
            return text
        self._say(f"⚠ {chat.agent} 的草稿“{text}”：{grave[0].get('message') or grave[0].get('name')}")
        better = line.final or (line.text if text != line.text else None)
        if better is None:
            return text
        await asyncio.sleep(self._tempo.hands_s(len(better) / TYPING_CPS / 2))
        return better

    # the wire

    def _say(self, line: str) -> None:
        """Tell people, with the hour that the shop's clock shows."""
        elapsed_s = (self._now() - self._day_started_at).total_seconds()
        minutes = int(self._tempo.shop_clock_s(elapsed_s, self._first_s) // 60)
        self._tell(f"[{minutes // 60:02}:{minutes % 60:02}] {line}")

    def _presence(self, of_type: str, shift: Shift, number: int) -> dict[str, Any]:
        return {
            "id": f"demo-{self._run}-shift{number}-{of_type}",
            "type": of_type,
            "at": self._stamp(),
            "agent": shift.agent,
        }

    def _event(self, chat: _Chat, of_type: str, *, at: str | None = None, **rest: Any) -> dict[str, Any]:
        return {
            "id": f"demo-{self._run}-{chat.dialogue.id}-{next(chat.numbers)}",
            "type": of_type,
            "at": at or self._stamp(),
            "session": chat.session,
            "buyer": chat.buyer,
            **rest,
        }

    def _stamp(self, at: datetime | None = None) -> str:
        return (at or self._now()).isoformat(timespec="milliseconds")

    async def _send(self, *events: dict[str, Any]) -> list[dict[str, Any]]:
        assert self._service is not None
        return await self._service.send(events)

    def _learn(self, chat: _Chat, results: Iterable[dict[str, Any]]) -> None:
        """Take what the service decided about the chat: its clock, suggestions and rating advice."""
        for result in results:
            decision = result.get("decision")
            if not isinstance(decision, dict):
                continue
            clock = decision.get("clock")
            if isinstance(clock, dict) and isinstance(clock.get("deadline_at"), str):
                deadline_at = datetime.fromisoformat(clock["deadline_at"])
                chat.deadline_at = min(chat.deadline_at or deadline_at, deadline_at)
            suggestions = decision.get("suggestions")
            if isinstance(suggestions, list) and suggestions:
                chat.suggestions = [each for each in suggestions if isinstance(each, dict)]
            advice = decision.get("rating_advice")
            chat.advice = advice.get("advice") if isinstance(advice, dict) else None


def _usable(suggestion: dict[str, Any]) -> str | None:
    """The text of a suggestion that can be sent as it is and answers something."""
    text, score = suggestion.get("text"), suggestion.get("score")
    if not isinstance(text, str) or not isinstance(score, int | float) or score < SUGGESTION_SCORE:
        return None
    unfilled = not text or "{" in text or suggestion.get("missing")
    return None if unfilled or suggestion.get("category") in EVASIONS else text


def first_arrival_s(dialogues: Sequence[Dialogue]) -> float:
    """When the shop's day begins: the first arrival of the schedule, in seconds of the day."""
    early = {each.id for each in _head_starts(dialogues)}
    return min((each.arrives_s for each in dialogues if each.id not in early), default=0.0)


def _head_starts(dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    """The first buyers with a question whom nobody answers."""
    alone = [
        each
        for each in sorted(dialogues, key=lambda each: each.arrives_s)
        if not each.answered and not each.spam and each.exchanges[0].asked[0].kind == "text"
    ]
    return alone[: len(HEAD_STARTS_S)]


def schedule(dialogues: Sequence[Dialogue], tempo: Tempo) -> list[tuple[Dialogue, float, float]]:
    """When each dialogue begins: (dialogue, real seconds from the start, seconds its first message lies in the past).

    The first buyers whom nobody answers begin at once with a head start, so that their clocks run out soon after the
    demo begins; all others come at their hour of the shop's day, the first arrival at 0.
    """
    heads = dict(zip((each.id for each in _head_starts(dialogues)), HEAD_STARTS_S, strict=False))
    first_s = first_arrival_s(dialogues)
    return [
        (each, 0.0 if each.id in heads else tempo.arrival_s(each.arrives_s, first_s), heads.get(each.id, 0.0))
        for each in sorted(dialogues, key=lambda each: each.arrives_s)
    ]
