"""Which shops' phrases a transaction has changed: until it commits, nobody else may see a bank with them."""

from __future__ import annotations

from typing import Any, Final

from sqlmodel import Session

_CHANGED: Final = "uncommitted banks"


def note_uncommitted(db: Session, shop_id: str) -> None:
    """Say that the transaction changes the shop's phrases."""
    uncommitted(db).setdefault(shop_id, None)


def uncommitted(db: Session) -> dict[str, Any]:
    """The shops changed, each with what its transaction keeps of its bank; None at first."""
    found: dict[str, Any] = db.info.setdefault(_CHANGED, {})
    return found
