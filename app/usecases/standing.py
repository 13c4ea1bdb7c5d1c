"""Keep the standing counts of the measures: each event changes its buyer's share, in the transaction that stores it.

What a buyer adds to the counts is known from a ledger in memory (`app.core.measures.ledger`), or, when it is not in
memory, read from the journal. Ledgers are only a cache. A transaction takes those it touches out of the cache and
puts them back after its commit, so a rollback forgets them; and each shop's row names the writer that changed its
counts last, so that a writer which finds another's name there trusts none of its own. See docs/adr/0010.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import event as sqlalchemy_event
from sqlmodel import Session as Database

from app.core.courtesy import infer_courtesy
from app.core.days import DaySpan
from app.core.events import Event, EventType, Sender
from app.core.measures.history import shop_of
from app.core.measures.ledger import BuyerLedger
from app.core.measures.plans import Plan
from app.core.measures.shares import Changes
from app.core.profiles import Profile
from app.db import standing as rows
from app.usecases.leaves import leaves_of, with_leave
from app.usecases.shops import Shop, read_shop, shop_ids

EVENTS_HELD = 60_000
"""Events in the ledgers that a writer keeps, about a kilobyte each."""
_TIDY_EVERY: Final = 256
"""Commits of a shop between two deletions of what is no longer pending."""
_WORK: Final = "standing counts"


@dataclass(slots=True)
class _Kept:
    """A ledger, and the row of what it last said to be pending."""

    ledger: BuyerLedger
    pending: tuple[int, str] | None


_Name = tuple[str, str, str]
"""(shop, buyer, the shop that the events themselves name)."""


class Ledgers:
    """The ledgers that one writer has in memory. Used by that writer's thread alone."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        """Names the writer in the shops' rows."""
        self._limit = EVENTS_HELD
        self._held = 0
        self._kept: OrderedDict[_Name, _Kept] = OrderedDict()
        self._commits: dict[str, int] = {}

    def take_out(self, name: _Name) -> _Kept | None:
        kept = self._kept.pop(name, None)
        if kept is not None:
            self._held -= len(kept.ledger)
        return kept

    def put_back(self, ledgers: Mapping[_Name, _Kept]) -> None:
        """Keep these as the last used; what was not used for the longest time goes when there are too many events."""
        for name, kept in ledgers.items():
            self.take_out(name)
            self._kept[name] = kept
            self._held += len(kept.ledger)
        while self._held > self._limit and len(self._kept) > 1:
            _, gone = self._kept.popitem(last=False)
            self._held -= len(gone.ledger)

    def forget(self, shop_id: str) -> None:
        for name in [name for name in self._kept if name[0] == shop_id]:
            self.take_out(name)

    def is_time_to_tidy(self, shop_id: str) -> bool:
        self._commits[shop_id] = self._commits.get(shop_id, 0) + 1
        return self._commits[shop_id] % _TIDY_EVERY == 0


@dataclass(slots=True)
class _Work:
    """What one transaction has changed and not written yet."""

    ledgers: Ledgers
    now: datetime | None = None
    taken: dict[_Name, _Kept] = field(default_factory=dict)
    changes: dict[str, Changes] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    """Fingerprints of the shops whose row is to name this writer."""

    def forget(self, shop_id: str) -> None:
        for name in [name for name in self.taken if name[0] == shop_id]:
            del self.taken[name]
        self.changes.pop(shop_id, None)
        self.claims.pop(shop_id, None)


_lock = Lock()
_ledgers: WeakKeyDictionary[Any, Ledgers] = WeakKeyDictionary()
_plans: dict[tuple[str, tuple[DaySpan, ...]], tuple[Profile, Plan]] = {}


def plan_of(profile: Profile) -> Plan:
    """What the platform's measures ask of events; made once for each profile."""
    key = (profile.platform, profile.suspended)
    known = _plans.get(key)
    if known is None or known[0] is not profile:
        known = _plans[key] = (profile, Plan(profile.measures))
    return known[1]


def count_events(db: Database, shop: Shop, events: Iterable[Event], now: datetime) -> None:
    """Bring the shop's counts up to date with events that this transaction has added to the journal.

    Their buyers are locked (`lock_buyers`). The rows are written when the transaction commits.
    """
    by_name: dict[_Name, list[Event]] = {}
    for event in events:
        if event.buyer is not None and event.session is not None:
            by_name.setdefault((shop.id, event.buyer, shop_of(event)), []).append(event)
    if not by_name:
        return
    work = _work(db)
    work.now = now
    plan = plan_of(shop.profile)
    rows.share_shop(db, shop.id)
    standing = rows.read_standing(db, shop.id)
    if standing is None or standing[0] != plan.fingerprint:
        # What this transaction has stored is in the journal, so it is counted too.
        count_anew(db, shop, now)
        return
    if standing[1] != work.ledgers.token:
        work.ledgers.forget(shop.id)
        work.claims[shop.id] = plan.fingerprint
    work.changes.setdefault(shop.id, Changes())
    _take_out(db, work, plan, shop, by_name)
    leaves = leaves_of(db, shop, [event for own in by_name.values() for event in own])
    for name, own in by_name.items():
        ledger = work.taken[name].ledger
        for event in own:
            ledger.take(infer(event, plan, leaves))


