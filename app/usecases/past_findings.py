"""What the linter found in what agents really sent: counted by agent, day and rule, and the sentences themselves.

Findings are noted as acts when a message is worked in, so this reads them and lints nothing anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.sessions import Session, fold_session
from app.db.journal import events_of_sessions
from app.db.tables import ActRow
from app.usecases.shops import Shop

FINDING: Final = "finding"
MOST: Final = 20_000
"""Findings that are counted; of more, the newest."""
PAGE: Final = 50
"""Sentences that are listed at once."""


@dataclass(frozen=True, slots=True)
class PastFinding:
    """A finding in a message (`about` is its id) that an agent sent; `start` and `end` are code points of `text`."""

    at: datetime
    session: str
    buyer: str
    about: str
    agent: str
    text: str
    start: int
    end: int
    severity: str
    rule: str
    name: str
    message: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many findings bear a name, by severity."""

    key: str
    name: str
    by_severity: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_severity.values())


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are wanted; "" is any."""

    agent: str = ""
    rule: str = ""
    severity: str = ""

    def admits(self, detail: Mapping[str, Any]) -> bool:
        return (
            self.agent in {"", detail.get("agent") or ""}
            and self.rule in {"", detail["rule"]}
            and self.severity in {"", detail["severity"]}
        )


@dataclass(frozen=True, slots=True)
class FindingsReport:
    """Findings of some days. `by_day` is in order of days, the others by number; `sentences` are the newest first.

    `more` tells that the next page has some, `shortened` that there were more than `MOST` and the oldest are not counted.
    """

    total: Tally
    by_agent: tuple[Tally, ...]
    by_day: tuple[Tally, ...]
    by_rule: tuple[Tally, ...]
    sentences: tuple[PastFinding, ...]
    more: bool
    shortened: bool


def read_findings(
    db: Database, shop: Shop, first: date, last: date, wanted: FindingFilter, start: int = 0
) -> FindingsReport:
    """The findings of these days (both included) in the shop's time; sentences from number `start` on."""
    since = datetime.combine(first, time(0), shop.timezone)
    until = datetime.combine(last + timedelta(days=1), time(0), shop.timezone)
    found = db.exec(
        select(ActRow.id, ActRow.at, ActRow.detail)
        .where(ActRow.shop_id == shop.id, ActRow.kind == FINDING, ActRow.at >= since, ActRow.at < until)
        .order_by(col(ActRow.at).desc(), col(ActRow.id))
        .limit(MOST + 1)
    ).all()
    own = [row for row in found[:MOST] if wanted.admits(row[2])]
    details = [(shop.day_of(at).isoformat(), detail) for _, at, detail in own]
    names = {detail["rule"]: detail["name"] for _, detail in details}
    shown = [row_id for row_id, _, _ in own[start : start + PAGE]]
    rows = db.exec(select(ActRow).where(ActRow.shop_id == shop.id, col(ActRow.id).in_(shown)))
    by_id = {row.id: row for row in rows}
    return FindingsReport(
        total=Tally("", "", Counter(detail["severity"] for _, detail in details)),
        by_agent=_by_number((detail.get("agent") or "", detail) for _, detail in details),
        by_day=tuple(sorted(_by_number(details), key=lambda tally: tally.key)),
        by_rule=_by_number(((detail["rule"], detail) for _, detail in details), names),
        sentences=tuple(_finding(by_id[row_id]) for row_id in shown),
        more=len(own) > start + PAGE,
        shortened=len(found) > MOST,
    )


@dataclass(frozen=True, slots=True)
class ReviewedSession:
    """A session, and what the linter found in its messages, by their ids."""

    session: Session
    findings: Mapping[str, tuple[PastFinding, ...]]


def read_session(db: Database, shop: Shop, session_id: str) -> ReviewedSession | None:
    """A session of the shop with the findings in it; None if there is none of this id."""
    events = events_of_sessions(db, shop.id, [session_id])
    if not events:
        return None
    rows = db.exec(
        select(ActRow)
        .where(ActRow.shop_id == shop.id, ActRow.session == session_id, ActRow.kind == FINDING)
        .order_by(col(ActRow.at), col(ActRow.id))
    ).all()
    findings: dict[str, tuple[PastFinding, ...]] = {}
    for row in rows:
        findings[row.about] = (*findings.get(row.about, ()), _finding(row))
    return ReviewedSession(fold_session(events), findings)


def _by_number(
    found: Iterable[tuple[str, Mapping[str, Any]]], names: Mapping[str, str] | None = None
) -> tuple[Tally, ...]:
    counts: dict[str, Counter[str]] = {}
    for key, detail in found:
        counts.setdefault(key, Counter())[detail["severity"]] += 1
    tallies = (Tally(key, (names or {}).get(key, key), count) for key, count in counts.items())
    return tuple(sorted(tallies, key=lambda tally: (-tally.total, tally.key)))


def _finding(row: ActRow) -> PastFinding:
    detail = row.detail
    return PastFinding(
        at=row.at,
        session=row.session,
        buyer=row.buyer,
        about=row.about,
        agent=detail.get("agent") or "",
        text=row.text,
        start=detail["start"],
        end=detail["end"],
        severity=detail["severity"],
        rule=detail["rule"],
        name=detail["name"],
        message=detail["message"],
        suggestion=detail["suggestion"],
    )
