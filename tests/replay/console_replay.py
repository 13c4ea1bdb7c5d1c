"""Real dialogues as a console would have reported them: event logs of our schema, the same for the same seed.

`read_dialogues` reads the two sets of `../shared/data`, `day_of_events` gives every turn a plausible moment of one day
(those that have real gaps keep them), and `tidy_deliveries` and `unruly_deliveries` say in which requests, in which
order and when the console hands them over. Nothing here knows the service.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
OPENS, CLOSES = time(8, 30), time(22, 50)
"""Within them lies all that is said and done on the day, and they lie within every platform's assessed hours."""
AGENTS = tuple(f"客服{number:02}" for number in range(1, 9))
LABELS = {0: "不满意", 1: "一般", 2: "满意"}
"""What a buyer clicks who was so satisfied (`overall_sat`)."""
LATEST_S = 300
"""How late a console hands an event over at most, outages apart."""

RawEvent = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """Something said, by the buyer or by the shop; `gap` is the real time since the turn before, where it is known."""

    by_buyer: bool
    text: str
    gap: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    id: str
    turns: tuple[Turn, ...]
    satisfaction: int | None = None
    began: time | None = None
    """The real time of day, where it is known."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a console: its `webhook-id`, what it bears, and when it arrives."""

    id: str
    events: tuple[RawEvent, ...]
    arrives_at: datetime
    alone: bool = False
    """Is the one event sent as an object, not as an array?"""

    @property
    def body(self) -> bytes:
        content: Any = self.events[0] if self.alone else list(self.events)
        return json.dumps(content, ensure_ascii=False).encode()

    def happening(self, at: datetime) -> Delivery:
        """The same, but all of it happens at this moment."""
        events = tuple(event | {"at": at.isoformat()} for event in self.events)
        return Delivery(self.id, events, at, self.alone)


def read_dialogues(data: Path, sample: int | None = None, seed: int = 1) -> list[Dialogue]:
    """The dialogues of both sets: all, or a random `sample` of the untimed ones and all of the timed."""
    untimed = list(_read_jddc(data / "uss_jddc_valid.jsonl"))
    if sample is not None:
        untimed = random.Random(f"sample {seed}").sample(untimed, sample)
    return untimed + list(_read_uneed(data / "uneed_dialogues.jsonl"))


def day_of_events(dialogues: Sequence[Dialogue], day: date, seed: int = 1) -> list[RawEvent]:
    """One day of a shop in which all these dialogues happen, side by side, in the tidy order.

    Some buyers come back, some while their first session is not over. All lies between `OPENS` and `CLOSES`.
    """
    chance = random.Random(f"day {seed}")
    sessions = [_Session(dialogue, random.Random(f"{seed} {dialogue.id}")) for dialogue in dialogues]
    chance.shuffle(sessions)
    opens = datetime.combine(day, OPENS, SHANGHAI)
    closes = datetime.combine(day, CLOSES, SHANGHAI)
    shift = _Shift(opens, closes, chance)
    events = list(shift.events())
    before: _Session | None = None
    for session in sessions:
        start = shift.opening(chance, session.lasts)
        if session.began is not None:
            start = datetime.combine(day, session.began, SHANGHAI)
        elif before is not None and chance.random() < 0.2:
            session.buyer = before.buyer
            start = before.start + chance.uniform(0.2, 1.6) * before.closes
            start = min(start.replace(microsecond=0), closes - session.lasts)
        session.start = start
        events.extend(session.events(shift))
        before = session if session.began is None else None
    return sorted(events, key=tidy_order)


def tidy_order(event: RawEvent) -> tuple[datetime, str]:
    """The order in which things happened."""
    return datetime.fromisoformat(event["at"]), event["id"]


def tidy_deliveries(
    events: Sequence[RawEvent], seed: int = 1, sizes: Sequence[int] = (1, 1, 1, 2, 5, 20), name: str = "tidy"
) -> list[Delivery]:
    """In the order in which things happened, in requests of these sizes; single events go as objects."""
    chance = random.Random(f"tidy {seed}")
    deliveries: list[Delivery] = []
    rest = list(events)
    while rest:
        size = chance.choice(sizes)
        own, rest = rest[:size], rest[size:]
        arrives_at = max(tidy_order(event)[0] for event in own)
        deliveries.append(Delivery(f"{name}-{len(deliveries)}", tuple(own), arrives_at, alone=len(own) == 1))
    return deliveries


