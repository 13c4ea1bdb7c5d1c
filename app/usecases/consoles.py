"""Which consoles a shop uses and what it set for them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session as Database
from sqlmodel import select

from app.db.tables import ConsoleRow, ShopRow
from app.gateways.consoles import ADAPTERS, Console, Settings, console_of
from app.usecases.administration import AdministrationError
from app.usecases.audit import OPERATOR, AuditAct, note


@dataclass(frozen=True, slots=True)
class ShopConsole:
    """A console with what a shop set for it, defaults filled in."""

    console: Console
    settings: Settings

    @property
    def replies(self) -> bool:
        """Can replies go out by the console's own API?"""
        needed = self.console.replies_with
        return bool(needed) and all(name in self.settings for name in needed)


def find_console(db: Database, shop_id: str, adapter: str) -> ShopConsole | None:
    """What the shop set for the console; None if it set nothing, or we do not know it any more."""
    row = db.get(ConsoleRow, (shop_id, adapter))
    return None if row is None or adapter not in ADAPTERS else _as_set(row)


def console_for_reply(db: Database, shop_id: str, session: str) -> ShopConsole | None:
    """The console by whose API a reply reaches this session's buyer; None where there is none."""
    found = find_console(db, shop_id, console_of(session))
    return found if found is not None and found.replies else None


def consoles_for_replies(db: Database, shop_id: str) -> dict[str, ShopConsole]:
    """The consoles of the shop by whose API replies go out, by the name that `console_of` finds in a session's id."""
    rows = db.exec(select(ConsoleRow).where(ConsoleRow.shop_id == shop_id)).all()
    as_set = [_as_set(row) for row in rows if row.adapter in ADAPTERS]
    return {found.console.name: found for found in as_set if found.replies}


def list_consoles(db: Database, shop_id: str) -> list[ConsoleRow]:
    """As they are kept, secrets included."""
    _check_shop(db, shop_id)
    return list(db.exec(select(ConsoleRow).where(ConsoleRow.shop_id == shop_id).order_by(ConsoleRow.adapter)))


def set_console(
    db: Database,
    shop_id: str,
    adapter: str,
    changes: Mapping[str, str],
    now: datetime,
    *,
    by: str = OPERATOR,
) -> ShopConsole:
    """Set some of a console's settings, the others stay; an empty value takes one away.

    Raises `AdministrationError` that names the setting; then nothing is changed.
    """
    _check_shop(db, shop_id)
    console = configurable(adapter)
    row = db.get(ConsoleRow, (shop_id, adapter))
    settings = {**(row.settings if row is not None else {}), **changes}
    settings = {name: value for name, value in settings.items() if value}
    _check(console, settings)
    if row is None:
        row = ConsoleRow(shop_id=shop_id, adapter=adapter, updated_at=now)
    before = {name for name, value in row.settings.items() if settings.get(name) != value}
    after = {name for name, value in settings.items() if row.settings.get(name) != value}
    row.settings, row.updated_at = settings, now
    db.add(row)
    detail = {"settings": sorted(before | after)}
    note(db, shop_id, AuditAct.CONSOLE_SET, by=by, now=now, target=adapter, detail=detail)
    return _as_set(row)


def remove_console(db: Database, shop_id: str, adapter: str, now: datetime, *, by: str = OPERATOR) -> None:
    """Forget what was set, secrets and cursor with it. Raises `AdministrationError` if nothing was."""
    row = db.get(ConsoleRow, (shop_id, adapter))
    if row is None:
        raise AdministrationError(f"店铺 {shop_id} 没有配置 {adapter} / the shop has no such console")
    db.delete(row)
    note(db, shop_id, AuditAct.CONSOLE_REMOVED, by=by, now=now, target=adapter)


def configurable(adapter: str) -> Console:
    """The console of that name, if there is something to set. Raises `AdministrationError`."""
    console = ADAPTERS.get(adapter)
    if console is None or not console.settings:
        names = "、".join(name for name, known in ADAPTERS.items() if known.settings)
        raise AdministrationError(
            f"没有可配置的客服台 {adapter}；可用：{names} / no such console to configure"
        )
    return console


def _check(console: Console, settings: Mapping[str, str]) -> None:
    known = {setting.name: setting for setting in console.settings}
    for name in settings:
        if name not in known:
            raise AdministrationError(
                f"{console.name} 没有设置 {name}；可用：{'、'.join(known)} / unknown setting", name
            )
    for setting in console.settings:
        value = settings.get(setting.name)
        if value is None and setting.required:
            raise AdministrationError(
                f"{console.name} 缺少 {setting.name}：{setting.label} / is missing", setting.name
            )
        if value is not None and not re.fullmatch(setting.pattern, value):
            # The value is not repeated: it may be a secret.
            raise AdministrationError(
                f"{console.name} 的 {setting.name} 不对：{setting.label} / not usable", setting.name
            )


def _as_set(row: ConsoleRow) -> ShopConsole:
    console = ADAPTERS[row.adapter]
    defaults = {setting.name: setting.default for setting in console.settings if setting.default is not None}
    return ShopConsole(console, {**defaults, **row.settings})


def _check_shop(db: Database, shop_id: str) -> None:
    if db.get(ShopRow, shop_id) is None:
        raise AdministrationError(f"没有店铺 {shop_id}；用 miaohui shop add 新建 / unknown shop")
