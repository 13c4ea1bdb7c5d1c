"""The page that tells who changed a phrase, when and why, with the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from app.web.phrase_pages import COLUMN_NAMES, Frame, shortened
from app.web.rendering import ENVIRONMENT, render
from phrasebank import Phrase
from phrasebank.changes import columns_changed

ACTION_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "added": ("新增", "good"),
        "changed": ("修改", "calm"),
        "removed": ("删除", "bad"),
        "restored": ("恢复", "good"),
        "imported": ("导入", "calm"),
        "learned": ("学到", "good"),
        "unlearned": ("撤销学到的", "plain"),
    }
)
"""Action -> (what people read, tone of its badge)."""

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One change as it was recorded; `before` and `after` are None where the phrase was not there."""

    id: str
    at: datetime
    by: str
    action: str
    why: str
    before: Record | None
    after: Record | None


@dataclass(frozen=True, slots=True)
class WayBack:
    """A button: `undo` takes the change back, `change` brings the phrase to how it stood after it."""

    name: Literal["undo", "change"]
    label: str


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change as it is drawn; `differences` are (column, before, after), None on a side where the phrase was not there."""

    change: Change
    differences: tuple[tuple[str, Any, Any], ...]
    way_back: WayBack | None


@dataclass(frozen=True, slots=True)
class History:
    """The changes of a phrase, the newest first. `older` is the id before which the next page begins, if there is one."""

    phrase_id: str
    title: str
    exists: bool
    timezone: str
    changes: tuple[ChangeView, ...]
    older: str | None = None


def history_page(frame: Frame, history: History) -> str:
    """The page of one phrase's changes."""
    return render("phrases/history.html", frame=frame, history=history)


def history_of(
    phrase_id: str,
    phrase: Phrase | None,
    changes: Sequence[Change],
    *,
    timezone: str,
    first_page: bool = True,
    older: str | None = None,
) -> History:
    """The history of a phrase that stands as `phrase` now; None if it is gone."""
    named = phrase.to_json() if phrase is not None else _last_record(changes)
    return History(
        phrase_id,
        named.get("title") or shortened(named.get("text", "")) or phrase_id,
        phrase is not None,
        timezone,
        tuple(
            ChangeView(change, _differences(change), _way_back(change, newest=first_page and place == 0))
            for place, change in enumerate(changes)
        ),
        older,
    )


def _last_record(changes: Sequence[Change]) -> Record:
    return next((record for change in changes for record in (change.after, change.before) if record), {})


def _differences(change: Change) -> tuple[tuple[str, Any, Any], ...]:
    before, after = change.before, change.after
    columns = columns_changed(before, after)
    ordered = [*(c for c in COLUMN_NAMES if c in columns), *(c for c in columns if c not in COLUMN_NAMES)]
    one_side = before is None or after is None
    return tuple(
        (column, before and before.get(column), after and after.get(column))
        for column in ordered
        if not (one_side and _says_nothing(column, (before or after or {}).get(column)))
    )


def _says_nothing(column: str, value: Any) -> bool:
    """Whether a column of a phrase that came or went is not worth a line."""
    return column == "id" or not value or (column, value) in (("owner", "team"), ("state", "approved"))


def _way_back(change: Change, *, newest: bool) -> WayBack | None:
    if change.after is None:
        return WayBack("undo", "找回这条话术")
    if not newest:
        return WayBack("change", "恢复到这一版")
    return WayBack("undo", "撤销这一次") if change.before is not None else None


ENVIRONMENT.globals.update(action_names=ACTION_NAMES)
