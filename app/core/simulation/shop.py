"""One day of a shop as discrete events on a heap, and the log that it leaves.

* A seat answers one chat at a time (one keyboard), holds a limited number of chats, and a new chat goes to the seated
  agent with the fewest. Buyers who wait too long ask again, and at the end of their patience leave without a word.
* Without the assistant chats are answered in plain order of arrival; a reply is typed, or taken from the console's
  own quick phrases.
* With it the agent takes the chat whose clock runs out next, those already missed last (but nobody waits beyond a
  ceiling); a suggestion that fits is sent by one click, sometimes after a small edit; a call brings back an agent who
  is away from the screen without a break, and lets a colleague take the chat over; and where the platform counts what
  the machine says, the machine answers or holds the buyer as the policy and the guards allow (`Assistant`), never
  while a person is typing. A person still answers after a holding reply; after a wrong answer the buyer asks again.
* Unless the machine is in front, a buyer enters the human queue with the first message: the hand-over bears that
  message's stamp.
"""

from __future__ import annotations

import heapq
import math
from bisect import insort
from collections.abc import Callable
from datetime import date
from typing import Final

from app.core.auto_reply import Purpose, Say
from app.core.events import EventType, Sender
from app.core.policies import Policy
from app.core.simulation.assistant import Assistant, Wait
from app.core.simulation.assumptions import Assumptions
from app.core.simulation.floor import Chat, Desk
from app.core.simulation.log import DayLog
from app.core.simulation.outcomes import SimulatedDay
from app.core.simulation.people import Absence, Cast, cast_of
from app.core.simulation.rules import ReplyRules

DEFAULT_POLICY: Final = Policy()
MACHINE_S: Final = 1.0
"""How long the machine takes to answer at once."""

_Step = tuple[float, int, Callable[[], None]]


def simulate_day(
    assumptions: Assumptions,
    rules: ReplyRules,
    *,
    on: date,
    assist: bool,
    seed: int,
    policy: Policy = DEFAULT_POLICY,
) -> SimulatedDay:
    """Play the day `on`, with or without the assistant. Pure: the same arguments give the same events.

    `policy` says when the assistant calls somebody and what the machine may say by itself.
    """
    cast = cast_of(assumptions, rules, seed)
    return _Shop(assumptions, rules, cast, on, policy if assist else None).play()


