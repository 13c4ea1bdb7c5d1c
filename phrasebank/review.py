"""What a content owner should look at in a bank: phrases that say the same, codes and keywords that collide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from phrasebank.folding import bare, folded, levelled
from phrasebank.merging import scope_of
from phrasebank.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. `kind` is row, duplicate, code, example, self-excluded or contradicted; `ids` are the phrases concerned.

    Of a row, `row` is its number and `place` says in words where it is.
    """

    kind: str
    message: str
    ids: tuple[str, ...]
    row: int | None = None
    column: str = ""
    place: str = ""


def review(phrases: Sequence[Phrase]) -> list[Finding]:
    """The findings of a bank, by kind and then in the order of the phrases. Retired phrases are at rest and get none."""
    live = [phrase for phrase in phrases if phrase.state != "retired"]
    return [
        *_duplicates(live),
        *_codes(live),
        *_examples(live),
        *_self_excluded(live),
        *_contradicted(live),
    ]


def _groups(pairs: list[tuple[str, Phrase]]) -> list[tuple[str, tuple[str, ...]]]:
    """The ids that share a key, among phrases for the same owner, items and account: only those can be in each other's way."""
    by_key: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for key, phrase in pairs:
        by_key[key, phrase.owner, scope_of(phrase)][phrase.id] = None
    return [(key, tuple(ids)) for (key, _, _), ids in by_key.items() if len(ids) > 1]


def _duplicates(phrases: Sequence[Phrase]) -> list[Finding]:
    groups = _groups([(bare(phrase.text), phrase) for phrase in phrases])
    return [Finding("duplicate", f"内容相同：{'、'.join(ids)}", ids, column="text") for _, ids in groups]


def _codes(phrases: Sequence[Phrase]) -> list[Finding]:
    pairs = [(levelled(phrase.code).strip().lstrip("/"), phrase) for phrase in phrases if phrase.code.strip()]
    return [
        Finding("code", f"快捷码 /{code} 重复：{'、'.join(ids)}", ids, column="code")
        for code, ids in _groups(pairs)
    ]


def _examples(phrases: Sequence[Phrase]) -> list[Finding]:
    pairs = [
        (words, phrase) for phrase in phrases for example in phrase.examples if (words := folded(example))
    ]
    return [
        Finding("example", f"同一例句「{words}」属于：{'、'.join(ids)}", ids, column="examples")
        for words, ids in _groups(pairs)
    ]


def _self_excluded(phrases: Sequence[Phrase]) -> list[Finding]:
    findings = []
    for phrase in phrases:
        banned = [word for keyword in phrase.not_keywords if (word := folded(keyword))]
        for example in phrase.examples:
            word = next((word for word in banned if word in folded(example)), "")
            if word:
                message = f"{phrase.id} 的例句「{example}」被自己的排除词「{word}」挡住"
                findings.append(Finding("self-excluded", message, (phrase.id,), column="examples"))
    return findings


def _contradicted(phrases: Sequence[Phrase]) -> list[Finding]:
    findings = []
    for phrase in phrases:
        denied = {folded(example) for example in phrase.not_examples}
        for example in phrase.examples:
            if folded(example) in denied:
                message = f"{phrase.id} 的例句「{example}」也写在反例里"
                findings.append(Finding("contradicted", message, (phrase.id,), column="not_examples"))
    return findings
