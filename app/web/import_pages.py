"""The page that imports and exports: what a file would do to the bank, before it does it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.usecases.bank_care import ImportPlan
from app.web.phrase_pages import COLUMN_NAMES, Frame, finding_words
from app.web.rendering import render
from phrasebank import Phrase
from phrasebank.files.delimited import write_delimited
from phrasebank.formats import ReadResult
from phrasebank.merging import Prefer

SHOWN: Final = 200
"""How many of each sort are listed; all of them are counted, and stored."""
EXPORTS: Final = (
    ("Excel 工作簿（xlsx）", "日常编辑用这个", "format=xlsx"),
    ("csv", "Excel 双击能开，不乱码", "format=csv"),
    ("csv（GB18030）", "给只认 GBK 的老软件", "format=csv&encoding=gb18030"),
    ("jsonl", "一行一条，程序和版本管理用", "format=jsonl"),
    ("json", "一个数组", "format=json"),
    ("yaml", "人手改着方便", "format=yaml"),
    ("toml", "和配置文件放在一起用", "format=toml"),
    ("tsv", "制表符分隔", "format=tsv"),
)
"""Name, for whom, and the query of the address."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is not taken: where it stands, the column at fault if one is, why, and its text where it has one."""

    place: str
    column: str
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class ChangedPhrase:
    """A phrase of the bank that the file has, too. `differences` are (column, in the bank, in the file, taken)."""

    place: str
    title: str
    differences: tuple[tuple[str, Any, Any, bool], ...]


@dataclass(frozen=True, slots=True)
class Warned:
    place: str
    text: str
    findings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Review:
    """What is shown of an import. The lists hold at most `SHOWN` entries, the numbers count all.

    `refusal` says why nothing can be stored; `headers` are the columns of the file with ours; `plan` names what would be
    stored, so that nothing else is; `stored` tells that it was.
    """

    name: str
    prefer: Prefer = "bank"
    stored: bool = False
    refusal: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    sums: tuple[tuple[str, int, str], ...] = ()
    plan: str = ""
    stores: int = 0
    added: tuple[Phrase, ...] = ()
    added_total: int = 0
    changed: tuple[ChangedPhrase, ...] = ()
    changed_total: int = 0
    bad: tuple[BadRow, ...] = ()
    bad_total: int = 0
    warnings: tuple[Warned, ...] = ()
    warnings_total: int = 0
    notes: tuple[BadRow, ...] = ()
    notes_total: int = 0

    @property
    def unknown(self) -> int:
        """How many columns of the file are none of ours."""
        return sum(not column for _, column in self.headers)

    @property
    def can_store(self) -> bool:
        """Is there anything to be stored, and nothing in the way?"""
        return bool(self.stores) and not self.stored


def import_page(frame: Frame, *, limit: int, size: int) -> str:
    """The page; `limit` is the largest file in bytes, `size` the number of phrases in the bank."""
    return render("phrases/import.html", frame=frame, limit=limit, size=size, exports=EXPORTS)


def review_part(review: Review) -> str:
    """What a file would do, or did, for a swap into the page."""
    return render("phrases/parts/review.html", review=review)


def refused(name: str, message: str, headers: Sequence[str] = ()) -> Review:
    """The review of a file that cannot be read; with `headers` somebody can say what they mean."""
    return Review(name, refusal=message, headers=tuple((header, "") for header in headers))


def review_of(
    name: str, read: ReadResult, plan: ImportPlan, *, prefer: Prefer, stored: bool, refusal: str = ""
) -> Review:
    """The review of a file that was read and planned, in the order in which people care."""
    bad = _bad_rows(read, plan)
    added = {phrase.id for phrase in plan.added}
    titles = {phrase.id: phrase.title or phrase.text for phrase in (*plan.changed, *plan.added)}
    # A row that repeats one of the same file is told in the notes.
    changed = [change for change in plan.differences if change["id"] not in added]
    return Review(
        name,
        prefer=prefer,
        stored=stored,
        refusal=refusal,
        headers=tuple(read.headers.items()),
        sums=(
            ("新增" if stored else "会新增", len(plan.added), "good"),
            ("改动" if stored else "会改动", len(plan.changed), "calm"),
            ("和库里一样", plan.same, "plain"),
            ("没有收", len(bad), "bad"),
            ("用语提醒", len(plan.warnings), "warn"),
        ),
        plan=plan_name(plan),
        stores=len(plan.added) + len(plan.changed),
        added=plan.added[:SHOWN],
        added_total=len(plan.added),
        changed=tuple(_changed(change, titles) for change in changed[:SHOWN]),
        changed_total=len(changed),
        bad=tuple(bad[:SHOWN]),
        bad_total=len(bad),
        warnings=tuple(
            Warned(f"第 {warning['row']} 行", warning["text"], tuple(warning["findings"]))
            for warning in plan.warnings[:SHOWN]
        ),
        warnings_total=len(plan.warnings),
        notes=tuple(BadRow(str(note.place), note.column, note.reason) for note in read.notes[:SHOWN]),
        notes_total=len(read.notes),
    )


def plan_name(plan: ImportPlan) -> str:
    """A name that two plans share only if they would store the same."""
    records = [phrase.to_json() for phrase in (*plan.added, *plan.changed)]
    return hashlib.blake2b(json.dumps(records).encode(), digest_size=16).hexdigest()


def bad_rows_csv(read: ReadResult, plan: ImportPlan) -> bytes:
    """The rows that are not taken as a csv that Excel opens; empty where there are none."""
    rows = [[bad.place, COLUMN_NAMES.get(bad.column, bad.column), bad.reason, bad.text] for bad in _bad_rows(read, plan)]  # fmt: skip
    return write_delimited([["位置", "列", "原因", "内容"], *rows], "utf-8-sig", ",") if rows else b""


def _bad_rows(read: ReadResult, plan: ImportPlan) -> list[BadRow]:
    """All rows that are not taken, in the order of the file."""
    rows = [
        (problem.row, BadRow(str(problem.place), problem.column, problem.reason)) for problem in read.problems
    ]
    for refusal in plan.problems:
        reasons = "；".join(finding_words(finding) for finding in refusal["findings"])
        rows.append(
            (
                refusal["row"],
                BadRow(f"第 {refusal['row']} 行", "text", f"违规用语：{reasons}", refusal["text"]),
            )
        )
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _changed(change: Mapping[str, Any], titles: Mapping[str, str]) -> ChangedPhrase:
    return ChangedPhrase(
        f"第 {change['row']} 行",
        titles.get(change["id"], change["id"])[:60],
        tuple(
            (difference["column"], difference["before"], difference["after"], difference["taken"])
            for difference in change["differences"]
        ),
    )