def _take_out(
    db: Database, work: _Work, plan: Plan, shop: Shop, new: Mapping[_Name, Sequence[Event]]
) -> None:
    """Have the ledgers of these buyers in the work's hands, as they are without the new events."""
    cold: list[_Name] = []
    for name in new:
        if name in work.taken:
            continue
        kept = work.ledgers.take_out(name)
        if kept is None:
            cold.append(name)
        else:
            work.taken[name] = kept
    if not cold:
        return
    new_ids = {event.id for name in cold for event in new[name]}
    journal = rows.events_of_buyers(db, shop.id, list({buyer for _, buyer, _ in cold}), new_ids)
    leaves = leaves_of(db, shop, [event for events in journal.values() for event in events])
    for name in cold:
        _, buyer, named_shop = name
        known = [infer(event, plan, leaves) for event in journal[buyer] if shop_of(event) == named_shop]
        ledger = BuyerLedger(plan, named_shop, buyer, known)
        ledger.settle(Changes())
        work.taken[name] = _Kept(ledger, rows.pending_row(ledger.pending()))


def _work(db: Database) -> _Work:
    """The work of the session's transaction."""
    work = db.info.get(_WORK)
    if isinstance(work, _Work):
        return work
    bind = db.get_bind()
    with _lock:
        ledgers = _ledgers.get(bind)
        if ledgers is None:
            ledgers = _ledgers[bind] = Ledgers()
    work = db.info[_WORK] = _Work(ledgers)
    if not sqlalchemy_event.contains(db, "before_commit", _write):
        sqlalchemy_event.listen(db, "before_commit", _write)
        sqlalchemy_event.listen(db, "after_commit", _keep)
        sqlalchemy_event.listen(db, "after_soft_rollback", _forget)
    return work


def _write(db: Any) -> None:
    """Before the commit: all that the transaction's units changed, together."""
    work = db.info.get(_WORK)
    if not isinstance(work, _Work):
        return
    for shop_id, fingerprint in sorted(work.claims.items()):
        rows.write_standing(db, shop_id, fingerprint, work.ledgers.token)
    for name, kept in work.taken.items():
        kept.ledger.settle(work.changes[name[0]])
    for shop_id, changes in sorted(work.changes.items()):
        rows.write_changes(db, shop_id, changes)
    pending: dict[tuple[str, str], tuple[int, str] | None] = {}
    for name, kept in work.taken.items():
        found = rows.pending_row(kept.ledger.pending())
        if found != kept.pending:
            pending[(name[0], _person(name))] = found
            kept.pending = found
    rows.write_pending(db, pending)
    for shop_id in sorted(work.changes):
        if work.now is not None and work.ledgers.is_time_to_tidy(shop_id):
            rows.delete_past(db, shop_id, work.now)


def _keep(db: Any) -> None:
    work = db.info.pop(_WORK, None)
    if isinstance(work, _Work):
        work.ledgers.put_back(work.taken)


def _forget(db: Any, _previous: Any) -> None:
    db.info.pop(_WORK, None)


def _person(name: _Name) -> str:
    """The buyer as the pending rows name him; buyers of several shops in one log are several."""
    _, buyer, named_shop = name
    return f"{named_shop}\x1f{buyer}" if named_shop else buyer


# Making counts anew


def count_anew(db: Database, shop: Shop, now: datetime, progress: Callable[[int], None] | None = None) -> int:
    """Make all counts of a shop from its journal, in this transaction; says how many events there were.

    `now` is the shop's time: what was open until then is left out. `progress` is told the events counted so far.
    """
    work = _work(db)
    plan = plan_of(shop.profile)
    work.forget(shop.id)
    work.ledgers.forget(shop.id)
    rows.take_shop(db, shop.id)
    rows.clear(db, shop.id)
    changes = Changes()
    pending: dict[tuple[str, str], tuple[int, str] | None] = {}
    count = 0
    leaves = leaves_of(db, shop)
    for buyer, events in rows.events_by_buyer(db, shop.id):
        by_shop: dict[str, list[Event]] = {}
        for event in events:
            if event.session is not None:
                by_shop.setdefault(shop_of(event), []).append(infer(event, plan, leaves))
        for named_shop, own in by_shop.items():
            ledger = BuyerLedger(plan, named_shop, buyer, own)
            ledger.settle(changes)
            if found := rows.pending_row(ledger.pending()):
                pending[(shop.id, _person((shop.id, buyer, named_shop)))] = found
        count += len(events)
        if progress is not None:
            progress(count)
    rows.write_changes(db, shop.id, changes)
    rows.write_pending(db, pending)
    rows.delete_past(db, shop.id, now)
    rows.write_standing(db, shop.id, plan.fingerprint, work.ledgers.token)
    return count


def is_counted(db: Database, shop: Shop) -> bool:
    """Are the shop's counts there, by the definitions of today's profile?"""
    standing = rows.read_standing(db, shop.id)
    if standing is None:
        return not rows.has_events(db, shop.id)
    return standing[0] == plan_of(shop.profile).fingerprint


def stale_shops(db: Database, profiles: Mapping[str, Profile]) -> list[str]:
    """The shops whose counts are not there, or not by today's definitions."""
    return [shop_id for shop_id in shop_ids(db) if not is_counted(db, read_shop(db, profiles, shop_id))]


def make_sure_counted(db: Database, shop: Shop, now: datetime) -> None:
    """Make the shop's counts if they are not there, or not by today's definitions."""
    if not is_counted(db, shop):
        count_anew(db, shop, now)


def infer(event: Event, plan: Plan, leaves: Collection[str] = frozenset()) -> Event:
    """Fill in what a console does not tell, where it matters: a closing thanks, and what is among the `leaves`."""
    if leaves:
        event = with_leave(event, leaves)
    if (
        plan.ignores_courtesy
        and event.courtesy is None
        and event.sender is Sender.BUYER
        and event.type is EventType.MESSAGE
        and infer_courtesy(event.text, event.kind)
    ):
        return event.evolve(courtesy=True)
    return event