def unruly_deliveries(events: Sequence[RawEvent], seed: int = 1, name: str = "unruly") -> list[Delivery]:
    """As a console at its worst: late, out of order within and across requests, twice, and after outages in one heap.

    Every event arrives at least once and never before it happened. A request that is repeated keeps id and body.
    """
    chance = random.Random(f"unruly {seed}")
    first, last = tidy_order(events[0])[0], tidy_order(events[-1])[0]
    outages = [
        (start, start + timedelta(seconds=chance.uniform(60, LATEST_S)))
        for start in (first + chance.random() * (last - first) for _ in range(4))
    ]
    arriving: list[tuple[datetime, float, RawEvent]] = []
    for event in events:
        for _ in range(2 if chance.random() < 0.06 else 1):
            at = tidy_order(event)[0] + timedelta(seconds=_delay(chance))
            at = next((end for start, end in outages if start <= at < end), at)
            arriving.append((at, chance.random(), event))
    arriving.sort(key=lambda entry: entry[:2])
    deliveries: list[Delivery] = []
    while arriving:
        size = chance.choice((1, 1, 1, 2, 5, 30))
        own, arriving = arriving[:size], arriving[size:]
        arrives_at = max(at for at, _, _ in own)
        chance.shuffle(own)
        sent = Delivery(
            f"{name}-{len(deliveries)}", tuple(event for _, _, event in own), arrives_at, alone=size == 1
        )
        deliveries.append(sent)
        if chance.random() < 0.05:
            again_at = arrives_at + timedelta(seconds=chance.uniform(5, 120))
            deliveries.append(Delivery(sent.id, sent.events, again_at, sent.alone))
    return sorted(deliveries, key=lambda delivery: delivery.arrives_at)


def _delay(chance: random.Random) -> float:
    """Seconds between a thing and its report."""
    kind = chance.random()
    if kind < 0.8:
        return chance.uniform(0, 2)
    if kind < 0.95:
        return chance.uniform(2, 60)
    return chance.uniform(60, LATEST_S)


def _read_jddc(path: Path) -> Iterator[Dialogue]:
    for raw in _lines(path):
        turns = []
        for turn in raw["turns"]:
            turns.append(Turn(True, turn["user"]))
            # Several messages of an agent in a row stand in one field, with spaces between them.
            turns.extend(Turn(False, part) for part in re.split(r"\s+", turn["agent_after"].strip()) if part)
        yield Dialogue(f"jd-{raw['id']}", tuple(turns), raw["overall_sat"])


def _read_uneed(path: Path) -> Iterator[Dialogue]:
    for raw in _lines(path):
        times = [datetime.fromisoformat(turn["time"]) for turn in raw["dialogue"]]
        gaps = [timedelta(0)] + [after - before for before, after in itertools.pairwise(times)]
        turns = tuple(
            Turn(turn["sender_type"] == "用户", turn["send_content"], gap)
            for turn, gap in zip(raw["dialogue"], gaps, strict=True)
        )
        yield Dialogue(f"tb-{raw['sid']}", turns, began=times[0].time())


def _lines(path: Path) -> Iterator[Any]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


class _Shift:
    """Who is there, and how the day's arrivals are spread."""

    def __init__(self, opens: datetime, closes: datetime, chance: random.Random) -> None:
        self.opens, self.closes = opens, closes
        self.breaks = {
            agent: opens + timedelta(minutes=chance.randint(150, 360)) for agent in AGENTS
        }  # for forty minutes
        self.busy: dict[str, int] = dict.fromkeys(AGENTS, 0)

    def opening(self, chance: random.Random, lasts: timedelta) -> datetime:
        """A moment at which a session may begin: more at noon and in the evening, and none too late to end."""
        room = self.closes - lasts - self.opens
        share = chance.choice(
            (chance.random(), min(0.99, abs(chance.gauss(0.27, 0.06))), min(0.99, chance.gauss(0.85, 0.06)))
        )
        return (self.opens + max(0.0, share) * room).replace(microsecond=0)

    def agent(self, at: datetime, chance: random.Random, other_than: str | None = None) -> str:
        """Somebody who is there, rather one who had less to do today."""
        there = [
            agent
            for agent in AGENTS
            if agent != other_than
            and not self.breaks[agent] <= at < self.breaks[agent] + timedelta(minutes=40)
        ]
        chosen = min(chance.sample(there, min(3, len(there))), key=self.busy.__getitem__)
        self.busy[chosen] += 1
        return chosen

    def events(self) -> Iterator[RawEvent]:
        for agent, leaves in self.breaks.items():
            moments = (self.opens, leaves, leaves + timedelta(minutes=40), self.closes)
            for number, at in enumerate(moments):
                kind = "agent_offline" if number % 2 else "agent_online"
                yield {"id": f"{agent}-{number}", "type": kind, "at": at.isoformat(), "agent": agent}


