"""Phrases past their time or beyond reach: expired, never used, without a way to be found; and codes that two of them have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from phrasebank.care.findings import Action, Do, Finding, Kind, seen
from phrasebank.care.scope import meet
from phrasebank.folding import folded, levelled
from phrasebank.phrase import Phrase

SOON: Final = timedelta(days=7)
"""How long before its last day an expiring phrase is named."""
PROLONGED: Final = timedelta(days=30)
"""By how much one click prolongs a phrase."""
UNUSED_AFTER: Final = timedelta(days=30)
"""A younger phrase is not said to be unused."""


@dataclass(frozen=True, slots=True)
class Usage:
    """How a phrase was used: since which day it is in the bank, and how often it was accepted or sent since."""

    since: date
    used: int


def out_of_date(phrases: Sequence[Phrase], today: date) -> Iterator[Finding]:
    """Phrases whose last day has passed, or is at most `SOON` away. What is no ISO date has no end."""
    for phrase in phrases:
        last = _day(phrase.valid_until)
        if last is None or last > today + SOON:
            continue
        stands = seen([phrase])
        until = max(last, today) + PROLONGED
        prolong = Action(Do.EXTEND, (phrase.id,), until=until.isoformat(), seen=stands)
        retire = Action(Do.RETIRE, (phrase.id,), seen=stands)
        if last < today:
            reason = f"{phrase.id} 的有效期 {last} 已过，不再推荐；不用了就停用"
            yield Finding(Kind.EXPIRED, (phrase.id,), reason, retire, column="valid_until", others=(prolong,))
        else:
            left = f"还有 {(last - today).days} 天" if last > today else "今天是最后一天"
            reason = f"{phrase.id} 的有效期到 {last}，{left}；还要用就延到 {until}"
            yield Finding(
                Kind.EXPIRING, (phrase.id,), reason, prolong, column="valid_until", others=(retire,)
            )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def unreachable(phrases: Sequence[Phrase]) -> Iterator[Finding]:
    """Phrases without keyword, example, title and code: only a buyer who happens to use their own words finds them."""
    for phrase in phrases:
        told = (*phrase.keywords, *phrase.examples, phrase.title, phrase.code)
        if any(folded(text) for text in told):
            continue
        reason = f"{phrase.id} 没有关键词、例句、标题和快捷码，买家怎么问都难找到它；请补例句，不用了就停用"
        yield Finding(
            Kind.UNREACHABLE, (phrase.id,), reason, Action(Do.RETIRE, (phrase.id,), seen=seen([phrase]))
        )


def never_used(phrases: Sequence[Phrase], usage: Mapping[str, Usage], today: date) -> Iterator[Finding]:
    """Approved phrases that are `UNUSED_AFTER` old and that nobody ever took or sent; nothing is said of those not in `usage`."""
    for phrase in phrases:
        use = usage.get(phrase.id)
        if use is None or use.used or phrase.state != "approved" or today - use.since < UNUSED_AFTER:
            continue
        reason = f"{phrase.id} 入库 {(today - use.since).days} 天，一次也没有用过；不需要就停用，需要就补例句"
        yield Finding(
            Kind.NEVER_USED,
            (phrase.id,),
            reason,
            Action(Do.RETIRE, (phrase.id,), seen=seen([phrase])),
            detail={"since": use.since.isoformat()},
        )


def shared_codes(phrases: Sequence[Phrase]) -> Iterator[Finding]:
    """Short codes that several phrases have; the first of them is to keep it."""
    by_code: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        if code := levelled(phrase.code).strip().lstrip("/"):
            by_code[code].append(phrase)
    for code, holders in by_code.items():
        keeper, *others = holders
        losers = [phrase for phrase in others if meet(keeper, phrase)]
        if not losers:
            continue
        ids = (keeper.id, *(phrase.id for phrase in losers))
        action = Action(Do.CLEAR_CODE, ids[1:], seen=seen((keeper, *losers)))
        reason = f"快捷码 /{code} 重复：{'、'.join(ids)}。建议只留给 {keeper.id}"
        yield Finding(Kind.CODE, ids, reason, action, code, "code")
