"""Care of a shop's phrase bank: what should be looked at in it, and carrying out what a finding proposes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import func
from sqlmodel import Session as Database
from sqlmodel import col
from sqlmodel import select as select_rows

from app.core.enquiries import enquiries_in
from app.core.events import EventType, parse_event
from app.core.masking import masked
from app.core.situations import standing_phrases
from app.db.tables import EventRow, PhraseRow, PhraseUseRow, ShopRow
from app.usecases.bank_care import PhraseError, errors_in
from app.usecases.care_dismissals import without_dismissed
from app.usecases.knowledge import Knowledge, read_phrases
from app.usecases.phrase_history import Author, change_phrases, phrases_by_id
from app.usecases.shops import Shop
from lint import Linter
from phrasebank import Hit, Phrase
from phrasebank.care import BANK_KINDS, KIND_NAMES, Action, Finding, Kind, Usage, care_of
from phrasebank.care.actions import Changes, changes_of
from phrasebank.care.enquiries import from_enquiries, most_asked
from phrasebank.phrase import TEAM

MAX_DAYS: Final = 90
MAX_EVENTS: Final = 20_000
"""Messages that are read, the newest of the period."""
MAX_QUESTIONS: Final = 4_000
"""Different questions that are held against the bank, the most frequent ones: it takes about a millisecond for each."""


class StandingReplyError(ValueError):
    """A phrase that the shop's policy names would be taken away; `ids` are these phrases, the message says what to do."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(
            f"{'、'.join(ids)} 是设置里要用的话（安抚、欢迎或下班留言），请先在设置里换掉，再合并或停用"
        )
        self.ids = tuple(ids)


@dataclass(frozen=True, slots=True)
class Care:
    """The findings of a shop's bank on `today`; `phrases` are those they name, by id.

    `messages` messages of the last days were read; if `cut_off`, not all of them, or not all questions in them, were looked at.
    `dismissed` more were found that the shop does not want to see.
    """

    today: date
    findings: tuple[Finding, ...]
    phrases: Mapping[str, Phrase]
    messages: int = 0
    cut_off: bool = False
    dismissed: int = 0

    def to_json(self, limit: int) -> dict[str, Any]:
        """At most `limit` findings; `counts` has the number of all, by kind."""
        shown = self.findings[:limit]
        counts = Counter(finding.kind for finding in self.findings)
        ids = dict.fromkeys(
            phrase_id
            for finding in shown
            for action in (finding.action, *finding.others)
            for phrase_id in (*finding.ids, *action.ids, action.into)
        )
        return {
            "as_of": self.today.isoformat(),
            "counts": [
                {"kind": kind.value, "name": KIND_NAMES[kind], "count": counts[kind]}
                for kind in Kind
                if counts[kind]
            ],
            "dismissed": self.dismissed,
            "findings": [finding.to_json() for finding in shown],
            "phrases": {
                phrase_id: {"title": phrase.title, "category": phrase.category, "text": phrase.text}
                for phrase_id in ids
                if (phrase := self.phrases.get(phrase_id)) is not None
            },
            "messages": {"read": self.messages, "cut_off": self.cut_off},
        }


def look_after(
    db: Database, knowledge: Knowledge, shop: Shop, now: datetime, *, kinds: Collection[Kind], days: int
) -> Care:
    """The findings of `kinds` as of `now`; those about enquiries come from the messages of the last `days` days.

    Texts of buyers and agents in them have their personal data masked.
    """
    today = now.astimezone(shop.timezone).date()
    phrases = read_phrases(db, shop.id)
    usage = _read_usage(db, shop) if Kind.NEVER_USED in kinds else {}
    findings = care_of(phrases, today, usage, set(kinds) & BANK_KINDS)
    by_id = {phrase.id: phrase for phrase in phrases}
    if set(kinds) <= BANK_KINDS:
        kept = without_dismissed(db, shop.id, findings)
        return Care(today, kept, by_id, dismissed=len(findings) - len(kept))
    shown = [today - timedelta(days=days - 1 - n) for n in range(days)]
    since = datetime.combine(shown[0], time(), shop.timezone)
    bodies = _read_messages(db, shop.id, since, now)
    events = [parse_event(body) for body in reversed(bodies[:MAX_EVENTS])]
    bank = knowledge.bank(db, shop)
    drafts = [replace(phrase, state="approved") for phrase in phrases if phrase.state == "draft"]
    with_drafts = bank.with_phrases(drafts) if drafts else bank

    def find(text: str) -> Sequence[Hit]:
        return with_drafts.search(text, platform=shop.profile.platform, today=today).hits

    def mask(text: str) -> str:
        return masked(text, knowledge.linter)

    asked = enquiries_in(events, shop.timezone)
    enquiries = most_asked(asked, MAX_QUESTIONS)
    more = from_enquiries(
        enquiries,
        [phrase for phrase in phrases if phrase.owner == TEAM],
        find,
        mask,
        shown,
        holding=shop.policy.holding_phrases,
    )
    findings += [finding for finding in more if finding.kind in kinds]
    kept = without_dismissed(db, shop.id, findings)
    return Care(
        today,
        kept,
        by_id,
        len(events),
        len(bodies) > MAX_EVENTS or len(enquiries) < len(asked),
        len(findings) - len(kept),
    )


