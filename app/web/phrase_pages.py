"""The pages of the phrase bank: values in, HTML out. Nothing here reads the database, the clock or the request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.usecases.browse_phrases import PAGE, Entry, Listing, Wanted
from app.web.asked_forms import Form
from app.web.dashboard import excerpt
from app.web.rendering import ENVIRONMENT, render
from app.web.who import NOBODY, Who
from phrasebank import Phrase

SHORT: Final = 24
"""Code points of a phrase's text that stand for a missing title."""

STATE_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"approved": ("启用中", "good"), "draft": ("待批准", "warn"), "retired": ("已停用", "plain")}
)
"""State -> (what people read, tone of its badge)."""
COLUMN_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text": "内容",
        "title": "标题",
        "category": "分组",
        "keywords": "关键词",
        "not_keywords": "排除词",
        "examples": "例句",
        "not_examples": "反例",
        "code": "快捷码",
        "variants": "其他说法",
        "platforms": "平台",
        "items": "商品",
        "images": "图片",
        "valid_from": "生效日期",
        "valid_until": "失效日期",
        "state": "状态",
        "owner": "归属",
        "order": "排序",
        "id": "编号",
    }
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of phrases shows around its own matter. `platforms` are keys and names."""

    shop_name: str
    may_edit: bool
    token: str
    platforms: Mapping[str, str]
    who: Who = NOBODY


@dataclass(frozen=True, slots=True)
class Removed:
    """A phrase that was just deleted, and the change by which it can be brought back."""

    phrase: Phrase
    change_id: str


def list_page(frame: Frame, listing: Listing, removed: Removed | None = None) -> str:
    """The list of phrases with its search."""
    return render("phrases/list.html", frame=frame, listing=listing, removed=removed)


def proposal_page(frame: Frame, form: Form, done: str) -> str:
    """The form by which an agent proposes a phrase."""
    return render("phrases/propose.html", frame=frame, form=form, done=done)


def results_part(frame: Frame, listing: Listing) -> str:
    """The phrases found, for a swap into the open list."""
    return render("phrases/parts/results.html", frame=frame, listing=listing)


def entry_part(frame: Frame, entry: Entry, today: date) -> str:
    """One phrase of the list, as it stands now."""
    return render("phrases/parts/entry.html", frame=frame, entry=entry, today=today, in_search=False)


def removed_part(frame: Frame, removed: Removed) -> str:
    """What stands in the place of a phrase that was deleted, with the way back."""
    return render(
        "phrases/parts/removed.html", frame=frame, phrase=removed.phrase, change_id=removed.change_id
    )


def address_of(wanted: Wanted) -> str:
    """The query of the list's address."""
    given = {
        "q": wanted.words,
        "category": "" if wanted.category is None else f"={wanted.category}",
        "state": wanted.state,
        "owner": wanted.owner,
        "platform": wanted.platform,
        "start": wanted.start or "",
    }
    return urlencode({key: value for key, value in given.items() if value != ""}, errors="replace")


def shortened(text: str) -> str:
    """`text` on one line, cut to `SHORT` code points."""
    line = " ".join(text[: 4 * SHORT].split())
    return line if len(line) <= SHORT else line[: SHORT - 1] + "…"


def _element_id(phrase_id: str) -> str:
    """An id for the page, safe whatever the phrase's own holds."""
    return "p" + hashlib.blake2s(phrase_id.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _validity(phrase: Phrase, today: date) -> tuple[str, str] | None:
    """(What people read, tone) of a phrase that does not hold today or ends some day."""
    day = today.isoformat()
    if phrase.valid_from and day < phrase.valid_from:
        return f"{phrase.valid_from} 起生效", "warn"
    if not phrase.valid_until:
        return None
    if phrase.valid_until < day:
        return f"{phrase.valid_until} 已过期", "bad"
    return f"用到 {phrase.valid_until}", "plain"


@dataclass(frozen=True, slots=True)
class ListDifference:
    """What went from a list, what came to it, and how many stayed."""

    gone: tuple[str, ...]
    come: tuple[str, ...]
    same: int


def _list_difference(pair: tuple[Any, Any]) -> ListDifference | None:
    """The difference of two lists; None if one of the two is none."""
    before, after = ([] if side is None else side for side in pair)
    if not (isinstance(before, list) and isinstance(after, list)) or (not before and not after):
        return None
    gone = tuple(item for item in before if item not in after)
    return ListDifference(gone, tuple(item for item in after if item not in before), len(before) - len(gone))


def finding_words(finding: Mapping[str, Any]) -> str:
    """What a finding of the linter says; the words that it is about stand in it."""
    message, match = finding["message"], finding["match"]
    return message if match in message else f"「{match}」{message}"


def _local(at: datetime, timezone: str) -> str:
    return at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M:%S")


def _query(values: Mapping[str, Any]) -> str:
    return urlencode(values, errors="replace")


ENVIRONMENT.filters.update(
    shortened=shortened,
    element_id=_element_id,
    validity=_validity,
    local=_local,
    list_difference=_list_difference,
    finding_words=finding_words,
    query=_query,
    address_from=lambda wanted, start: address_of(replace(wanted, start=start)),
    address_in=lambda wanted, category: address_of(replace(wanted, category=category, start=0)),
    excerpt_in=lambda finding, text: excerpt(text, finding.start, finding.end),
    megabytes=lambda size: f"{size / 1024 / 1024:.3g} MB",
)
ENVIRONMENT.globals.update(state_names=STATE_NAMES, column_names=COLUMN_NAMES, page_size=PAGE)
