"""Findings of care that a shop does not want to see again, until what they rest on changes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session as Database
from sqlmodel import col, delete
from sqlmodel import select as select_rows

from app.db.tables import CareDismissalRow
from app.usecases.phrase_history import Author
from phrasebank.care import Finding


def dismiss(db: Database, shop_id: str, finding_id: str, state: str, author: Author) -> None:
    """Leave this finding out from now on, as long as its `state` is this one."""
    db.merge(CareDismissalRow(shop_id=shop_id, finding=finding_id, state=state, by=author.name, at=author.at))


def restore(db: Database, shop_id: str, finding_id: str | None = None) -> None:
    """List this finding again, or without an id all that the shop has dismissed."""
    dismissed = delete(CareDismissalRow).where(col(CareDismissalRow.shop_id) == shop_id)
    if finding_id is not None:
        dismissed = dismissed.where(col(CareDismissalRow.finding) == finding_id)
    db.exec(dismissed)


def without_dismissed(db: Database, shop_id: str, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that the shop has not dismissed as they stand."""
    rows = db.exec(
        select_rows(CareDismissalRow.finding, CareDismissalRow.state).where(
            CareDismissalRow.shop_id == shop_id
        )
    )
    dismissed = set(rows.all())
    return tuple(finding for finding in findings if (finding.id, finding.state) not in dismissed)
