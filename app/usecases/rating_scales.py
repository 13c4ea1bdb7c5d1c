"""A shop's own scale for the chance of a good rating: learned from its invitations, judged on the past, switched by a person."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.definitions import Definition
from app.core.events import Event
from app.core.invitation_outcomes import outcome_of
from app.core.invites import InviteRules
from app.core.mood import MoodModel
from app.core.recalibration import Judgement, Outcome, Scale, Verdict, fit, judge, watch
from app.db.journal import events_of_sessions
from app.db.ratings import newest_rated_sessions
from app.db.tables import RatingScaleVersionRow, ShopRow
from app.usecases.phrase_history import Author
from app.usecases.picture import mood_of
from app.usecases.shops import Shop, UnknownShopError

MOST_SESSIONS: Final = 1000
"""How many sessions are looked at, those rated last; reading them takes some seconds."""
_AT_A_TIME: Final = 200


class ScaleRefusedError(Exception):
    """A scale cannot be switched on or off now; the message says why and what to do."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ScaleVersion:
    """A scale with its number, who switched it so, when and why. `scale` is None while chances are left as they are."""

    number: int
    at: datetime
    by: str
    why: str
    scale: Scale | None
    judgement: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "by": self.by,
            "why": self.why,
            "scale": self.scale.to_json() if self.scale else None,
            "judgement": self.judgement,
        }


@dataclass(frozen=True, slots=True)
class Learning:
    """What a shop's invitations teach.

    `candidate` is the scale that all outcomes speak for, `judgement` what such scales would have been worth so far; `current` is
    the last switching, and `since` how its scale has done with invitations after it.
    """

    target: Fraction
    candidate: Scale
    judgement: Judgement
    current: ScaleVersion | None
    since: Judgement | None

    @property
    def may_switch_on(self) -> bool:
        return self.judgement.verdict is Verdict.BETTER

    def to_json(self) -> dict[str, Any]:
        return {
            "target": str(self.target),
            "candidate": self.candidate.to_json(),
            "judgement": self.judgement.to_json(),
            "may_switch_on": self.may_switch_on,
            "current": self.current.to_json() if self.current else None,
            "since": self.since.to_json() if self.since else None,
        }


def rating_definition(shop: Shop) -> Definition | None:
    """By which labels the shop's platform calls a rating good; None where it has no rating measure that we know."""
    measure = shop.profile.primary_rating
    return None if measure is None else measure.latest.definition


def learn(db: Database, shop: Shop, moods: MoodModel, now: datetime) -> Learning:
    """Read what became of the shop's last invitations. Takes some seconds in a busy shop: to be called off the event loop."""
    outcomes = _outcomes(db, shop, moods, now)
    target = InviteRules.of_profile(shop.profile).target
    current = next(iter(read_versions(db, shop.id, limit=1)), None)
    in_force = current is not None and current.scale is not None
    return Learning(
        target,
        fit(outcomes),
        judge(outcomes, target),
        current,
        watch(outcomes, shop.rating_scale, current.at, target) if in_force and current else None,
    )


def read_versions(db: Database, shop_id: str, *, limit: int = 50) -> list[ScaleVersion]:
    """The switchings, the newest first."""
    rows = db.exec(
        select(RatingScaleVersionRow)
        .where(RatingScaleVersionRow.shop_id == shop_id)
        .order_by(col(RatingScaleVersionRow.number).desc())
        .limit(limit)
    )
    return [_version(row) for row in rows]


def switch_on(db: Database, shop_id: str, seen: Learning, author: Author, *, based_on: int) -> ScaleVersion:
    """Put the candidate in force that somebody has `seen`. `based_on` is the number of the last switching, 0 for none.

    Raises `ScaleRefusedError` unless the past says that it is better, or if somebody else switched meanwhile.
    """
    if not seen.may_switch_on:
        raise ScaleRefusedError("not_better", NOT_BETTER[seen.judgement.verdict])
    return _store(db, shop_id, seen.candidate, seen.judgement.to_json(), author, based_on)


def switch_off(db: Database, shop_id: str, author: Author, *, based_on: int) -> ScaleVersion:
    """Leave chances as they are again. Raises `ScaleRefusedError` if they are, or if somebody else switched meanwhile."""
    if _locked(db, shop_id).rating_scale is None:
        raise ScaleRefusedError("not_on", "校准没有开着，不用关 / it is not switched on")
    return _store(db, shop_id, None, None, author, based_on)


NOT_BETTER: Final = {
    Verdict.TOO_FEW: "邀评后收到的评价还太少，学不出什么；继续邀评，攒够了再来看 / too few rated invitations yet",
    Verdict.UNCLEAR: "用过去的评价检验，看不出校准后更准，先不开；评价多了再来看 / the past does not show that it is better",
    Verdict.WORSE: "用过去的评价检验，校准后反而更不准，不能开 / the past shows that it is worse",
}
"""Why a scale cannot be switched on, by what the past says of it."""


def _outcomes(db: Database, shop: Shop, moods: MoodModel, now: datetime) -> list[Outcome]:
    definition = rating_definition(shop)
    if definition is None:
        return []
    names = newest_rated_sessions(db, shop.id, now, MOST_SESSIONS)
    found = []
    for start in range(0, len(names), _AT_A_TIME):
        by_session: dict[str, list[Event]] = defaultdict(list)
        for event in events_of_sessions(db, shop.id, names[start : start + _AT_A_TIME]):
            if event.session is not None and event.at <= now:
                by_session[event.session].append(event)
        found += [
            outcome_of(events, definition, lambda session: mood_of(session, moods).p_satisfied)
            for events in by_session.values()
        ]
    return [outcome for outcome in found if outcome is not None]


def _locked(db: Database, shop_id: str) -> ShopRow:
    shop = db.get(ShopRow, shop_id, with_for_update=True, populate_existing=True)
    if shop is None:
        raise UnknownShopError(f"没有店铺 {shop_id} / unknown shop")
    return shop


def _store(
    db: Database,
    shop_id: str,
    scale: Scale | None,
    judgement: dict[str, Any] | None,
    author: Author,
    based_on: int,
) -> ScaleVersion:
    shop = _locked(db, shop_id)
    number = next((version.number for version in read_versions(db, shop_id, limit=1)), 0)
    if number != based_on:
        raise ScaleRefusedError(
            "changed_meanwhile", "校准刚被别人开过或关过，请刷新后再看 / switched meanwhile"
        )
    shop.rating_scale = None if scale is None else scale.to_json()
    row = RatingScaleVersionRow(
        shop_id=shop_id,
        number=number + 1,
        at=author.at,
        by=author.name,
        why=author.why,
        scale=shop.rating_scale,
        judgement=judgement,
    )
    db.add(shop)
    db.add(row)
    db.flush()
    return _version(row)


def _version(row: RatingScaleVersionRow) -> ScaleVersion:
    scale = None if row.scale is None else Scale(**row.scale)
    return ScaleVersion(row.number, row.at, row.by, row.why, scale, row.judgement)
