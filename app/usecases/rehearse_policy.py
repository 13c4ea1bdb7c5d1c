"""A dry run: what another policy would have made of the shop's last days. Reads only, and writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.auto_reply import (
    Decision,
    Silence,
    Situation,
    Sources,
    decide_at_once,
    decide_before_deadline,
)
from app.core.clocks import OpenItem
from app.core.definitions import Definition
from app.core.events import Event, EventType
from app.core.ladder import Due
from app.core.masking import masked
from app.core.measures import History, MeasureResult, evaluate_measure
from app.core.policies import Policy, changes_between
from app.core.rehearsal import Difference, Look, Rehearsed, differences, given, rehearse
from app.core.sessions import Message, Session
from app.core.utterances import utterance_of
from app.db.journal import events_between
from app.db.tables import EventRow
from app.usecases.considered import Considered, message_of
from app.usecases.knowledge import Knowledge
from app.usecases.past_staffing import PastStaffing
from app.usecases.picture import Picture, with_courtesy
from app.usecases.projections import has_ladder, ladder_of, leads
from app.usecases.shops import Shop, read_shop
from app.usecases.situations import situation_of, sources_of
from phrasebank import Result

DAYS: Final = 3
MOST_DAYS: Final = 31
MOST_EVENTS: Final = 60_000
"""Of a busier shop the newest are read."""
EXAMPLES: Final = 50
KNOWN_BEFORE: Final = timedelta(hours=24)
"""How much of the log before the first day is read, so that talks that had begun are understood."""
LIMITS: Final = (
    "客服和买家当时做了什么，照旧；换了说法，他们也许会有别的反应，试跑看不出来。",
    "当时机器真正说过的话拿掉了，两边都按策略重新说，并当作 1 秒后送到；要人点了才发的，也当作发了。",
    "自动邀评不试跑：买家被邀以后评不评、评几分，日志里没有。",
    "话术库、用语规则和邻近的把握，都按现在的算，不是当时的。",
)
"""What a dry run cannot know, for whoever reads it."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one policy would have made of the log."""

    said: Counter[str]
    """How often, by purpose."""
    silent: Counter[str]
    """How often not, by the code of the reason."""
    steps: Counter[str]
    """Warnings, misses and the like, by the name of the step."""
    measure: MeasureResult

    def to_json(self) -> dict[str, Any]:
        return {
            "said": dict(sorted(self.said.items())),
            "silent": dict(sorted(self.silent.items())),
            "steps": dict(sorted(self.steps.items())),
            "measure": {
                "numerator": self.measure.numerator,
                "denominator": self.measure.denominator,
                "pending": self.measure.pending,
                "rate": self.measure.rate_text,
            },
        }


