"""The pages of the phrase bank: values in, HTML out. Nothing here reads the database, the clock or the request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.core.edits import reconcile
from app.usecases.browse_phrases import PAGE, Entry, Listing, Wanted
from app.web.dashboard import excerpt
from app.web.phrase_forms import MAX_TEXT, base_field, fields_of
from app.web.rendering import ENVIRONMENT, render
from lint import Finding, Linter
from phrasebank import Phrase
from phrasebank.filling import fill, variables_in
from phrasebank.phrase import COLUMNS

SHORT: Final = 24
"""Code points of a phrase's text that stand for a missing title."""

STATE_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"approved": ("启用中", "good"), "draft": ("待批准", "warn"), "retired": ("已停用", "plain")}
)
"""State -> (what people read, tone of its badge)."""
STATE_CHOICES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "approved": ("启用", "good", "可以推荐、可以发"),
        "draft": ("草稿", "warn", "先存着，批准了才用"),
        "retired": ("停用", "plain", "留着，不再用"),
    }
)
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


@dataclass(frozen=True, slots=True)
class Removed:
    """A phrase that was just deleted, and the change by which it can be brought back."""

    phrase: Phrase
    change_id: str


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    kind: str
    sample: str


@dataclass(frozen=True, slots=True)
class Check:
    """What the linter says of a phrase that is being written, and how a buyer would read it.

    `findings` are (which text, the text, finding); `texts` are (which text, filled with samples).
    """

    findings: tuple[tuple[str, str, Finding], ...] = ()
    variables: tuple[Variable, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    images: tuple[str, ...] = ()
    too_long: str = ""

    @property
    def errors(self) -> int:
        """How many findings keep the phrase from being saved."""
        return sum(finding.severity == "error" for _, _, finding in self.findings)


@dataclass(frozen=True, slots=True)
class Clash:
    """Somebody else changed the phrase meanwhile: columns taken from them, and (column, mine, theirs) of those disputed."""

    headline: str
    taken: tuple[str, ...] = ()
    disputed: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one phrase. `fault` is the column at fault and why.

    `base` is what the form was made from, as its hidden field has it; `gone` tells that this was deleted meanwhile.
    """

    phrase_id: str = ""
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    base: str = ""
    is_new: bool = False
    gone: bool = False
    why: str = ""
    done: str = ""
    problem: str = ""
    fault: tuple[str, str] | None = None
    findings: tuple[Mapping[str, Any], ...] = ()
    clash: Clash | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    categories: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def list_page(frame: Frame, listing: Listing, removed: Removed | None = None) -> str:
    """The list of phrases with its search."""
    return render("phrases/list.html", frame=frame, listing=listing, removed=removed, **_names(frame))


def results_part(frame: Frame, listing: Listing) -> str:
    """The phrases found, for a swap into the open list."""
    return render("phrases/parts/results.html", frame=frame, listing=listing, **_names(frame))


def entry_part(frame: Frame, entry: Entry, today: date) -> str:
    """One phrase of the list, as it stands now."""
    return render(
        "phrases/parts/entry.html", frame=frame, entry=entry, today=today, in_search=False, **_names(frame)
    )


def removed_part(frame: Frame, removed: Removed) -> str:
    """What stands in the place of a phrase that was deleted, with the way back."""
    return render(
        "phrases/parts/removed.html", frame=frame, phrase=removed.phrase, change_id=removed.change_id
    )


def edit_page(frame: Frame, form: Form, check: Check) -> str:
    """The form of a phrase, with the linter's word on it."""
    return render("phrases/edit.html", frame=frame, form=form, check=check, **_names(frame))


def check_part(check: Check) -> str:
    """What the linter says, for a swap beside the open form."""
    return render("phrases/parts/check.html", check=check)


def form_of(record: Mapping[str, Any], base: Mapping[str, Any] | None, form: Form) -> Form:
    """`form`, showing `record`, which was made from `base`; None for a new phrase."""
    return replace(
        form,
        phrase_id=str(record.get("id") or ""),
        fields=fields_of(record),
        base=base_field(base or {}),
        is_new=base is None,
        extra=tuple((key, value) for key, value in record.items() if key not in COLUMNS),
    )


def clash_of(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], who: str
) -> tuple[dict[str, Any], Clash]:
    """The record to go on with after `who` stored `theirs` meanwhile, and what to tell of it."""
    reconciled = reconcile(base, mine, theirs)
    return reconciled.record, Clash(
        f"你编辑的时候，{who}改了这条话术",
        reconciled.taken,
        tuple((each.column, each.mine, each.theirs) for each in reconciled.disagreements),
    )


def checked(linter: Linter, record: Mapping[str, Any]) -> Check:
    """Lint the texts of a record as a template that many buyers will read, and fill their variables with samples."""
    texts = [("内容", str(record.get("text") or ""))]
    texts += [
        (f"第 {number} 种说法", text) for number, text in enumerate(record.get("variants") or (), start=2)
    ]
    texts = [(place, text) for place, text in texts if text.strip()]
    if any(len(text) > MAX_TEXT for _, text in texts):
        return Check(too_long=f"每条文字最多 {MAX_TEXT} 字，请分成几条话术。")
    names = dict.fromkeys(name for _, text in texts for name in variables_in(text))
    variables = tuple(Variable(name, "", f"〔{name}〕") for name in names)
    samples = {variable.name: variable.sample for variable in variables}
    reports = linter.check_all((text for _, text in texts), channel="template")
    return Check(
        findings=tuple(
            (place, text, finding)
            for (place, text), report in zip(texts, reports, strict=True)
            for finding in report.findings
            if finding.severity != "info"
        ),
        variables=variables,
        texts=tuple((place, fill(text, samples).text) for place, text in texts),
        images=tuple(record.get("images") or ()),
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


def _names(frame: Frame) -> dict[str, Any]:
    return {"platforms": frame.platforms}


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
ENVIRONMENT.globals.update(
    variable_names=(("buyer", "买家"), ("order_no", "订单号")),
    state_names=STATE_NAMES,
    state_choices=STATE_CHOICES,
    column_names=COLUMN_NAMES,
    page_size=PAGE,
)