def act_on_bank(
    db: Database, linter: Linter, shop: Shop, actions: Sequence[Action], author: Author, *, dry_run: bool
) -> Changes:
    """Carry out `actions`, all or none; with `dry_run` only say what they come to.

    Raises `OutdatedError` where the bank has changed since the findings, `ActionError`, `StandingReplyError` for a phrase that
    the policy names, and `PhraseError` for a text that the linter refuses.
    """
    # Locked before the phrases are read, so that no other process changes them meanwhile.
    db.get(ShopRow, shop.id, with_for_update=True)
    concerned = {one for action in actions for one in (*action.ids, action.into, *action.seen) if one}
    before = phrases_by_id(db, shop.id, sorted(concerned))
    changes = changes_of(actions, before)
    gone = {*changes.removed, *(phrase.id for phrase in changes.stored if phrase.state == "retired")}
    if standing := sorted(gone.intersection(standing_phrases(shop.policy))):
        raise StandingReplyError(standing)
    for phrase in changes.stored:
        if findings := _new_errors(linter, before.get(phrase.id), phrase):
            raise PhraseError(f"{phrase.id} 里会有违规用语，请先改好 / the linter found errors", findings)
    if not dry_run:
        change_phrases(db, shop.id, author, saved=changes.stored, removed_ids=changes.removed)
    return changes


def _new_errors(linter: Linter, before: Phrase | None, after: Phrase) -> list[dict[str, Any]]:
    if before is not None and (before.text, before.variants) == (after.text, after.variants):
        return []
    return errors_in(linter, after)


def _read_messages(db: Database, shop_id: str, since: datetime, until: datetime) -> list[Mapping[str, Any]]:
    """The newest messages and withdrawals, the newest first, one more than `MAX_EVENTS` if there are."""
    return list(
        db.exec(
            select_rows(EventRow.body)
            .where(
                EventRow.shop_id == shop_id,
                EventRow.at >= since,
                EventRow.at <= until,
                col(EventRow.type).in_([EventType.MESSAGE.value, EventType.MESSAGE_WITHDRAWN.value]),
            )
            .order_by(col(EventRow.at).desc(), col(EventRow.id).desc())
            .limit(MAX_EVENTS + 1)
        )
    )


def _read_usage(db: Database, shop: Shop) -> dict[str, Usage]:
    """How often each phrase was taken or sent since it was changed last, or since use is counted, if that is later.

    Empty where the use of phrases is not counted.
    """
    rows = db.exec(
        select_rows(
            PhraseUseRow.phrase_id,
            func.min(PhraseUseRow.day),
            func.sum(PhraseUseRow.accepted + PhraseUseRow.sent),
        )
        .where(PhraseUseRow.shop_id == shop.id)
        .group_by(PhraseUseRow.phrase_id)
    ).all()
    if not rows:
        return {}
    counted_since = min(date.fromisoformat(first) for _, first, _ in rows)
    used = {phrase_id: int(count) for phrase_id, _, count in rows}
    changed = db.exec(select_rows(PhraseRow.id, PhraseRow.updated_at).where(PhraseRow.shop_id == shop.id))
    return {
        phrase_id: Usage(
            max(counted_since, updated_at.astimezone(shop.timezone).date()), used.get(phrase_id, 0)
        )
        for phrase_id, updated_at in changed
    }
