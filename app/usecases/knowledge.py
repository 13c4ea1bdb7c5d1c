"""What every decision draws on and no request changes: rules, mood model, platform profiles, phrase banks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from sqlmodel import Session, select

from app.core.mood import MoodModel
from app.core.profiles import Profile
from app.db.tables import PhraseRow
from app.platforms.catalog import load_profiles
from app.usecases.phrases_since import phrases_since
from app.usecases.shops import Shop
from lint import Linter
from phrasebank import Bank, Phrase, starter_bank
from phrasebank.categories import in_order
from phrasebank.occasion import Occasion
from phrasebank.precedence import unattended


@dataclass(slots=True)
class Knowledge:
    """Built once per process, but for the banks, which follow the shops' changes."""

    linter: Linter
    moods: MoodModel
    profiles: Mapping[str, Profile]
    _banks: dict[str, tuple[int, Bank]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def load(cls) -> Knowledge:
        """Takes a second or two, so that no request has to."""
        starter_bank()
        return cls(Linter.default(), MoodModel.load(), load_profiles())

    def bank(self, db: Session, shop: Shop) -> Bank:
        """The shop's bank at its present version, made from the last one known (at first the starter bank).

        Indexing a bank takes seconds, changing one milliseconds, and the writer waits for neither if it can be helped.
        """
        with self._lock:
            known = self._banks.get(shop.id)
            if known is not None and known[0] == shop.bank_version:
                return known[1]
            bank = _with_changes(db, shop, *known) if known is not None else None
            if bank is None:
                bank = brought_up_to(known[1] if known else starter_bank(), read_phrases(db, shop.id))
            self._banks[shop.id] = (shop.bank_version, bank)
            return bank

    def holding_phrases(self, db: Session, shop: Shop, occasion: Occasion) -> tuple[Phrase, ...]:
        """The phrases that the shop's policy allows as a holding reply, and that fit the occasion."""
        bank = self.bank(db, shop)
        found = (bank.get(phrase_id) for phrase_id in shop.policy.holding_phrases)
        return tuple(
            phrase
            for phrase in found
            if phrase is not None and occasion.admits(phrase) and unattended(phrase, occasion)
        )


def _with_changes(db: Session, shop: Shop, version: int, bank: Bank) -> Bank | None:
    """The bank of `version` with what changed since; None if that is not on record."""
    changes = phrases_since(db, shop.id, version, shop.bank_version)
    if changes is None:
        return None
    added = [phrase for phrase in changes.values() if phrase is not None]
    return bank.with_phrases(added, [name for name, phrase in changes.items() if phrase is None])


def brought_up_to(bank: Bank, phrases: Sequence[Phrase]) -> Bank:
    """The bank with exactly these phrases."""
    before = {phrase.id: phrase for phrase in bank.phrases}
    added = [phrase for phrase in phrases if before.get(phrase.id) != phrase]
    removed = before.keys() - {phrase.id for phrase in phrases}
    return bank.with_phrases(added, removed) if added or removed else bank


def read_phrases(db: Session, shop_id: str) -> list[Phrase]:
    """The shop's phrases by category, in their order."""
    rows = db.exec(select(PhraseRow.body).where(PhraseRow.shop_id == shop_id).order_by(PhraseRow.id))
    return in_order(Phrase.from_json(body) for body in rows)
