"""The shop's phrase bank: read, change, import, export. Every change makes the index of all processes new."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlmodel import Session as Database

from app.db.tables import PhraseChangeRow
from app.usecases.audit import AuditAct, note
from app.usecases.knowledge import read_phrases
from app.usecases.phrase_history import Action, Author, change_phrases, phrases_by_id
from lint import Linter
from phrasebank import Phrase
from phrasebank.changes import without_change
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


def save_phrase(
    db: Database,
    linter: Linter,
    shop_id: str,
    raw: Mapping[str, Any],
    author: Author,
    *,
    action: Action | None = None,
) -> Phrase:
    """Add or overwrite one phrase. Raises `PhraseError` for one that is not a phrase or breaks a rule."""
    body = {"id": f"p-{secrets.token_hex(6)}", **raw}
    try:
        phrase = Phrase.from_json(body)
    except ValueError as error:
        raise PhraseError(str(error)) from error
    if findings := errors_in(linter, phrase):
        raise PhraseError("话术里有违规用语，请修改后再保存 / the linter found errors", findings)
    change_phrases(db, shop_id, author, saved=[phrase], action=action)
    return phrase


def change_phrase(
    db: Database, linter: Linter, shop_id: str, phrase_id: str, raw: Mapping[str, Any], author: Author
) -> Phrase | None:
    """Change the given columns of a phrase; the others stay. None if there is no such phrase. Raises `PhraseError`."""
    before = phrases_by_id(db, shop_id, [phrase_id]).get(phrase_id)
    if before is None:
        return None
    return save_phrase(db, linter, shop_id, {**before.to_json(), **raw, "id": phrase_id}, author)


def remove_phrase(db: Database, shop_id: str, phrase_id: str, author: Author) -> bool:
    """False if there is no such phrase."""
    return bool(change_phrases(db, shop_id, author, removed_ids=[phrase_id]))


def restore_phrase(
    db: Database, linter: Linter, shop_id: str, phrase_id: str, change: PhraseChangeRow, author: Author
) -> Phrase | None:
    """Bring a phrase back to how it stood after a change; None if it was removed then. Raises `PhraseError`."""
    return _back_to(db, linter, shop_id, phrase_id, change.after, author)


def undo_change(
    db: Database, linter: Linter, shop_id: str, phrase_id: str, change: PhraseChangeRow, author: Author
) -> Phrase | None:
    """Take one change back and keep what came after it; None if there is no phrase then.

    Raises `ChangedSinceError` where that cannot be told apart, and `PhraseError`.
    """
    now = phrases_by_id(db, shop_id, [phrase_id]).get(phrase_id)
    if now is None or change.before is None or change.after is None:
        return _back_to(db, linter, shop_id, phrase_id, change.before, author)
    body = without_change(now.to_json(), change.before, change.after)
    return _back_to(db, linter, shop_id, phrase_id, body, author)


def _back_to(
    db: Database,
    linter: Linter,
    shop_id: str,
    phrase_id: str,
    body: Mapping[str, Any] | None,
    author: Author,
) -> Phrase | None:
    if body is None:
        change_phrases(db, shop_id, author, removed_ids=[phrase_id], action="restored")
        return None
    return save_phrase(db, linter, shop_id, body, author, action="restored")


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


def carry_out(db: Database, shop_id: str, plan: ImportPlan, author: Author) -> None:
    """Store what a plan adds and changes."""
    saved = [*plan.added, *plan.changed]
    change_phrases(db, shop_id, author, saved=saved, action="imported")
    if not saved:
        return
    detail = {"added": len(plan.added), "changed": len(plan.changed)}
    note(
        db,
        shop_id,
        AuditAct.PHRASES_IMPORTED,
        by=author.name,
        now=author.at,
        target=author.why,
        detail=detail,
    )


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