class _Session:
    """One dialogue on its way into events. Moments are kept as time since its start until that is known."""

    start: datetime

    def __init__(self, dialogue: Dialogue, chance: random.Random) -> None:
        self._dialogue, self._chance = dialogue, chance
        self.buyer = f"buyer-{dialogue.id}"
        self.began = dialogue.began
        self._robot_first = dialogue.began is None and chance.random() < 0.3
        self._moments = list(self._turn_moments())
        self.closes = self._moments[-1] + timedelta(seconds=chance.randint(40, 300))
        self.lasts = self.closes + timedelta(minutes=31)

    def _turn_moments(self) -> Iterator[timedelta]:
        chance = self._chance
        at = timedelta(seconds=20 if self._robot_first else 0)
        before: Turn | None = None
        for turn in self._dialogue.turns:
            if turn.gap is not None:
                at += turn.gap
            elif turn.by_buyer:
                read = 0.05 * len(before.text) if before is not None and not before.by_buyer else 0
                in_a_row = before is None or before.by_buyer
                think = chance.uniform(0, 3) if in_a_row else chance.lognormvariate(1.8, 0.8)
                typing = 0.3 * min(len(turn.text), 60)
                # What is pasted or clicked may bear the stamp of the message before it.
                pasted = in_a_row and chance.random() < 0.05
                at += timedelta(seconds=0 if pasted else round(read + think + typing))
            elif before is not None and not before.by_buyer:
                at += timedelta(seconds=round(chance.uniform(0, 4) + 0.12 * min(len(turn.text), 80)))
            else:
                slow = chance.uniform(100, 420) if chance.random() < 0.06 else 0
                at += timedelta(seconds=round(chance.lognormvariate(2.6, 0.8) + slow + 0.12 * len(turn.text)))
            yield at
            before = turn

    def events(self, shift: _Shift) -> Iterator[RawEvent]:
        """Everything that a console reports of this session."""
        facts = sorted(self._facts(shift), key=lambda fact: fact["at"])
        # Ids that sort as things happened, since stamps of whole seconds are often equal.
        names = {fact["turn"]: f"{self._dialogue.id}-{number:03}" for number, fact in enumerate(facts)}
        for number, fact in enumerate(facts):
            event = {name: value for name, value in fact.items() if name != "turn"}
            if event["type"] == "message_withdrawn":
                event["message"] = names[event["message"]]
            yield event | {
                "id": f"{self._dialogue.id}-{number:03}",
                "at": event["at"].isoformat(),
                "console_seq": number,
            }

    def _facts(self, shift: _Shift) -> Iterator[RawEvent]:
        chance = self._chance
        agent = shift.agent(self.start, chance)
        yield self._fact("session_opened", timedelta(0))
        first = self._moments[0]
        if self._robot_first:
            yield self._said("welcome", timedelta(0), "欢迎光临，请问有什么可以帮您")
            yield self._said("robot", first + timedelta(seconds=1), "请稍等，正在为您转接人工客服")
            first += timedelta(seconds=2)
            yield self._fact("handover", first)
        yield self._fact("assigned", first, agent=agent)
        passes_on = chance.randrange(len(self._moments)) if chance.random() < 0.06 else None
        last_by_agent = first
        for number, (turn, at) in enumerate(zip(self._dialogue.turns, self._moments, strict=True)):
            if number == passes_on:
                agent = shift.agent(self.start + at, chance, other_than=agent)
                yield self._fact("assigned", at, agent=agent)
            if turn.by_buyer:
                yield self._said("buyer", at, turn.text, turn=number, kind=_kind(turn.text))
            else:
                sender = "robot_assist" if chance.random() < 0.04 else "agent"
                # Nobody speaks before the session is in his list.
                at = max(at, first)  # noqa: PLW2901
                yield self._said(sender, at, turn.text, turn=number, agent=agent)
                last_by_agent = at
            if chance.random() < 0.008:
                later = at + timedelta(seconds=chance.randint(3, 100))
                yield self._fact("message_withdrawn", later, message=number)
        if chance.random() < 0.01:
            flag = chance.choice(("spam_system", "spam_reported"))
            yield self._fact("buyer_flagged", chance.choice(self._moments), flag=flag)
        if chance.random() < 0.1:
            # Some come back with one word more, and nobody sees it; some click twice.
            at = self.closes - timedelta(seconds=chance.randint(1, 30))
            for text in ("还在吗", "？")[: chance.randint(1, 2)]:
                yield self._said("buyer", at, text)
        yield self._fact("session_closed", self.closes)
        if self._dialogue.satisfaction is not None and chance.random() < 0.45:
            by = "agent" if chance.random() < 0.6 else "system"
            invited = last_by_agent + timedelta(seconds=3) if by == "agent" else self.closes
            yield self._fact("invite_sent", invited, by=by, agent=agent)
            if chance.random() < 0.6:
                rated = invited + timedelta(seconds=chance.randint(5, 1700))
                yield self._fact(
                    "rating",
                    rated,
                    label=LABELS[self._dialogue.satisfaction],
                    by="human" if by == "agent" else "robot",
                    agent=agent,
                    invited_at=(self.start + invited).isoformat(),
                )

    def _said(self, sender: str, since: timedelta, text: str, **more: Any) -> RawEvent:
        return self._fact("message", since, sender=sender, text=text, **more)

    def _fact(self, type_: str, since: timedelta, **more: Any) -> RawEvent:
        base = {"turn": None, "type": type_, "at": self.start + since}
        return base | {"session": f"session-{self._dialogue.id}", "buyer": self.buyer} | more


def _kind(text: str) -> str:
    """Emoji stand in the set as codes of their console."""
    return "emoji" if re.fullmatch(r"(#E-s\[数字x\]\s*)+", text) else "text"
