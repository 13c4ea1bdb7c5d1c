"""The shop's phrase bank: read, change, import, export. Every change makes the index of all processes new."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlmodel import Session as Database

from app.db.tables import PhraseRow, ShopRow
from app.db.upserts import upsert
from app.usecases.knowledge import read_phrases
from app.usecases.shops import UnknownShopError
from lint import Linter
from phrasebank import Phrase
from phrasebank.formats import ReadResult
from phrasebank.merging import Prefer, merge


class PhraseError(ValueError):
    """A phrase that cannot be stored; `findings` are the linter's, where they are the reason."""

    def __init__(self, message: str, findings: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.findings = list(findings)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do, or did. Nothing that is already in the bank is ever removed by an import."""

    added: tuple[Phrase, ...]
    changed: tuple[Phrase, ...]
    same: int
    problems: tuple[dict[str, Any], ...]
    warnings: tuple[dict[str, Any], ...] = ()
    differences: tuple[dict[str, Any], ...] = ()
    untouched: int = 0


def save_phrase(db: Database, linter: Linter, shop_id: str, raw: dict[str, Any], now: datetime) -> Phrase:
    """Add or overwrite one phrase. Raises `PhraseError` for one that is not a phrase or breaks a rule."""
    body = dict(raw)
    body.setdefault("id", f"p-{secrets.token_hex(6)}")
    try:
        phrase = Phrase.from_json(body)
    except ValueError as error:
        raise PhraseError(str(error)) from error
    if findings := errors_in(linter, phrase):
        raise PhraseError("话术里有违规用语，请修改后再保存 / the linter found errors", findings)
    _store(db, shop_id, [phrase], now)
    return phrase


def remove_phrase(db: Database, shop_id: str, phrase_id: str) -> bool:
    """False if there is no such phrase."""
    row = db.get(PhraseRow, (shop_id, phrase_id))
    if row is None:
        return False
    db.delete(row)
    _grow(db, shop_id)
    return True


def plan_import(
    db: Database,
    shop_id: str,
    read: ReadResult,
    findings: Sequence[Sequence[dict[str, Any]]],
    *,
    prefer: Prefer = "bank",
) -> ImportPlan:
    """What an import would do; a phrase in which the linter finds an error is refused and named.

    `findings` are those of `findings_in` for the phrases that were read.
    """
    judged = list(zip(read.phrases, read.places, findings, read.unsaid, strict=True))
    accepted = [entry for entry in judged if not _errors(entry[2])]
    refused = [entry for entry in judged if _errors(entry[2])]
    merged = merge(
        read_phrases(db, shop_id),
        [phrase for phrase, *_ in accepted],
        prefer=prefer,
        unsaid=[unsaid for *_, unsaid in accepted],
    )
    # A phrase that is there twice in the file is stored once, as it stands after both.
    added = {change.phrase.id: change.phrase for change in merged.changes if change.kind == "added"}
    changed = {
        change.phrase.id: change.phrase for change in merged.changes if change.kind in ("extended", "changed")
    }
    added |= {name: changed.pop(name) for name in list(changed) if name in added}
    return ImportPlan(
        tuple(added.values()),
        tuple(changed.values()),
        merged.count("unchanged"),
        tuple(
            {"row": place.row, "id": phrase.id, "text": phrase.text, "findings": _errors(found)}
            for phrase, place, found, _ in refused
        ),
        tuple(
            {"row": place.row, "id": phrase.id, "text": phrase.text, "findings": list(found)}
            for phrase, place, found, _ in accepted
            if found
        ),
        tuple(
            {"row": place.row, **change.to_json()}
            for (_, place, *_), change in zip(accepted, merged.changes, strict=True)
            if change.differences
        ),
        len(merged.untouched),
    )


def carry_out(db: Database, shop_id: str, plan: ImportPlan, now: datetime) -> None:
    """Store what a plan adds and changes."""
    _store(db, shop_id, [*plan.added, *plan.changed], now)


def errors_in(linter: Linter, phrase: Phrase) -> list[dict[str, Any]]:
    """Findings at error level in the phrase and its variants, as a template that many buyers will read."""
    return _errors(next(findings_in(linter, [phrase])))


def findings_in(linter: Linter, phrases: Sequence[Phrase]) -> Iterator[tuple[dict[str, Any], ...]]:
    """For each phrase what the linter finds in its text and variants at warning level and above, as a template."""
    reports = linter.check_all(
        (text for phrase in phrases for text in (phrase.text, *phrase.variants)), channel="template"
    )
    for phrase in phrases:
        yield tuple(
            {
                "text": report.text,
                "rule": finding.rule,
                "message": finding.message,
                "match": finding.match,
                "severity": finding.severity,
            }
            for report in islice(reports, 1 + len(phrase.variants))
            for finding in report.findings
            if finding.severity != "info"
        )


def _errors(findings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [finding for finding in findings if finding["severity"] == "error"]


def _store(db: Database, shop_id: str, phrases: Sequence[Phrase], now: datetime) -> None:
    rows = [
        {"shop_id": shop_id, "id": phrase.id, "body": phrase.to_json(), "updated_at": now}
        for phrase in phrases
    ]
    upsert(db, PhraseRow, rows)
    _grow(db, shop_id)


def _grow(db: Database, shop_id: str) -> None:
    shop = db.get(ShopRow, shop_id, with_for_update=True)
    if shop is None:
        raise UnknownShopError(f"没有店铺 {shop_id} / unknown shop")
    shop.bank_version += 1
    db.add(shop)