class _Shop:
    def __init__(
        self, assumptions: Assumptions, rules: ReplyRules, cast: Cast, on: date, policy: Policy | None
    ) -> None:
        self._its = assumptions
        self._rules = rules
        self._cast = cast
        self._assistant = Assistant(policy, rules, assumptions.surely_right) if policy is not None else None
        self._log = DayLog(on, rules.tz)
        self._now = 0.0
        self._heap: list[_Step] = []
        self._sequence = 0
        self._desks = [Desk(seat) for seat in cast.seats]
        self._queue: list[Chat] = []
        self._waiting: dict[str, Chat] = {}
        self._waits: list[float] = []
        self._left = self._typed = self._clicked = self._holding = self._taken_over = 0
        self._answered = self._answered_wrongly = 0
        self._busy_s = 0.0

    def play(self) -> SimulatedDay:
        ends_s = self._rules.closes_s + self._its.overtime_s
        for buyer in self._cast.buyers:
            in_front = self._assistant is not None and buyer.robot_in_front
            self._at(buyer.arrives_s, self._arrive, Chat(buyer, in_front))
        for desk in self._desks:
            for absence in desk.seat.absences:
                self._at(absence.starts_s, self._leave_screen, desk, absence)
        while self._heap and self._heap[0][0] <= ends_s:
            self._now, _, step = heapq.heappop(self._heap)
            step()
        staffed_s = (self._rules.closes_s - self._rules.opens_s) * len(self._desks)
        return SimulatedDay(
            events=tuple(self._log.events),
            buyers=len(self._cast.buyers),
            left_unanswered=self._left,
            waits_s=tuple(self._waits),
            typed=self._typed,
            clicked=self._clicked,
            holding=self._holding,
            answered=self._answered,
            answered_wrongly=self._answered_wrongly,
            taken_over=self._taken_over,
            busy_share=self._busy_s / staffed_s if staffed_s > 0 else 0.0,
        )

    def _at(self, second: float, step: Callable[..., None], *arguments: object) -> None:
        self._sequence += 1
        heapq.heappush(
            self._heap, (round(max(second, self._now), 3), self._sequence, lambda: step(*arguments))
        )

    # the buyers

    def _arrive(self, chat: Chat) -> None:
        self._say(chat)
        if not chat.in_front:
            self._log.record(chat, self._now, EventType.HANDOVER)
            self._assign(chat)

    def _say(self, chat: Chat) -> None:
        """The buyer's next message of the enquiry at hand."""
        if chat.over:
            return
        enquiry = chat.at_hand
        chat.sent += 1
        text = "谢谢" if enquiry.courtesy else "咨询"
        item = self._log.message(chat, self._now, Sender.BUYER, text, courtesy=enquiry.courtesy or None)
        if not chat.asked_whole:
            self._at(self._now + enquiry.gaps_s[chat.sent], self._say, chat)
        if chat.in_front:
            self._opens_clock_in_front(chat, item)
        else:
            self._starts_waiting(chat, item)
        if chat.asked_whole and self._assistant is not None and self._assistant.policy.answer == "at_once":
            self._at(self._now + MACHINE_S, self._answer_at_once, chat)
        elif chat.in_front and chat.asked_whole:
            self._hand_over(chat)

    def _starts_waiting(self, chat: Chat, item: str) -> None:
        """The buyer waits for a person since now, if not for longer; `item` is what opens the clock."""
        if chat.closed:
            self._reopen(chat)
        if chat.waiting_since is None:
            chat.waiting_since = self._now
            self._waiting[chat.session] = chat
            self._waits_afresh(chat)
        if chat.clock_since is None:
            self._starts_clock(chat, item)
        self._wake(chat.seat)

    def _waits_afresh(self, chat: Chat) -> None:
        chat.wait += 1
        self._at(self._now + chat.buyer.patience_s, self._lose_patience, chat, chat.wait)
        self._schedule_nudge(chat)

    def _reopen(self, chat: Chat) -> None:
        """A buyer who comes back after the chat was closed is given a seat again."""
        chat.closed = False
        chat.seat = None
        self._assign(chat)

    def _lose_patience(self, chat: Chat, wait: int) -> None:
        if self._waits_still(chat, wait):
            chat.gone = True
            self._left += 1

    def _schedule_nudge(self, chat: Chat) -> None:
        if chat.nudges < len(chat.buyer.nudges_s):
            self._at(self._now + chat.buyer.nudges_s[chat.nudges], self._nudge, chat, chat.wait)

    def _nudge(self, chat: Chat, wait: int) -> None:
        if self._waits_still(chat, wait):
            chat.nudges += 1
            self._insist(chat, "在吗")
            self._schedule_nudge(chat)

    def _object(self, chat: Chat, wait: int) -> None:
        """A wrong answer has been read."""
        if self._waits_still(chat, wait):
            self._insist(chat, "不是这个")

    def _insist(self, chat: Chat, text: str) -> None:
        item = self._log.message(chat, self._now, Sender.BUYER, text)
        if chat.clock_since is None:
            self._starts_clock(chat, item)

    def _waits_still(self, chat: Chat, wait: int) -> bool:
        return chat.wait == wait and chat.waiting_since is not None and not chat.gone

    def _goes_on(self, chat: Chat) -> None:
        """The buyer has an answer, and asks the next thing unless this one was not asked whole."""
        if chat.over or not chat.asked_whole:
            return
        then_s = chat.at_hand.then_s
        chat.enquiry += 1
        chat.sent = 0
        if not chat.over:
            self._at(self._now + then_s, self._say, chat)

    # the clock

    def _starts_clock(self, chat: Chat, item: str) -> None:
        chat.clock_since = self._now
        chat.clock_item = item
        if self._rules.clock_from_assignment and chat.assigned_s is None:
            return
        self._set_alarms(chat)

    def _set_alarms(self, chat: Chat) -> None:
        deadline_s = self._deadline(chat)
        self._at(deadline_s + 0.001, self._miss, chat, deadline_s)
        if self._assistant is None:
            return
        opened_s = deadline_s - self._rules.window_s
        for after_s in self._assistant.calls_after_s:
            self._at(opened_s + after_s, self._call, chat, deadline_s)
        if self._rules.machine_counts and self._assistant.speaks_after_s is not None:
            self._at(opened_s + self._assistant.speaks_after_s, self._speak_for_people, chat, deadline_s)

    def _deadline(self, chat: Chat) -> float:
        """When the clock of the chat runs out; never while it does not run."""
        if chat.clock_since is None:
            return math.inf
        if not self._rules.clock_from_assignment:
            return chat.clock_since + self._rules.window_s
        if chat.assigned_s is None:
            return math.inf
        return max(chat.clock_since, chat.assigned_s) + self._rules.window_s

    def _still_runs(self, chat: Chat, deadline_s: float) -> bool:
        return chat.clock_since is not None and self._deadline(chat) == deadline_s

    def _miss(self, chat: Chat, deadline_s: float) -> None:
        if self._still_runs(chat, deadline_s):
            chat.missed = True

    # the seats

    def _assign(self, chat: Chat) -> None:
        """Give the chat to the seat with the fewest, or let it queue if every list is full."""
        free = [desk for desk in self._desks if desk.at_work and len(desk.chats) < self._its.chats_at_once]
        if not free:
            self._queue.append(chat)
            return
        desk = min(free, key=lambda desk: len(desk.chats))
        self._seat(chat, desk)
        self._wake(desk)

    def _seat(self, chat: Chat, desk: Desk) -> None:
        """Put the chat into a seat's list, and out of another's."""
        if chat.seat is not None:
            chat.seat.chats.remove(chat)
        chat.seat = desk
        desk.chats.append(chat)
        self._log.record(chat, self._now, EventType.ASSIGNED, agent=desk.seat.name)
        first = chat.assigned_s is None
        if first:
            chat.assigned_s = self._now
        if first and self._rules.clock_from_assignment and chat.clock_since is not None:
            self._set_alarms(chat)

    def _fill_places(self) -> None:
        queue, self._queue = self._queue, []
        for chat in queue:
            if chat.waiting_since is None:  # The machine has answered meanwhile.
                self._close(chat)
            else:
                self._assign(chat)

    def _wake(self, desk: Desk | None) -> None:
        """Let a seat that is free take the next chat."""
        if desk is None or desk.busy or desk.away_until is not None:
            return
        chat = self._next_chat(desk)
        if chat is None:
            return
        if chat.seat is not desk:
            self._taken_over += 1
            self._seat(chat, desk)
        clicks = self._assistant is not None and chat.at_hand.fits
        length_s = (
            self._its.read_s + chat.at_hand.lookup_s + self._writing_s(chat, clicks=clicks) / desk.seat.speed
        )
        desk.busy = True
        chat.typing = True
        self._busy_s += length_s
        self._at(self._now + length_s, self._answer, desk, chat, clicks)

    def _writing_s(self, chat: Chat, *, clicks: bool) -> float:
        """How long the median agent takes over a reply; whoever has a quick phrase or a suggestion does not type it."""
        enquiry = chat.at_hand
        typing_s = enquiry.think_s + enquiry.chars / self._its.typing_cps
        if enquiry.shortcut:
            typing_s = min(typing_s, self._its.shortcut_s)
        if not clicks:
            return typing_s
        return self._its.click_s + (self._its.edit_s if enquiry.edit else 0.0)

    def _next_chat(self, desk: Desk) -> Chat | None:
        own = [chat for chat in desk.chats if chat.waiting_since is not None and not chat.typing]
        if self._assistant is None:
            return min(own, key=lambda chat: (chat.waiting_since, chat.session), default=None)
        called_s = min(self._assistant.calls_after_s, default=math.inf)
        others = [
            chat
            for chat in self._waiting.values()
            if chat.seat is not None
            and chat.seat is not desk
            and not chat.typing
            and chat.waiting_since is not None
            and self._now - chat.waiting_since >= called_s - 0.01
        ]
        return min(own + others, key=self._urgency, default=None)

    def _urgency(self, chat: Chat) -> tuple[int, float, str]:
        """Beyond the ceiling first, then by time left, then who holds a machine's word, then the missed."""
        assert chat.waiting_since is not None
        if self._now - chat.waiting_since >= self._its.ceiling_s:
            return (0, chat.waiting_since, chat.session)
        if chat.clock_since is None:
            return (2, chat.waiting_since, chat.session)
        deadline_s = self._deadline(chat)
        if self._now > deadline_s or (chat.missed and self._rules.once_missed_stays_missed):
            return (3, chat.waiting_since, chat.session)
        return (1, deadline_s, chat.session)

    def _answer(self, desk: Desk, chat: Chat, clicked: bool) -> None:
        """The reply goes out; the buyer goes on, and the seat looks for the next chat."""
        assert chat.waiting_since is not None
        self._log.message(chat, self._now, Sender.AGENT, "回复", agent=desk.seat.name)
        self._waits.append(self._now - chat.waiting_since)
        self._clicked += clicked
        self._typed += not clicked
        self._stops_waiting(chat)
        self._goes_on(chat)
        desk.busy = False
        if desk.due:
            self._leave_screen(desk, desk.due.pop(0))
        self._wake(desk)

    def _stops_waiting(self, chat: Chat) -> None:
        chat.typing = False
        chat.waiting_since = None
        chat.clock_since = None
        chat.nudges = 0
        chat.wait += 1
        self._waiting.pop(chat.session, None)
        self._at(self._now + self._its.quiet_s, self._close_if_quiet, chat)

    def _close_if_quiet(self, chat: Chat) -> None:
        quiet = self._now - chat.last_s >= self._its.quiet_s - 0.001
        if chat.closed or chat.waiting_since is not None or not quiet or chat.seat is None:
            return
        chat.seat.chats.remove(chat)
        chat.seat = None
        self._close(chat)
        self._fill_places()

    def _close(self, chat: Chat) -> None:
        chat.closed = True
        self._log.record(chat, self._now, EventType.SESSION_CLOSED)

    def _leave_screen(self, desk: Desk, absence: Absence) -> None:
        if desk.busy:
            insort(desk.due, absence, key=lambda each: each.starts_s)
            return
        if desk.away_until is not None and desk.away_until >= self._now + absence.length_s:
            return
        desk.away_until = self._now + absence.length_s
        desk.away_planned = absence.planned
        desk.trip += 1
        self._at(desk.away_until, self._come_back, desk, desk.trip)

    def _come_back(self, desk: Desk, trip: int) -> None:
        if desk.trip != trip or desk.away_until is None:
            return
        desk.away_until = None
        self._fill_places()
        self._wake(desk)

    # the assistant

    def _call(self, chat: Chat, deadline_s: float) -> None:
        """Call the agent back to the screen, and offer the chat to a colleague who is free."""
        if not self._still_runs(chat, deadline_s) or chat.typing:
            return
        desk = chat.seat
        if desk is not None and desk.away_until is not None and not desk.away_planned:
            desk.trip += 1
            desk.away_until = min(desk.away_until, self._now + self._its.recall_s)
            self._at(desk.away_until, self._come_back, desk, desk.trip)
        for colleague in self._desks:
            if chat.typing or chat.seat is None:
                return
            self._wake(colleague)

    def _speak_for_people(self, chat: Chat, deadline_s: float) -> None:
        """Shortly before the deadline: an answer that is sure, else a holding reply, while nobody types."""
        if self._assistant is None or not self._still_runs(chat, deadline_s) or chat.typing:
            return
        said = self._assistant.before_deadline(chat, self._wait(chat))
        if said is not None:
            self._said(chat, said)

    def _answer_at_once(self, chat: Chat) -> None:
        """What the buyer asked is answered by the machine if it may; alone with the machine, else goes to a person."""
        if self._assistant is None or chat.typing or (not chat.in_front and chat.waiting_since is None):
            return
        said = None
        if chat.in_front or self._rules.machine_counts:
            said = self._assistant.at_once(chat, self._wait(chat))
        if said is not None:
            self._said(chat, said)
        elif chat.in_front:
            self._hand_over(chat)

    def _said(self, chat: Chat, said: Say) -> None:
        """The machine's words go out. Whoever was spoken to waits afresh; whoever was answered wrongly objects."""
        self._log.message(chat, self._now, said.sender, said.text, unattended=True)
        if said.sender is Sender.ROBOT_ASSIST or self._rules.robot_counts:
            chat.clock_since = None
        right = said.purpose is Purpose.ANSWER and chat.at_hand.right
        wrong = said.purpose is Purpose.ANSWER and not right
        self._holding += said.purpose is Purpose.HOLDING
        self._answered += said.purpose is Purpose.ANSWER
        self._answered_wrongly += wrong
        if right:
            if not chat.in_front:
                self._stops_waiting(chat)
            self._goes_on(chat)
        elif chat.in_front:
            self._at(self._now + chat.at_hand.objects_s, self._ask_for_person, chat)
        elif chat.waiting_since is not None and not chat.gone:
            self._waits_afresh(chat)
            if wrong:
                self._at(self._now + chat.at_hand.objects_s, self._object, chat, chat.wait)

    def _wait(self, chat: Chat) -> Wait:
        opened_s = self._now if chat.clock_since is None else chat.clock_since
        deadline_s = min(self._deadline(chat), self._now + self._rules.window_s)
        return Wait(self._log.stamp(opened_s), self._log.stamp(deadline_s), self._log.stamp(self._now))

    # the machine in front

    def _opens_clock_in_front(self, chat: Chat, item: str) -> None:
        """Where the platform's clock does not wait for the hand-over, it runs while the machine is alone."""
        if chat.clock_since is None and not self._rules.clock_from_handover:
            chat.clock_since, chat.clock_item = self._now, item

    def _ask_for_person(self, chat: Chat) -> None:
        item = self._log.message(chat, self._now, Sender.BUYER, "不是这个，转人工")
        self._opens_clock_in_front(chat, item)
        self._hand_over(chat)

    def _hand_over(self, chat: Chat) -> None:
        chat.in_front = False
        item = self._log.record(chat, self._now, EventType.HANDOVER)
        if chat.clock_since is not None:
            self._set_alarms(chat)
        self._starts_waiting(chat, item)
        self._assign(chat)
