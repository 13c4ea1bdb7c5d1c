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
from app.usecases.shops import Shop
from lint import Linter
from phrasebank import Bank, Phrase, starter_bank


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
            before = known[1] if known is not None else starter_bank()
            bank = brought_up_to(before, read_phrases(db, shop.id))
            self._banks[shop.id] = (shop.bank_version, bank)
            return bank

    def holding_phrases(self, db: Session, shop: Shop) -> tuple[Phrase, ...]:
        """The phrases that the shop's policy allows as a holding reply."""
        bank = self.bank(db, shop)
        found = (bank.get(phrase_id) for phrase_id in shop.policy.holding_phrases)
        return tuple(phrase for phrase in found if phrase is not None)


def brought_up_to(bank: Bank, phrases: Sequence[Phrase]) -> Bank:
    """The bank with exactly these phrases."""
    before = {phrase.id: phrase for phrase in bank.phrases}
    added = [phrase for phrase in phrases if before.get(phrase.id) != phrase]
    removed = before.keys() - {phrase.id for phrase in phrases}
    return bank.with_phrases(added, removed) if added or removed else bank


def read_phrases(db: Session, shop_id: str) -> list[Phrase]:
    """The shop's phrases in their order."""
    rows = db.exec(select(PhraseRow.body).where(PhraseRow.shop_id == shop_id).order_by(PhraseRow.id))
    return sorted((Phrase.from_json(body) for body in rows), key=lambda phrase: (phrase.order, phrase.id))
