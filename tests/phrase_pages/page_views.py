"""Values for the phrase pages, with texts that strangers write."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.usecases.browse_phrases import Entry, Listing, Wanted
from app.web.care_pages import Group, groups_of
from app.web.phrase_pages import Frame
from phrasebank import Phrase
from phrasebank.care import Action, Do, Finding, Kind

TODAY = date(2026, 11, 22)
PLATFORMS = {"kuaishou": "快手小店", "douyin": "抖店"}
STRANGE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "\u202eכבא\u202c 反着的",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "{{ 7 * 7 }} {% raw %}",
    "a\ud800b",
    "x" * 5_000,
)


def frame(*, may_edit: bool = True) -> Frame:
    return Frame("暖木生活馆", may_edit, "tok-1", PLATFORMS)


def phrase(phrase_id: str = "p1", text: str = "您好，请问有什么可以帮到您？", **more: Any) -> Phrase:
    return Phrase.from_json({"id": phrase_id, "text": text, "category": "问候", "title": "首句问候"} | more)


def strange_phrase(words: str) -> Phrase:
    """A phrase that holds the words in every column that takes any."""
    return Phrase.from_json(
        dict.fromkeys(("id", "text", "category", "title", "code", "owner", "备注"), words)
        | {
            name: [words]
            for name in (
                "keywords",
                "not_keywords",
                "examples",
                "not_examples",
                "variants",
                "platforms",
                "items",
                "images",
            )
        }
    )


def listing(*phrases: Phrase, wanted: Wanted | None = None, **more: Any) -> Listing:
    wanted = wanted or Wanted()
    given = {
        "wanted": wanted,
        "entries": tuple(Entry(one, opens=place == 0) for place, one in enumerate(phrases)),
        "total": len(phrases),
        "size": len(phrases),
        "categories": tuple({one.category: 1 for one in phrases}.items()),
        "owners": (),
        "states": {},
        "today": TODAY,
    }
    return Listing(**given | more)


def care_groups(words: str = "有没有儿童款") -> tuple[Group, ...]:
    words = words.encode(
        "utf-8", "replace"
    ).decode()  # buyers' messages come as JSON, which carries no half characters
    there = {"a": phrase("a", "亲，在的", title=words), "b": phrase("b", "亲，在的呢")}
    draft = Action(Do.DRAFT, ("new",), texts=(words,), title=words, text=f"亲，{words}")
    add = Action(Do.ADD_EXAMPLES, ("a",), texts=(words,), seen={"a": "1"})
    asked = {
        "size": 12,
        "examples": [words],
        "nearest": {"id": "a", "score": 0.14},
        "trend": [{"day": f"2026-11-{day}", "count": day % 4} for day in range(16, 23)],
    }
    same = {"texts": [{"id": one.id, "text": words} for one in there.values()]}
    return groups_of(
        [
            Finding(Kind.NEAR_DUPLICATE, ("a", "b"), words, Action(Do.MERGE, ("b",), into="a"), detail=same),
            Finding(Kind.UNANSWERED, (), words, draft, subject=words, others=(add,), detail=asked),
        ],
        there,
    )
