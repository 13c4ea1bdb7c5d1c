"""A shop's policy and its versions: every change is a new version with who and why, and restoring an old one is a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.knobs import KNOBS, Kind
from app.core.policies import Fault, Policy, PolicyError, changes_between
from app.core.profiles import Profile
from app.db.tables import PolicyVersionRow, ShopRow
from app.usecases.audit import AuditAct, note
from app.usecases.phrase_history import Author, phrases_by_id
from app.usecases.shops import Shop, UnknownShopError, read_shop
from phrasebank import Phrase
from phrasebank.occasion import Occasion
from phrasebank.phrase import TEAM
from phrasebank.validity import APPROVED

USUAL_WINDOW_S: Final = 180
"""The window that a policy's times are meant for; in a shorter one the ladder places its steps by itself."""
MADE: Final = "新建店铺"
"""Why the first version is there."""


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy with its number, who made it so, when, and why if they said so."""

    number: int
    at: datetime | None
    by: str
    why: str
    policy: Policy

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": self.at.isoformat() if self.at is not None else None,
            "by": self.by,
            "why": self.why,
            "policy": self.policy.to_json(),
        }


class PolicyChangedError(Exception):
    """The policy is no longer the version that the editor started from.

    `base` is what they started from, None if there never was such a version; `current` is what stands now.
    """

    def __init__(self, base: PolicyVersion | None, current: PolicyVersion) -> None:
        super().__init__(f"策略已被{current.by or '别人'}改为第 {current.number} 版 / changed meanwhile")
        self.base = base
        self.current = current


class UnknownVersionError(LookupError):
    """The shop has no version of its policy with this number."""


def first_version(db: Database, shop_id: str, policy: Policy, now: datetime) -> None:
    """Note the policy with which a shop begins."""
    _store(db, shop_id, 1, policy, Author("", now, MADE))


def read_policy(db: Database, shop_id: str) -> PolicyVersion:
    """The policy that is in force, with the version that it bears. Raises `UnknownShopError`."""
    shop = _shop(db, shop_id)
    policy = Policy.of_record(shop.policy)
    latest = db.exec(
        select(PolicyVersionRow)
        .where(PolicyVersionRow.shop_id == shop_id)
        .order_by(col(PolicyVersionRow.number).desc())
        .limit(1)
    ).first()
    if latest is None:
        return PolicyVersion(0, None, "", "", policy)
    return replace(_version(latest), policy=policy)


def read_versions(
    db: Database, shop_id: str, *, before: int | None = None, limit: int = 50
) -> list[PolicyVersion]:
    """The versions, the newest first; with `before` only those with a lower number."""
    query = select(PolicyVersionRow).where(PolicyVersionRow.shop_id == shop_id)
    if before is not None:
        query = query.where(PolicyVersionRow.number < before)
    return [
        _version(row) for row in db.exec(query.order_by(col(PolicyVersionRow.number).desc()).limit(limit))
    ]


def read_version(db: Database, shop_id: str, number: int) -> PolicyVersion:
    """One version. Raises `UnknownVersionError`."""
    row = db.get(PolicyVersionRow, (shop_id, number))
    if row is None:
        raise UnknownVersionError(f"没有第 {number} 版策略 / unknown version")
    return _version(row)


def change_policy(
    db: Database,
    profiles: Mapping[str, Profile],
    shop_id: str,
    changes: Mapping[str, Any],
    author: Author,
    *,
    based_on: int | None = None,
) -> PolicyVersion:
    """Turn some knobs; the others stay. A change that changes nothing makes no version.

    With `based_on` the policy must still be that version. To silence the machine, or let it speak again, always works, whatever
    else has become wrong with the policy. Raises `PolicyChangedError`, `PolicyError`, `UnknownShopError`.
    """
    current = _lock(db, shop_id, based_on)
    if set(changes) == {"robot_on"} and isinstance(changes["robot_on"], bool):
        return _put(db, shop_id, current, replace(current.policy, robot_on=changes["robot_on"]), author)
    return _move(db, profiles, shop_id, current, current.policy.to_json() | dict(changes), author)


def replace_policy(
    db: Database,
    profiles: Mapping[str, Profile],
    shop_id: str,
    raw: Mapping[str, Any],
    author: Author,
    *,
    based_on: int,
) -> PolicyVersion:
    """Set the whole policy: a knob that is not named has its default. Raises as `change_policy` does."""
    return _move(db, profiles, shop_id, _lock(db, shop_id, based_on), raw, author)


def restore_policy(
    db: Database,
    profiles: Mapping[str, Profile],
    shop_id: str,
    number: int,
    author: Author,
    *,
    based_on: int | None = None,
) -> PolicyVersion:
    """Make an old version the present one again, as a new version.

    Raises `UnknownVersionError`, and as `change_policy` does: what was allowed then may not be any more.
    """
    current = _lock(db, shop_id, based_on)
    old = read_version(db, shop_id, number)
    why = author.why or f"恢复到第 {number} 版"
    return _move(db, profiles, shop_id, current, old.policy.to_json(), replace(author, why=why))


def checked_policy(db: Database, shop: Shop, raw: Mapping[str, Any], now: datetime) -> Policy:
    """The policy that somebody wrote for this shop. Raises `PolicyError` with all that is wrong with it.

    Beside what no shop could use, that is what does not fit the platform's window, and phrases that may not be said.
    """
    try:
        policy = Policy.from_json(raw)
        faults: list[Fault] = []
    except PolicyError as error:
        faults = list(error.faults)
        wrong = {fault.knob for fault in faults}
        policy = Policy.of_record({name: value for name, value in raw.items() if name not in wrong})
    told = {fault.knob for fault in faults}
    more = (
        *policy.faults_in_window(max(shop.reply_edition(now).definition.window_s, USUAL_WINDOW_S)),
        *_phrase_faults(db, shop, policy, now),
    )
    faults += [fault for fault in more if fault.knob not in told]
    if faults:
        raise PolicyError(faults)
    return policy


def _lock(db: Database, shop_id: str, based_on: int | None) -> PolicyVersion:
    """The policy as it stands, which nobody else changes until the transaction ends."""
    if db.get(ShopRow, shop_id, with_for_update=True, populate_existing=True) is None:
        raise UnknownShopError(f"没有店铺 {shop_id} / unknown shop")
    current = read_policy(db, shop_id)
    if based_on is not None and based_on != current.number:
        row = db.get(PolicyVersionRow, (shop_id, based_on))
        raise PolicyChangedError(_version(row) if row is not None else None, current)
    return current


def _move(
    db: Database,
    profiles: Mapping[str, Profile],
    shop_id: str,
    current: PolicyVersion,
    raw: Mapping[str, Any],
    author: Author,
) -> PolicyVersion:
    policy = checked_policy(db, read_shop(db, profiles, shop_id), raw, author.at)
    return _put(db, shop_id, current, policy, author)


def _put(db: Database, shop_id: str, current: PolicyVersion, policy: Policy, author: Author) -> PolicyVersion:
    if not changes_between(current.policy, policy):
        return current
    shop = _shop(db, shop_id)
    shop.policy = policy.to_json()
    db.add(shop)
    _note_change(db, shop_id, current, policy, author)
    return _store(db, shop_id, current.number + 1, policy, author)


def _note_change(db: Database, shop_id: str, current: PolicyVersion, policy: Policy, author: Author) -> None:
    knobs = sorted(changes_between(current.policy, policy))
    if "robot_on" in knobs:
        act = AuditAct.ROBOT_RELEASED if policy.robot_on else AuditAct.ROBOT_SILENCED
        note(db, shop_id, act, by=author.name, now=author.at)
        knobs.remove("robot_on")
    if knobs:
        detail = {"version": current.number + 1, "knobs": knobs}
        target = author.why
        note(
            db, shop_id, AuditAct.POLICY_CHANGED, by=author.name, now=author.at, target=target, detail=detail
        )


def _store(db: Database, shop_id: str, number: int, policy: Policy, author: Author) -> PolicyVersion:
    row = PolicyVersionRow(
        shop_id=shop_id,
        number=number,
        at=author.at,
        by=author.name,
        why=author.why,
        policy=policy.to_json(),
    )
    db.add(row)
    db.flush()
    return _version(row)


def _phrase_faults(db: Database, shop: Shop, policy: Policy, now: datetime) -> list[Fault]:
    """Knobs that name phrases which the machine may not say by itself in this shop, each with the first of them."""
    named = {name: getattr(policy, name) for name, knob in KNOBS.items() if knob.kind is Kind.PHRASES}
    found = phrases_by_id(db, shop.id, sorted({phrase_id for ids in named.values() for phrase_id in ids}))
    faults = []
    for name, ids in named.items():
        messages = (_unsayable(shop, phrase_id, found.get(phrase_id), now) for phrase_id in ids)
        message = next((message for message in messages if message is not None), None)
        if message is not None:
            faults.append(Fault(name, message))
    return faults


def _unsayable(shop: Shop, phrase_id: str, phrase: Phrase | None, now: datetime) -> str | None:
    """Why the machine may not say a phrase by itself; None if it may."""
    if phrase is None:
        return f"没有话术 {phrase_id}，请重新选 / unknown phrase"
    called = f"“{phrase.title or phrase.id}”"
    if phrase.state != APPROVED:
        return f"{called}还没启用或已停用，请先启用，或换一条 / not approved"
    if phrase.owner != TEAM:
        return f"{called}是个人话术，只有本人能用 / a personal phrase"
    if phrase.images:
        return f"{called}带图片，机器只能发文字 / has images"
    if not Occasion(platform=shop.profile.platform).admits(phrase):
        return f"{called}不在这个平台用 / not for this platform"
    if phrase.valid_until and phrase.valid_until < shop.day_of(now).isoformat():
        return f"{called}在 {phrase.valid_until} 已过期 / expired"
    return None


def _shop(db: Database, shop_id: str) -> ShopRow:
    shop = db.get(ShopRow, shop_id)
    if shop is None:
        raise UnknownShopError(f"没有店铺 {shop_id} / unknown shop")
    return shop


def _version(row: PolicyVersionRow) -> PolicyVersion:
    return PolicyVersion(row.number, row.at, row.by, row.why, Policy.of_record(row.policy))
