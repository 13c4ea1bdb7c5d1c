"""Phrases that say the same: word for word, or nearly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from phrasebank.care.findings import Action, Do, Finding, Kind, seen
from phrasebank.care.scope import Scope, scope_of
from phrasebank.care.wordings import Wording, WordingIndex
from phrasebank.folding import bare
from phrasebank.phrase import Phrase


def duplicates(phrases: Sequence[Phrase]) -> list[Finding]:
    """Phrases of one scope with the same text, give or take spaces and punctuation; one finding for each text.

    A phrase whose text stands among the variants of another says the same, too. Platforms play no part: the phrase that
    stays is for those of all.
    """
    groups: dict[Scope, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        groups[scope_of(phrase, platforms=False)].append(phrase)
    return [
        _finding(Kind.DUPLICATE, first, others)
        for group in groups.values()
        for first, *others in _saying_the_same(group)
        if others
    ]


def _saying_the_same(phrases: Sequence[Phrase]) -> list[list[Phrase]]:
    """`phrases` grouped by what they say, the one that should stay first."""
    by_text: dict[str, int] = {}
    by_variant: dict[str, int] = {}
    for place, phrase in enumerate(phrases):
        by_text.setdefault(bare(phrase.text), place)
        for variant in phrase.variants:
            by_variant.setdefault(bare(variant), place)
    stays = list(range(len(phrases)))

    def last(place: int) -> int:
        while stays[place] != place:
            place = stays[place]
        return place

    for place, phrase in enumerate(phrases):
        words = bare(phrase.text)
        first = by_text[words]
        holder = first if first != place else by_variant.get(words, place)
        if last(holder) != place:
            stays[place] = last(holder)
    members: dict[int, list[Phrase]] = {place: [phrases[place]] for place in range(len(phrases)) if stays[place] == place}  # fmt: skip
    for place, phrase in enumerate(phrases):
        if stays[place] != place:
            members[last(place)].append(phrase)
    return list(members.values())


def near_duplicates(phrases: Sequence[Phrase]) -> list[Finding]:
    """Phrases of one scope that say nearly the same, round the first of them; those that say the same are left out."""
    groups: dict[Scope, dict[str, Phrase]] = defaultdict(dict)
    for phrase in phrases:
        groups[scope_of(phrase)].setdefault(bare(phrase.text), phrase)
    found = []
    for group in groups.values():
        different = list(group.values())
        index = WordingIndex([Wording.of(phrase.text) for phrase in different])
        taken: set[int] = set()
        for place, phrase in enumerate(different):
            if place in taken:
                continue
            places = [n for n in index.same_as(index.wordings[place], place + 1) if n not in taken]
            taken.update(places)
            if places:
                found.append(_finding(Kind.NEAR_DUPLICATE, phrase, [different[n] for n in places]))
    return found


def _finding(kind: Kind, first: Phrase, others: Sequence[Phrase]) -> Finding:
    ids = (first.id, *(phrase.id for phrase in others))
    same = "内容相同" if kind is Kind.DUPLICATE else "内容只差几个字，意思一样"
    reason = f"{same}：{'、'.join(ids)}。可合并到 {first.id}，例句、关键词和别的说法都并过去"
    texts = [{"id": phrase.id, "text": phrase.text} for phrase in (first, *others)]
    return Finding(
        kind,
        ids,
        reason,
        Action(Do.MERGE, ids[1:], into=first.id, seen=seen((first, *others))),
        column="text",
        detail={"texts": texts},
    )
