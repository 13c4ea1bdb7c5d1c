"""The page of care: what is found in the bank and in what buyers asked, each with one click that puts it right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

from app.web.phrase_pages import Frame, shortened
from app.web.rendering import ENVIRONMENT, render
from phrasebank import Phrase
from phrasebank.care import KIND_NAMES, Action, Do, Finding, Kind
from phrasebank.care.enquiries import TO_BE_WRITTEN

SHOWN: Final = 50
"""Findings of one kind that are listed; all of them are counted."""
SPARK_WIDTH: Final = 120
SPARK_HEIGHT: Final = 28

ORDER: Final = (
    Kind.UNANSWERED,
    Kind.EXAMPLE_SUGGESTED,
    Kind.KEYWORD_SUGGESTED,
    *(kind for kind in Kind if kind not in (Kind.UNANSWERED, Kind.EXAMPLE_SUGGESTED, Kind.KEYWORD_SUGGESTED)),
)
"""What helps buyers most comes first."""
HINTS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        Kind.UNANSWERED: "买家在问、话术库答不上来的，问得最多的在前。起草一条，或并进最接近的那条。",
        Kind.EXAMPLE_SUGGESTED: "客服用这条话术回答过，机器却没推荐它：把买家的原话加进例句，下次就会了。",
        Kind.KEYWORD_SUGGESTED: "这些词几乎只出现在这一条的例句里。",
        Kind.DUPLICATE: "留一条，例句和关键词都并过去。",
        Kind.NEAR_DUPLICATE: "说的是一回事，合成一条，不同的说法轮着用。",
        Kind.CODE: "同一个码调出两条，客服分不清。",
        Kind.EXAMPLE: "同一句买家的话教给了两条话术，机器两头为难。",
        Kind.KEYWORD_SHARED: "同一个关键词分属几条话术。",
        Kind.KEYWORD_COMMON: "太多话里都有这个词，会把不相干的也叫来。",
        Kind.UNREACHABLE: "没有例句、关键词和快捷码，推荐不到，也调不出来。",
        Kind.EXPIRING: "过了这天就不再推荐。",
        Kind.NEVER_USED: "推荐过也没人用，或从没推荐过。",
    }
)
_DO_NAMES: Final[Mapping[Do, str]] = MappingProxyType(
    {
        Do.MERGE: "合并成一条",
        Do.RETIRE: "停用",
        Do.EXTEND: "延期",
        Do.CLEAR_CODE: "去掉快捷码",
        Do.ADD_EXAMPLES: "加进例句",
        Do.REMOVE_EXAMPLES: "从例句里去掉",
        Do.ADD_KEYWORDS: "加为关键词",
        Do.REMOVE_KEYWORDS: "去掉关键词",
        Do.KEYWORDS_TO_EXAMPLES: "关键词改作例句",
        Do.ADD_NOT_KEYWORDS: "加为排除词",
        Do.REMOVE_NOT_KEYWORDS: "去掉排除词",
        Do.DRAFT: "起草一条话术",
    }
)


@dataclass(frozen=True, slots=True)
class Button:
    """One click: what stands on it, and the action that is sent back as JSON.

    `address` leads to a form instead, where somebody has to write what no agent has said yet.
    """

    label: str
    action: str
    strong: bool
    address: str = ""


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as it is drawn. `phrases` are (id, name) of those concerned, `spark` the points of its trend."""

    id: str
    finding: Finding
    phrases: tuple[tuple[str, str], ...]
    nearest: tuple[str, str, float] | None
    buttons: tuple[Button, ...]
    spark: str
    days: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one kind; `total` counts all, `views` are those listed."""

    kind: Kind
    name: str
    hint: str
    total: int
    views: tuple[FindingView, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What was done about a finding: in words, the phrase to look at next, and the changes that undo it, or that it was dismissed."""

    finding: str
    words: str
    phrase: tuple[str, str] | None = None
    changes: tuple[str, ...] = ()
    dismissed: bool = False


def care_page(frame: Frame, groups: Sequence[Group] | None, dismissed: int = 0) -> str:
    """The page; None for `groups` while they are still looked for: then the page asks for them itself.

    `dismissed` more were found that nobody wants to see.
    """
    return render("phrases/care.html", frame=frame, groups=groups, dismissed=dismissed)


