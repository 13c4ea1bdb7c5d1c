"""What every decision draws on and no request changes: rules, mood model, platform profiles, phrase banks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlmodel import Session, select

from app.core.mood import MoodModel
from app.core.profiles import Profile
from app.db.tables import PhraseRow
from app.platforms.catalog import load_profiles
from app.usecases.banks import Banks
from app.usecases.lint_reports import LintReports
from app.usecases.searches import Searches
from app.usecases.shops import Shop
from app.usecases.typists import Typists
from lint import Linter
from lint.rewriting import Rewrites
from phrasebank import Bank, Phrase, starter_bank
from phrasebank.categories import in_order
from phrasebank.occasion import Occasion
from phrasebank.precedence import unattended


@dataclass(slots=True)
class Knowledge:
    """Built once per process, but for the banks, which follow the shops' changes, and for who is typing."""

    linter: Linter
    moods: MoodModel
    profiles: Mapping[str, Profile]
    banks: Banks = field(default_factory=Banks)
    typists: Typists = field(default_factory=Typists)
    searches: Searches = field(default_factory=Searches)
    reports: LintReports = field(init=False)
    rewrites: Rewrites = field(init=False)

    def __post_init__(self) -> None:
        self.reports = LintReports(self.linter)
        self.rewrites = Rewrites(self.linter.rules)

    @classmethod
    def load(cls) -> Knowledge:
        """Takes seconds, so that no request has to.

        The bank is mostly numpy's work, which leaves the interpreter to the linter meanwhile. What either makes only when it is
        needed is made now.
        """
        with ThreadPoolExecutor(1) as beside:
            building = beside.submit(starter_bank)
            linter, moods, profiles = Linter.default(), MoodModel.load(), load_profiles()
            bank = building.result()
        for phrase in bank.phrases[:1]:
            bank.search(phrase.text)
        for forbidden in linter.rules[0].bad[:1]:  # most of it is made at the first finding
            linter.check(forbidden, channel="live")
        return cls(linter, moods, profiles)

    def bank(self, db: Session, shop: Shop) -> Bank:
        """The shop's bank at its present version."""
        return self.banks.bank(db, shop)

    def phrases_unattended(
        self, db: Session, shop: Shop, phrase_ids: Sequence[str], occasion: Occasion
    ) -> tuple[Phrase, ...]:
        """Those of the phrases, in this order, that fit the occasion and may be said without a person."""
        bank = self.bank(db, shop)
        found = (bank.get(phrase_id) for phrase_id in phrase_ids)
        return tuple(phrase for phrase in found if phrase is not None and may_be_said(phrase, occasion))


def may_be_said(phrase: Phrase, occasion: Occasion) -> bool:
    """Is the phrase approved and meant for this occasion, and may it be said without a person?"""
    return occasion.admits(phrase) and unattended(phrase, occasion)


def read_phrases(db: Session, shop_id: str) -> list[Phrase]:
    """The shop's phrases by category, in their order."""
    rows = db.exec(select(PhraseRow.body).where(PhraseRow.shop_id == shop_id).order_by(PhraseRow.id))
    return in_order(Phrase.from_json(body) for body in rows)
