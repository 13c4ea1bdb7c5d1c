"""What every decision draws on and no request changes: rules, mood model, platform profiles, phrase banks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlmodel import Session, select

from app.core.mood import MoodModel
from app.core.profiles import Profile
from app.db.tables import PhraseRow
from app.platforms.catalog import load_profiles
from app.usecases.banks import Banks
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
    banks: Banks = field(default_factory=Banks)

    @classmethod
    def load(cls) -> Knowledge:
        """Takes a second or two, so that no request has to."""
        starter_bank()
        return cls(Linter.default(), MoodModel.load(), load_profiles())

    def bank(self, db: Session, shop: Shop) -> Bank:
        """The shop's bank at its present version."""
        return self.banks.bank(db, shop)

    def holding_phrases(self, db: Session, shop: Shop, occasion: Occasion) -> tuple[Phrase, ...]:
        """The phrases that the shop's policy allows as a holding reply, and that fit the occasion."""
        bank = self.bank(db, shop)
        found = (bank.get(phrase_id) for phrase_id in shop.policy.holding_phrases)
        return tuple(
            phrase
            for phrase in found
            if phrase is not None and occasion.admits(phrase) and unattended(phrase, occasion)
        )


def read_phrases(db: Session, shop_id: str) -> list[Phrase]:
    """The shop's phrases by category, in their order."""
    rows = db.exec(select(PhraseRow.body).where(PhraseRow.shop_id == shop_id).order_by(PhraseRow.id))
    return in_order(Phrase.from_json(body) for body in rows)
