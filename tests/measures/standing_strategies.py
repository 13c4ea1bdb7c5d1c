"""Random measures of several editions, and dense random logs over some days: hypothesis picks the seed.

Drawn item by item such logs stay short and nearly empty; made from a seed they are full of what matters: sessions
that cross midnight, equal stamps, hand-overs, robots, ratings.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import strategies as st
from measure_strategies import CHOICES

from app.core.definitions import Definition
from app.core.events import Event, EventType, Kind, Sender
from app.core.profiles import Edition, Line, Measure, Provenance, Status

START = datetime(2024, 3, 3, 14, 50, tzinfo=UTC)
"""Sunday, 22:50 in Shanghai: the week and the day end soon."""
DAYS = [date(2024, 3, 3) + timedelta(days=number) for number in range(4)]
seeds = st.integers(0, 2**32)
_STEPS = (0, 0, 0, 20, 30, 31, 100, 180, 181, 600, 3600)
_KINDS = (
    ["buyer"] * 9
    + ["agent"] * 5
    + ["robot", "robot", "robot_assist", "welcome", "system", "rating", "rating", "handover", "assigned"]
    + ["assigned", "buyer_flagged", "message_withdrawn", "session_opened"]
)


def a_definition(chance: Random, *, additive: bool = False, rating: bool | None = None) -> Definition:
    """Any combination of knobs; those under which little is left out are more frequent."""
    if rating or (rating is None and chance.random() < 0.15):
        raw: dict[str, Any] = {"positive": ["满意"], "robot": chance.random() < 0.5}
        raw["last_only"] = chance.random() < 0.5
        if chance.random() < 0.5:
            raw["counted"] = ["满意", "失望"]
        return Definition.from_json(raw)
    knobs: dict[str, Any] = {
        knob: chance.choice([value.value for value in kind])
        for knob, kind in CHOICES.items()
        if chance.random() < 0.5
    }
    knobs["window_s"] = chance.choice([30, 180, 300, 86_399])
    knobs["inclusive"] = chance.random() < 0.5
    if chance.random() < 0.8:
        knobs["hours"] = ["00:00:00", "24:00:00"]
    knobs["tz"] = chance.choice(["Asia/Shanghai", "Asia/Shanghai", "UTC", "America/New_York"])
    if additive:
        knobs["unit"] = chance.choice(["message", "turn"])
    return Definition.from_json(knobs)


def a_measure(chance: Random, name: str = "measure", *, additive: bool = False) -> Measure:
    """A measure of one to three editions, with gaps between some of them."""
    definition = a_definition(chance, additive=additive)
    rating = definition.kind == "rating"
    cuts = sorted(set(chance.sample(DAYS, chance.choice([0, 0, 0, 1, 2]))))
    editions: list[Edition] = []
    begin: date | None = None
    for number, cut in enumerate([*cuts, None]):
        last = None if cut is None else cut - timedelta(days=chance.choice([1, 1, 2]))
        if begin is None or last is None or begin <= last:
            editions.append(an_edition(f"e{number}", definition, begin, last))
        begin = cut
        if chance.random() < 0.7:
            definition = a_definition(chance, additive=additive, rating=rating)
    return Measure(name, "指标", definition.kind, tuple(editions))


def an_edition(
    name: str, definition: Definition, first: date | None = None, last: date | None = None
) -> Edition:
    goal = Line(">=", Fraction(4, 5))
    source = (Provenance(quote="引文", source="test"),)
    return Edition(name, first, last, Status.ASSUMED, definition, None, None, goal, source)


def a_log(chance: Random) -> list[Event]:
    """Up to 30 events of one to three buyers over up to three days, in order of time; ids are in no order."""
    buyers = chance.choice([1, 1, 2, 3])
    at = START
    events: list[Event] = []
    said: list[tuple[str, str, str]] = []
    for index in range(chance.randint(1, 30)):
        at += timedelta(seconds=chance.choice(_STEPS))
        if chance.random() < 0.08:
            at += timedelta(seconds=chance.choice([40_000, 86_400]))
        buyer = f"B{chance.randint(1, buyers)}"
        session = f"{buyer}-S{chance.choice([1, 1, 1, 2, 3])}"
        event_id = f"{chance.randint(0, 9)}e{index}"
        kind = chance.choice(_KINDS)
        fields: dict[str, Any] = {"session": session, "buyer": buyer}
        extra = {}
        if chance.random() < 0.4:
            extra["group"] = chance.choice(["G1", "G2"])
        if chance.random() < 0.1:
            extra["shop"] = "other"
        fields["extra"] = extra
        if kind == "buyer":
            fields |= {"sender": Sender.BUYER, "kind": Kind.TEXT}
            fields["courtesy"] = chance.choice([None, None, True])
            fields["offline"] = chance.choice([None, None, None, True])
            fields["spam"] = chance.choice([None] * 6 + ["system", "reported", "ad"])
            said.append((event_id, session, buyer))
            events.append(Event(event_id, EventType.MESSAGE, at, **fields))
        elif kind in ("agent", "robot", "robot_assist", "welcome", "system"):
            agent = chance.choice(["A1", "A1", "A2", None])
            events.append(Event(event_id, EventType.MESSAGE, at, sender=Sender(kind), agent=agent, **fields))
        elif kind == "message_withdrawn":
            if said:
                message, session, buyer = chance.choice(said)
                fields |= {"message": message, "buyer": buyer}
                fields["session"] = chance.choice([session, session, f"{buyer}-S1"])
                events.append(Event(event_id, EventType.MESSAGE_WITHDRAWN, at, **fields))
        else:
            if kind == "assigned":
                fields["agent"] = chance.choice(["A1", "A2"])
            elif kind == "buyer_flagged":
                fields["flag"] = chance.choice(["spam_system", "spam_reported"])
            elif kind == "rating":
                fields["label"] = chance.choice(["满意", "一般", "失望"])
                fields["by"] = chance.choice(["human", "robot"])
                fields["agent"] = chance.choice(["A1", None, None])
            events.append(Event(event_id, EventType(kind), at, **fields))
    if not events:
        events.append(Event("only", EventType.SESSION_OPENED, at, session="B1-S1", buyer="B1"))
    return events
