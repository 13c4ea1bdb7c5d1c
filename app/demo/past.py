"""The fortnight before the demo's day, so that history, quality desk and report have something to show.

The same invented dialogues on other days: agents who type as people do, a rush at noon in which some buyers wait too long, now and
then a first wording that the linter would have stopped, invitations and ratings. Everything is drawn from the date and the
dialogue, so a second start sends the same events, which the service knows already.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.demo.script import LATE_WORDS, Dialogue, Line, Script, ScriptedRating

DAYS: Final = 13
A_DAY: Final = 20
"""Dialogues of an ordinary day; by a third more on Saturday and Sunday."""
USUAL_WAIT_S: Final = 32.0
"""The median of an agent's reply; in the rush twice that."""
RUSH: Final = (time(11, 30), time(13, 30))
FIRST_WORDING: Final = 0.3
"""How often a first wording that the linter would have stopped went out."""
INVITED: Final = 0.85
CONTENT_UNASKED: Final = 0.5
"""How often a buyer of whom the script knows no label was invited, and was content."""
SOURED: Final = 0.5
"""How often a buyer who waited more than three minutes rates one label lower than the script says."""
LABELS: Final = ("满意", "一般", "失望")


def past_sessions(
    script: Script, zone: ZoneInfo, today: date, days: int = DAYS
) -> Iterator[list[dict[str, Any]]]:
    """The events of each session of the `days` before `today`, in order of time within a session."""
    for ago in range(days, 0, -1):
        day = today - timedelta(days=ago)
        dice = random.Random(day.isoformat())
        count = A_DAY * 4 // 3 if day.weekday() >= 5 else A_DAY
        some = dice.sample(
            [each for each in script.dialogues if not each.spam], k=min(count, len(script.dialogues) - 5)
        )
        for dialogue in sorted(some, key=lambda each: each.arrives_s):
            begins = datetime.combine(day, time(), zone) + timedelta(
                seconds=dialogue.arrives_s + dice.uniform(-600, 600)
            )
            yield _Session(
                f"past-{day}-{dialogue.id}", f"{dialogue.buyer}{day:%m%d}", script, dialogue, begins, dice
            ).events()


@dataclass(slots=True)
class _Session:
    session: str
    buyer: str
    script: Script
    dialogue: Dialogue
    at: datetime
    dice: random.Random
    told: list[dict[str, Any]] = field(default_factory=list)
    longest_wait_s: float = 0.0

    def events(self) -> list[dict[str, Any]]:
        agent = self._agent()
        self._tell("session_opened")
        self._tell("assigned", agent=agent)
        for exchange in self.dialogue.exchanges:
            for line in exchange.asked:
                self._pass(line.after_s)
                self._tell("message", sender="buyer", kind=line.kind, text=line.text)
            self._wait(bool(exchange.answers))
            for line in exchange.answers or (Line("agent", LATE_WORDS),):
                self._tell("message", sender="agent", agent=agent, kind="text", text=self._words(line))
                self._pass(line.after_s)
        self._rate(agent)
        self._pass(600)
        self._tell("session_closed")
        return self.told

    def _agent(self) -> str:
        """Who is at work when the buyer comes."""
        start = self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        passed_s = (self.at - start).total_seconds()
        there = [s.agent for s in self.script.shifts if s.starts_s <= passed_s < s.ends_s]
        return self.dice.choice(there or list(self.script.agents))

    def _wait(self, answered: bool) -> None:
        median = USUAL_WAIT_S * (2 if RUSH[0] <= self.at.time() < RUSH[1] else 1)
        wait_s = self.dice.lognormvariate(0, 0.6) * median if answered else self.dice.uniform(200, 420)
        self.longest_wait_s = max(self.longest_wait_s, wait_s)
        self._pass(wait_s)

    def _words(self, line: Line) -> str:
        if line.final is None or self.dice.random() < FIRST_WORDING:
            return line.text
        return line.final

    def _rate(self, agent: str) -> None:
        rating = self.dialogue.rating
        if rating is None and self.dialogue.answered and self.dice.random() < CONTENT_UNASKED:
            rating = ScriptedRating(LABELS[0])
        if rating is None or self.dice.random() >= INVITED:
            return
        self._pass(20)
        self._tell("invite_sent", by="agent", agent=agent)
        invited_at = self.told[-1]["at"]
        self._pass(rating.after_s + 30)
        label = rating.label
        if self.longest_wait_s > 180 and self.dice.random() < SOURED:
            label = LABELS[min(LABELS.index(label) + 1, len(LABELS) - 1)]
        more = {"reason": rating.reason or "响应慢"} if label != LABELS[0] else {}
        self._tell("rating", label=label, by="human", agent=agent, invited_at=invited_at, **more)

    def _pass(self, seconds: float) -> None:
        self.at += timedelta(seconds=max(seconds, 0.5))

    def _tell(self, of_type: str, **rest: Any) -> None:
        self.told.append(
            {
                "id": f"{self.session}-{len(self.told)}",
                "type": of_type,
                "at": self.at.isoformat(timespec="milliseconds"),
                "session": self.session,
                "buyer": self.buyer,
                **rest,
            }
        )


def in_batches(sessions: Iterator[list[dict[str, Any]]], most: int) -> Iterator[Sequence[dict[str, Any]]]:
    """Whole sessions together, at most `most` events at a time: nobody seems to wait between two batches."""
    batch: list[dict[str, Any]] = []
    for events in sessions:
        if batch and len(batch) + len(events) > most:
            yield batch
            batch = []
        batch += events
    if batch:
        yield batch
