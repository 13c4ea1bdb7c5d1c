"""Logs of a busy shop from a seed, with everything in them that a knob speaks of, and exports made from them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from app.core.calibration import Interval, Observation
from app.core.definitions import Definition
from app.core.events import Event, EventType, Kind, Sender
from app.core.measures import History, evaluate

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DAY = date(2024, 3, 1)
_WAITS = (20, 45, 60, 100, 150, 179, 180, 180, 181, 240, 299, 300, 301, 420, 700)
_AGENTS = ("A1", "A2", "A3")


def busy_log(seed: int, *, days: int = 6, sessions_a_day: int = 40) -> list[Event]:
    """The events of some days from `FIRST_DAY`, in the order of the sessions; the same for the same seed."""
    return list(_Writer(random.Random(seed), days, sessions_a_day).events())


class _Writer:
    def __init__(self, dice: random.Random, days: int, sessions_a_day: int) -> None:
        self._dice = dice
        self._days = days
        self._sessions = sessions_a_day
        self._written: list[Event] = []

    def events(self) -> Iterable[Event]:
        for index in range(self._days):
            day = FIRST_DAY + timedelta(days=index)
            for number in range(self._sessions):
                # A buyer may come twice on a day, and on several days.
                buyer = f"B{self._dice.randrange(self._sessions * 3)}"
                self._session(day, f"S{index}-{number}", buyer)
        return self._written

    def _add(self, what: EventType, at: datetime, session: str, buyer: str, **fields: Any) -> Event:
        event = Event(f"e{len(self._written):06}", what, at, session=session, buyer=buyer, **fields)
        self._written.append(event)
        return event

    def _say(
        self, at: datetime, session: str, buyer: str, sender: Sender, agent: str | None = None, **hints: Any
    ) -> Event:
        return self._add(
            EventType.MESSAGE,
            at,
            session,
            buyer,
            sender=sender,
            agent=agent,
            kind=Kind.TEXT,
            text="x",
            **hints,
        )

    def _session(self, day: date, session: str, buyer: str) -> None:
        dice = self._dice
        hour = dice.choice([7, 8, 9, 11, 14, 16, 19, 20, 21, 22, 22, 23, 23])
        at = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
        # Now and then right on the hour, where the ends of the assessed hours are.
        at += timedelta(seconds=0 if dice.random() < 0.1 else dice.randrange(3600))
        agent = dice.choice(_AGENTS)
        if dice.random() < 0.3:
            at = self._robot(at, session, buyer, agent)
            if dice.random() < 0.3:
                return
        else:
            self._add(
                EventType.ASSIGNED,
                at + timedelta(seconds=dice.choice([0, 5, 90])),
                session,
                buyer,
                agent=agent,
            )
        if dice.random() < 0.2:
            self._say(at + timedelta(seconds=1), session, buyer, Sender.WELCOME)
        for _ in range(dice.randint(1, 4)):
            at = self._turn(at, session, buyer, agent)
        if dice.random() < 0.2:
            self._say(at + timedelta(seconds=15), session, buyer, Sender.BUYER, courtesy=True)
        if dice.random() < 0.06:
            flag = dice.choice(["spam_system", "spam_reported"])
            self._add(EventType.BUYER_FLAGGED, at + timedelta(hours=1), session, buyer, flag=flag)
        if dice.random() < 0.3:
            self._rating(at + timedelta(minutes=5), session, buyer, agent)

    def _robot(self, at: datetime, session: str, buyer: str, agent: str) -> datetime:
        self._say(at, session, buyer, Sender.BUYER)
        self._say(at + timedelta(seconds=2), session, buyer, Sender.ROBOT)
        at += timedelta(seconds=self._dice.randrange(20, 200))
        if self._dice.random() < 0.7:
            self._add(EventType.HANDOVER, at, session, buyer)
            self._add(EventType.ASSIGNED, at + timedelta(seconds=3), session, buyer, agent=agent)
        return at + timedelta(seconds=1)

    def _turn(self, at: datetime, session: str, buyer: str, agent: str) -> datetime:
        dice = self._dice
        hints: dict[str, Any] = {"offline": True} if dice.random() < 0.05 else {}
        message = self._say(at, session, buyer, Sender.BUYER, **hints)
        for _ in range(dice.choice([0, 0, 1, 2])):
            at += timedelta(seconds=dice.randrange(3, 60))
            self._say(at, session, buyer, Sender.BUYER)
        if dice.random() < 0.05:
            self._add(
                EventType.MESSAGE_WITHDRAWN, at + timedelta(seconds=10), session, buyer, message=message.id
            )
        if dice.random() < 0.08:
            return at + timedelta(seconds=400)
        wait = dice.choice(_WAITS) if dice.random() < 0.97 else 36_000
        sender = Sender.ROBOT_ASSIST if dice.random() < 0.1 else Sender.AGENT
        at += timedelta(seconds=wait)
        self._say(at, session, buyer, sender, agent)
        return at + timedelta(seconds=dice.randrange(10, 300))

    def _rating(self, at: datetime, session: str, buyer: str, agent: str) -> None:
        dice = self._dice
        late = timedelta(hours=dice.choice([0, 0, 1, 30, 50]))
        self._add(
            EventType.RATING,
            at + late,
            session,
            buyer,
            agent=agent,
            label=dice.choice(["满意", "满意", "一般", "失望"]),
            by=dice.choice(["human", "human", "robot"]),
            invited_at=at,
        )


def rounded(rate: Fraction, places: int = 2) -> Interval:
    """A rate as an export prints it, in percent, rounded half up."""
    step = Fraction(1, 10 ** (places + 2))
    units = int(rate / step + Fraction(1, 2))
    text = f"{units / 10**places:.{places}f}%"
    return Interval(units * step - step / 2, units * step + step / 2, text)


def export_of(
    events: Sequence[Event] | History,
    definition: Definition,
    *,
    counts: bool = True,
    rates: bool = False,
    places: int = 2,
) -> list[Observation]:
    """What a platform that counts by a definition would export, by day."""
    rows = []
    for result in evaluate(events, definition, by="day"):
        assert result.key is not None
        rows.append(
            Observation(
                (date.fromisoformat(result.key[1]), None),
                rate=rounded(result.rate, places) if rates and result.rate is not None else None,
                denominator=result.denominator if counts else None,
                missed=result.denominator - result.numerator if counts else None,
                place=result.key[1],
            )
        )
    return rows