def findings_part(frame: Frame, groups: Sequence[Group], dismissed: int = 0) -> str:
    """What was found, for a swap into the page that waits for it."""
    return render("phrases/parts/care.html", frame=frame, groups=groups, dismissed=dismissed)


def done_part(frame: Frame, done: Done) -> str:
    """What stands in the place of a finding that was dealt with."""
    return render("phrases/parts/done.html", frame=frame, done=done)


def groups_of(findings: Sequence[Finding], phrases: Mapping[str, Phrase]) -> tuple[Group, ...]:
    """The findings by kind, those of enquiries by how often they were asked."""
    groups = []
    for kind in ORDER:
        found = [finding for finding in findings if finding.kind is kind]
        found.sort(key=lambda finding: -finding.detail.get("size", 0))
        if found:
            views = tuple(_view(finding, phrases) for finding in found[:SHOWN])
            groups.append(Group(kind, KIND_NAMES[kind], HINTS.get(kind, ""), len(found), views))
    return tuple(groups)


def name_of(phrase_id: str, phrases: Mapping[str, Phrase]) -> str:
    """What people call a phrase; its id if it is gone."""
    phrase = phrases.get(phrase_id)
    return phrase_id if phrase is None else phrase.title or shortened(phrase.text)


def label_of(action: Action, phrases: Mapping[str, Phrase]) -> str:
    """What stands on the button of an action."""
    if action.do is Do.MERGE:
        return f"并入「{name_of(action.into, phrases)}」"
    if action.do is Do.EXTEND:
        return f"延到 {action.until}"
    label = _DO_NAMES[action.do]
    if action.do in (Do.DRAFT, Do.RETIRE) or len(action.ids) != 1:
        return label
    words = "" if action.do is Do.ADD_EXAMPLES else "、".join(shortened(text) for text in action.texts[:2])
    more = f"等 {len(action.texts)} 个" if words and len(action.texts) > 2 else ""
    return f"「{name_of(action.ids[0], phrases)}」{label}{'：' if words else ''}{words}{more}"


def done_words(action: Action, phrases: Mapping[str, Phrase]) -> str:
    """What an action that was carried out has done."""
    if action.do is Do.DRAFT:
        return f"已起草「{action.title or shortened(action.text)}」，批准之后才会用"
    return f"已处理：{label_of(action, phrases)}"


def _view(finding: Finding, phrases: Mapping[str, Phrase]) -> FindingView:
    nearest: Mapping[str, Any] | None = finding.detail.get("nearest")
    days = tuple((point["day"], int(point["count"])) for point in finding.detail.get("trend", ()))
    return FindingView(
        id=finding.id,
        finding=finding,
        phrases=tuple((phrase_id, name_of(phrase_id, phrases)) for phrase_id in finding.ids),
        nearest=(nearest["id"], name_of(nearest["id"], phrases), nearest["score"]) if nearest else None,
        buttons=tuple(
            _button(action, phrases, strong=place == 0)
            for place, action in enumerate((finding.action, *finding.others))
        ),
        spark=spark([count for _, count in days]),
        days=days,
    )


def _button(action: Action, phrases: Mapping[str, Phrase], *, strong: bool) -> Button:
    if action.do is Do.DRAFT and action.text.startswith(TO_BE_WRITTEN):
        query = urlencode({"title": action.title, "example": action.texts}, doseq=True, errors="replace")
        return Button("写一条话术", "", strong, f"/phrases/new?{query}")
    return Button(label_of(action, phrases), json.dumps(action.to_json()), strong)


def spark(counts: Sequence[int]) -> str:
    """The points of a line through `counts` in a box of `SPARK_WIDTH` by `SPARK_HEIGHT`; empty for fewer than two."""
    if len(counts) < 2:
        return ""
    most = max(counts) or 1
    step = SPARK_WIDTH / (len(counts) - 1)
    return " ".join(
        f"{place * step:.1f},{SPARK_HEIGHT - 2 - (SPARK_HEIGHT - 4) * count / most:.1f}"
        for place, count in enumerate(counts)
    )


ENVIRONMENT.globals.update(spark_box=f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}")
