"""The shops' phrase banks in memory: brought up to date at once by every reader, built anew by nobody who waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import Any

from sqlmodel import Session, select

from app.db.tables import PhraseRow
from app.usecases.phrase_use import read_acceptance
from app.usecases.phrases_since import phrases_since
from app.usecases.shops import Shop
from app.usecases.uncommitted import uncommitted
from phrasebank import Bank, Phrase, starter_bank

Name = tuple[Any, str]
"""(database, shop): one process may look after several databases."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A shop's bank as of `version`."""

    version: int
    bank: Bank


@dataclass(slots=True)
class Banks:
    """Safe to share between threads. What one transaction has changed and not committed, only that transaction sees."""

    _kept: dict[Name, _Kept] = field(default_factory=dict)
    _locks: dict[Name, Lock] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _acceptance: dict[Name, Mapping[str, float]] = field(default_factory=dict)

    def bank(self, db: Session, shop: Shop) -> Bank:
        """The shop's bank at its present version, made from the last one known (at first the starter bank).

        Indexing a bank takes seconds, changing one milliseconds; who comes first does it and the others wait for that.
        """
        name = _name(db, shop.id)
        changed: dict[str, _Kept | None] = uncommitted(db)
        if shop.id in changed:
            own = changed[shop.id]
            if own is None or own.version != shop.bank_version:
                own = changed[shop.id] = _read(db, shop, own or self._kept.get(name))
            return own.bank
        known = self._kept.get(name)
        if known is not None and known.version >= shop.bank_version:
            return known.bank
        with self._lock_of(name):
            known = self._kept.get(name)
            if known is None or known.version < shop.bank_version:
                known = self._kept[name] = _read(db, shop, known)
            return known.bank

    def acceptance(self, db: Session, shop: Shop, today: date) -> Mapping[str, float]:
        """How often each phrase is taken when offered, by id, as it was when it was looked at last."""
        name = _name(db, shop.id)
        known = self._acceptance.get(name)
        return known if known is not None else self.look_at_acceptance(db, shop, today)

    def look_at_acceptance(self, db: Session, shop: Shop, today: date) -> Mapping[str, float]:
        """Look at the figures of a shop's phrases anew."""
        found = self._acceptance[_name(db, shop.id)] = read_acceptance(db, shop.id, today)
        return found

    def in_use(self, db: Session) -> list[str]:
        """The shops of this database whose banks are in memory."""
        database = _name(db, "")[0]
        return [shop_id for place, shop_id in list(self._kept) if place == database]

    def grown(self, db: Session) -> dict[str, int]:
        """The shops whose banks took phrases in or lost some since they were built at one go, with their versions."""
        names = {shop_id: self._kept[_name(db, shop_id)] for shop_id in self.in_use(db)}
        return {shop_id: kept.version for shop_id, kept in names.items() if kept.bank.grown}

    def rebuild(self, db: Session, shop_id: str) -> None:
        """Build a shop's bank anew and put it in the place of the grown one. Takes seconds, in which nobody waits.

        What changed meanwhile is taken in before the exchange, so no version is ever lost.
        """
        name = _name(db, shop_id)
        bank = self._kept[name].bank.rebuilt()
        with self._lock_of(name):
            known = self._kept[name]
            self._kept[name] = replace(known, bank=brought_up_to(bank, known.bank))

    def _lock_of(self, name: Name) -> Lock:
        with self._lock:
            return self._locks.setdefault(name, Lock())


def _name(db: Session, shop_id: str) -> Name:
    return db.get_bind().engine.url, shop_id


def _read(db: Session, shop: Shop, known: _Kept | None) -> _Kept:
    """The bank as the database has it now, made from the last one known by what changed since."""
    if known is not None:
        changes = phrases_since(db, shop.id, known.version, shop.bank_version)
        if changes is not None:
            added = [phrase for phrase in changes.values() if phrase is not None]
            removed = [phrase_id for phrase_id, phrase in changes.items() if phrase is None]
            return _Kept(shop.bank_version, known.bank.with_phrases(added, removed, rebuild=False))
    before = known.bank if known is not None else starter_bank()
    rows = db.exec(select(PhraseRow.body).where(PhraseRow.shop_id == shop.id).order_by(PhraseRow.id))
    return _Kept(shop.bank_version, brought_up_to(before, map(Phrase.from_json, rows)))


def brought_up_to(bank: Bank, phrases: Iterable[Phrase]) -> Bank:
    """The bank with exactly these phrases."""
    wanted = {phrase.id: phrase for phrase in phrases}
    added = [phrase for phrase in wanted.values() if bank.get(phrase.id) != phrase]
    removed = [phrase.id for phrase in bank if phrase.id not in wanted]
    return bank.with_phrases(added, removed, rebuild=False) if added or removed else bank
