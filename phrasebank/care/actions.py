"""Carrying out what a finding proposes: from an action and the bank as it is now to the phrases as they should be stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from phrasebank.care.findings import Action, Do, digest_of
from phrasebank.care.keyword_hits import parts_of
from phrasebank.folding import bare, folded
from phrasebank.phrase import Phrase

MAX_TEXTS: Final = 10_000
"""Ids or texts of one action."""
_WITH_TEXTS: Final = frozenset(
    {
        Do.ADD_EXAMPLES,
        Do.REMOVE_EXAMPLES,
        Do.ADD_KEYWORDS,
        Do.REMOVE_KEYWORDS,
        Do.KEYWORDS_TO_EXAMPLES,
        Do.ADD_NOT_KEYWORDS,
        Do.REMOVE_NOT_KEYWORDS,
        Do.DRAFT,
    }
)


class ActionError(ValueError):
    """An action that makes no sense by itself; `field` is at fault, the message says why, in Chinese."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}：{message}")
        self.field = field


class OutdatedError(ValueError):
    """The bank has changed since the finding: `ids` are the phrases that are not as they were, the message says so in Chinese."""

    def __init__(self, ids: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.ids = tuple(ids)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an action comes to: phrases to be stored, new or in place of those of the same id, and ids to be taken out."""

    stored: tuple[Phrase, ...]
    removed: tuple[str, ...] = ()


def action_from_json(record: object) -> Action:
    """Read what `Action.to_json` wrote. Raises `ActionError` naming the field at fault."""
    if not isinstance(record, Mapping):
        raise ActionError("action", "应为 JSON 对象")
    do = record.get("do")
    if not isinstance(do, str) or do not in set(Do):
        raise ActionError("do", f"只能是 {'、'.join(Do)}")
    until = _string(record, "until")
    action = Action(
        Do(do),
        _strings(record, "ids"),
        _string(record, "into"),
        _strings(record, "texts"),
        until,
        _string(record, "title"),
        _string(record, "text"),
        _seen(record.get("seen", {})),
    )
    if not action.ids:
        raise ActionError("ids", "要写明改哪几条话术")
    if action.do is Do.MERGE and (not action.into or action.into in action.ids):
        raise ActionError("into", "要写明并到哪一条，且不能是被并的那条")
    if action.do in _WITH_TEXTS and not any(text.strip() for text in action.texts):
        raise ActionError("texts", "是空的")
    if action.do is Do.DRAFT and (len(action.ids) != 1 or not action.text.strip()):
        raise ActionError("text", "新话术要有一个编号和内容")
    if action.do is Do.EXTEND:
        try:
            date.fromisoformat(until)
        except ValueError:
            raise ActionError("until", "应为日期，如 2026-11-30") from None
    return action


def _string(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name, "")
    if not isinstance(value, str):
        raise ActionError(name, "应为文字")
    return value


def _strings(record: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = record.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ActionError(name, "应为文字列表")
    if len(value) > MAX_TEXTS:
        raise ActionError(name, f"最多 {MAX_TEXTS} 项")
    return tuple(dict.fromkeys(value))


def _seen(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise ActionError("seen", "应为「编号: 摘要」的对象，照检查结果里的原样带回")
    return dict(value)


def changes_of(actions: Sequence[Action], bank: Mapping[str, Phrase]) -> Changes:
    """What `actions`, done one after the other, come to in a bank given by phrase id.

    Raises `OutdatedError` if a phrase that one of them was found by has changed since, or an action before it has taken away what
    it needs; then none of them should be done.
    """
    stale = [
        phrase_id
        for action in actions
        for phrase_id, digest in action.seen.items()
        if phrase_id not in bank or digest_of(bank[phrase_id]) != digest
    ]
    if stale:
        ids = list(dict.fromkeys(stale))
        raise OutdatedError(ids, f"检查之后，话术 {'、'.join(ids)} 又改过或删掉了，请重新检查再处理")
    now = dict(bank)
    for action in actions:
        _do(action, now)
    return Changes(
        tuple(phrase for phrase_id, phrase in now.items() if bank.get(phrase_id) != phrase),
        tuple(phrase_id for phrase_id in bank if phrase_id not in now),
    )


def _do(action: Action, bank: dict[str, Phrase]) -> None:
    if action.do is Do.DRAFT:
        (new_id,) = action.ids
        if new_id in bank:
            raise OutdatedError([new_id], f"话术 {new_id} 已经有了，这些问法可能已处理过，请重新检查")
        bank[new_id] = Phrase(
            new_id, action.text, title=action.title, examples=_joined((), action.texts, folded), state="draft"
        )
        return
    needed = [one for one in (*action.ids, action.into) if one]
    if missing := [one for one in needed if one not in bank]:
        raise OutdatedError(missing, f"话术 {'、'.join(missing)} 已经不在了，请重新检查再处理")
    if action.do is Do.MERGE:
        into = bank[action.into]
        strange = [
            one for one in action.ids if (bank[one].owner, bank[one].state) != (into.owner, into.state)
        ]
        if strange:
            raise ActionError("ids", f"{'、'.join(strange)} 与 {into.id} 的归属或状态不同，不能合并")
        bank[action.into] = merged(into, [bank[one] for one in action.ids])
        for one in action.ids:
            del bank[one]
        return
    for one in action.ids:
        bank[one] = _changed(action, bank[one])


def _changed(action: Action, phrase: Phrase) -> Phrase:
    texts = action.texts
    match action.do:
        case Do.RETIRE:
            return replace(phrase, state="retired")
        case Do.EXTEND:
            return replace(phrase, valid_until=action.until)
        case Do.CLEAR_CODE:
            return replace(phrase, code="")
        case Do.ADD_EXAMPLES:
            kept = _without(phrase.not_examples, texts, folded)
            return replace(phrase, examples=_joined(phrase.examples, texts, folded), not_examples=kept)
        case Do.REMOVE_EXAMPLES:
            return replace(phrase, examples=_without(phrase.examples, texts, folded))
        case Do.ADD_KEYWORDS:
            return replace(phrase, keywords=_joined(phrase.keywords, texts, _keyword))
        case Do.REMOVE_KEYWORDS:
            return replace(phrase, keywords=_without(phrase.keywords, texts, _keyword))
        case Do.KEYWORDS_TO_EXAMPLES:
            kept = _without(phrase.keywords, texts, _keyword)
            demoted = [one.replace("&", "") for one in phrase.keywords if one not in kept]
            return replace(phrase, keywords=kept, examples=_joined(phrase.examples, demoted, folded))
        case Do.ADD_NOT_KEYWORDS:
            return replace(phrase, not_keywords=_joined(phrase.not_keywords, texts, folded))
        case Do.REMOVE_NOT_KEYWORDS:
            return replace(phrase, not_keywords=_without(phrase.not_keywords, texts, folded))
        case _:
            raise AssertionError(action.do)


def merged(into: Phrase, others: Iterable[Phrase]) -> Phrase:
    """`into` with all that `others` say and are found by: texts become variants, keywords, examples and the rest are joined.

    A not-keyword that would turn away an example or keyword of one of them goes. Of code and title the first that there is stays.
    """
    for other in others:
        into = _merged(into, other)
    return into


def _merged(one: Phrase, other: Phrase) -> Phrase:
    keywords = _joined(one.keywords, other.keywords, _keyword)
    told = () if other.keywords or other.examples or other.title == one.title else (other.title,)
    examples = _joined(one.examples, (*other.examples, *(told if one.title else ())), folded)
    found_by = [folded(text) for text in (*examples, *keywords)]
    texts = _joined((one.text,), (*one.variants, other.text, *other.variants), bare)
    return replace(
        one,
        variants=texts[1:],
        title=one.title or other.title,
        code=one.code or other.code,
        keywords=keywords,
        examples=examples,
        not_keywords=tuple(
            word
            for word in _joined(one.not_keywords, other.not_keywords, folded)
            if not any(folded(word) in words for words in found_by)
        ),
        not_examples=_without(_joined(one.not_examples, other.not_examples, folded), examples, folded),
        platforms=_widened(one.platforms, other.platforms),
        items=_widened(one.items, other.items),
        images=_joined(one.images, other.images, str.strip),
        extra={**other.extra, **one.extra},
    )


def _widened(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Empty means all of them."""
    return tuple(dict.fromkeys((*one, *other))) if one and other else ()


def _keyword(text: str) -> str:
    return "&".join(parts_of(text)) or folded(text)


def _joined(old: Iterable[str], new: Iterable[str], key: Callable[[str], str]) -> tuple[str, ...]:
    """`old`, then those of `new` that are not there yet, give or take what `key` levels; a blank one is left out."""
    old = tuple(old)
    there = {key(text) or text for text in old}
    more = []
    for text in new:
        if text.strip() and (name := key(text) or text) not in there:
            there.add(name)
            more.append(text)
    return (*old, *more)


def _without(old: Iterable[str], gone: Iterable[str], key: Callable[[str], str]) -> tuple[str, ...]:
    names = {key(text) or text for text in gone}
    return tuple(text for text in old if (key(text) or text) not in names)