@dataclass(frozen=True, slots=True)
class Example:
    """A message of which two policies make something different. `asked` is what the buyer wrote, masked."""

    difference: Difference
    asked: str

    def to_json(self) -> dict[str, Any]:
        one = self.difference
        return {
            "kind": one.kind,
            "message": one.about,
            "session": one.session,
            "at": one.at.isoformat(),
            "asked": self.asked,
            "before": _side_json(one, 0),
            "after": _side_json(one, 1),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What would have differed since `since`. `examples` are the first of them; `differing` counts all, by kind."""

    since: datetime
    until: datetime
    changes: dict[str, tuple[Any, Any]]
    messages: int
    """Messages that were played."""
    buyers: int
    left_out: int
    """Buyers for whom there was no time."""
    shortened: bool
    """Were there more events than can be read, so that `since` is later than was asked for?"""
    measure_name: str
    sides: tuple[Side, Side]
    differing: Counter[str]
    examples: tuple[Example, ...]
    limits: tuple[str, ...] = LIMITS

    @property
    def same(self) -> bool:
        """Would nothing have differed?"""
        before, after = self.sides
        return not self.differing and before.steps == after.steps and before.measure == after.measure

    def to_json(self) -> dict[str, Any]:
        before, after = self.sides
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "changes": [
                {"knob": knob, "before": was, "after": now} for knob, (was, now) in self.changes.items()
            ],
            "messages": self.messages,
            "buyers": self.buyers,
            "left_out": self.left_out,
            "shortened": self.shortened,
            "same": self.same,
            "measure": self.measure_name,
            "before": before.to_json(),
            "after": after.to_json(),
            "differing": dict(sorted(self.differing.items())),
            "examples": [example.to_json() for example in self.examples],
            "more": sum(self.differing.values()) - len(self.examples),
            "limits": list(self.limits),
        }


@dataclass(slots=True)
class _Remembering(Considered):
    """Asks the bank once about the same words, under whichever policy they are asked."""

    remembered: dict[Any, Result] = field(default_factory=dict)

    def _search(self, session: Session, message: Message | None, agent: str | None) -> Result:
        if message is None:
            return Considered._search(self, session, message, agent)
        words = utterance_of(session, message)
        item, day = session.mentioned("item", message.at), self.picture.shop.day_of(self.picture.now)
        key = (words.text, words.context, item, agent, message.kind, day)
        if key not in self.remembered:
            self.remembered[key] = Considered._search(self, session, message, agent)
        return self.remembered[key]


@dataclass(frozen=True, slots=True)
class _Machine:
    """The shop's machine under a policy, deciding as `absorb` and `act_on_due` do."""

    db: Database
    knowledge: Knowledge
    shop: Shop
    staffing: PastStaffing
    remembered: dict[Any, Result]

    def on_arrival(self, look: Look) -> Decision | None:
        if look.item is None:
            return None
        decision = decide_at_once(*self._asked(look, look.item))
        # Whoever waits for the deadline is silent for no reason that is worth a word.
        waits = isinstance(decision, Silence) and self.shop.policy.answer != "at_once"
        return None if waits else decision

    def before_deadline(self, look: Look) -> Decision | None:
        return None if look.item is None else decide_before_deadline(*self._asked(look, look.item))

    def ladder(self, look: Look, item: OpenItem) -> tuple[Due, ...]:
        picture = self._picture(look)
        return ladder_of(picture, item) if has_ladder(picture, item) else ()

    def leads(self, look: Look, item: OpenItem) -> bool:
        return leads(self._picture(look), item)

    def definition_at(self, at: datetime) -> Definition:
        """The measure by which the clock ran then."""
        return self.shop.reply_edition(at).definition

    def _asked(self, look: Look, item: OpenItem) -> tuple[Situation, Sources]:
        """The situation then, and where words come from. What the database knows of the present stays out of it."""
        considered = _Remembering(self.db, self.knowledge, self._picture(look), remembered=self.remembered)
        situation = replace(
            situation_of(considered, look.session, item),
            typed=None,
            staffing=lambda: self.staffing.at(look.now),
            decided=lambda: look.decided,
            heard_at=lambda purpose: look.heard_at.get(purpose.value),
        )
        return situation, sources_of(considered, look.session, message_of(look.session, item))

    def _picture(self, look: Look) -> Picture:
        edition = self.shop.reply_edition(look.now)
        return Picture(self.shop, edition, look.buyer, look.now, look.sessions, look.items)


def rehearse_policy(
    db: Database,
    knowledge: Knowledge,
    shop_id: str,
    policy: Policy,
    now: datetime,
    *,
    days: int = DAYS,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Play the log of the last `days` and of today under the shop's policy and under another, both the same way.

    Buyers heard of last come first; `stop` is asked at every event and ends the work with what was played so far. Raises
    `UnknownShopError`.
    """
    shop = read_shop(db, knowledge.profiles, shop_id)
    wanted = datetime.combine(shop.day_of(now) - timedelta(days=days), time(0), shop.timezone)
    since = max(wanted, _oldest_read(db, shop_id, now))
    known_from = since - KNOWN_BEFORE
    events = events_between(db, shop_id, known_from, now)
    by_buyer = _by_buyer(events, since)
    staffing = PastStaffing.of(db, shop, events, known_from)
    remembered: dict[Any, Result] = {}
    machines = [
        _Machine(db, knowledge, replace(shop, policy=each), staffing, remembered)
        for each in (shop.policy, policy)
    ]
    sides = (Rehearsed(), Rehearsed())
    played = messages = 0
    for own in by_buyer:
        facts = given(own)
        runs = []
        for machine in machines:
            run = rehearse(facts, machine.definition_at, machine, since=since, until=now, stop=stop)
            if run is not None:
                runs.append(run)
        if len(runs) < len(machines):
            break
        for side, run in zip(sides, runs, strict=True):
            side.add(run)
        played += 1
        messages += sum(event.type is EventType.MESSAGE and event.at >= since for event in facts)
    found = differences(*sides)
    texts = {event.id: event.text for event in sides[0].events}
    return Report(
        since=since,
        until=now,
        changes=changes_between(shop.policy, policy),
        messages=messages,
        buyers=played,
        left_out=len(by_buyer) - played,
        shortened=since > wanted,
        measure_name=shop.profile.primary_reply.name,
        sides=(_side(shop, sides[0], since, now), _side(shop, sides[1], since, now)),
        differing=Counter(one.kind for one in found),
        examples=tuple(
            Example(one, masked(texts.get(one.about, ""), knowledge.linter)) for one in found[:EXAMPLES]
        ),
    )


def _oldest_read(db: Database, shop_id: str, now: datetime) -> datetime:
    """The moment since which there are no more events than can be read."""
    at = db.exec(
        select(EventRow.at)
        .where(EventRow.shop_id == shop_id, EventRow.at < now)
        .order_by(col(EventRow.at).desc())
        .offset(MOST_EVENTS)
        .limit(1)
    ).first()
    return datetime.min.replace(tzinfo=now.tzinfo) if at is None else at + KNOWN_BEFORE


def _by_buyer(events: Iterable[Event], since: datetime) -> list[list[Event]]:
    """The events of each buyer who was heard of since then, those heard of last first."""
    by_buyer: dict[str, list[Event]] = {}
    for event in events:
        if event.buyer is not None:
            by_buyer.setdefault(event.buyer, []).append(with_courtesy(event))
    heard = [own for own in by_buyer.values() if own[-1].at >= since]
    return sorted(heard, key=lambda own: own[-1].order, reverse=True)


def _side(shop: Shop, run: Rehearsed, since: datetime, now: datetime) -> Side:
    report = evaluate_measure(
        History.of(run.events, as_of=now),
        shop.profile.primary_reply,
        first_day=shop.day_of(since),
        last_day=shop.day_of(now),
    )
    return Side(
        said=Counter(one.purpose for one in run.said),
        silent=Counter(one.code for one in run.silent),
        steps=run.steps,
        measure=report.results[0],
    )


def _side_json(one: Difference, side: int) -> dict[str, Any]:
    kept = one.kept[side]
    return {
        "said": [
            {
                "purpose": said.purpose,
                "at": said.at.isoformat(),
                "phrase_id": said.phrase_id,
                "text": said.text,
                "reasons": list(said.reasons),
            }
            for said in one.said[side]
        ],
        "code": kept.code if kept is not None else None,
        "reasons": list(kept.reasons) if kept is not None else [],
    }
