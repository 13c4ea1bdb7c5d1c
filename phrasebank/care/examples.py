"""Examples that stand where they cannot help: under several phrases, or under one that turns them away or denies them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz

from phrasebank.care.findings import Action, Do, Finding, Kind, seen
from phrasebank.care.keyword_hits import Example, KeywordHits, parts_of
from phrasebank.care.scope import meet
from phrasebank.folding import folded

KEYWORD_FIT = 25.0
"""What a met keyword counts beside the likeness, in per cent, with the phrase's other examples."""


def misplaced_examples(hits: KeywordHits) -> list[Finding]:
    """The findings about examples, by kind and then in the order of the phrases."""
    return [*_shared(hits), *_turned_away(hits), *_contradicted(hits)]


def _shared(hits: KeywordHits) -> Iterator[Finding]:
    by_words: dict[str, dict[int, Example]] = defaultdict(dict)
    for example in hits.examples:
        if example.words:
            by_words[example.words].setdefault(example.place, example)
    shared = {words: found for words, found in by_words.items() if len(found) > 1}
    own: dict[int, list[str]] = defaultdict(list)
    places = {place for found in shared.values() for place in found}
    for example in hits.examples:
        if example.place in places and example.words not in shared:
            own[example.place].append(example.words)
    for words, found in shared.items():
        best = max(found, key=lambda place: (_fit(hits, place, words, own[place]), -place))
        keeper = hits.phrases[best]
        losers = [place for place in found if place != best and meet(keeper, hits.phrases[place])]
        if not losers:
            continue
        ids = (keeper.id, *(hits.phrases[place].id for place in losers))
        action = Action(
            Do.REMOVE_EXAMPLES,
            ids[1:],
            texts=(found[best].text,),
            seen=seen(hits.phrases[place] for place in (best, *losers)),
        )
        reason = f"同一例句「{found[best].text}」属于：{'、'.join(ids)}。建议只留给最合适的 {keeper.id}"
        yield Finding(Kind.EXAMPLE, ids, reason, action, words, "examples")


def _fit(hits: KeywordHits, place: int, words: str, own: Sequence[str]) -> float:
    """How well an example suits a phrase: likeness with its other examples and title, and a keyword met."""
    phrase = hits.phrases[place]
    likeness = max((fuzz.ratio(words, other) for other in (*own, phrase.title)), default=0.0)
    met = any(
        (parts := parts_of(keyword)) and all(part in words for part in parts) for keyword in phrase.keywords
    )
    return likeness + KEYWORD_FIT * met


def _turned_away(hits: KeywordHits) -> Iterator[Finding]:
    """Examples in which a not-keyword of their own phrase occurs: the bank does not offer it there."""
    for example in hits.examples:
        denying = tuple(word for word in hits.denying[example.place] if word in example.words)
        if not denying:
            continue
        phrase = hits.phrases[example.place]
        reason = f"{phrase.id} 的例句「{example.text}」被自己的排除词「{'」「'.join(denying)}」挡住"
        stands = seen([phrase])
        yield Finding(
            Kind.SELF_EXCLUDED,
            (phrase.id,),
            reason,
            Action(Do.REMOVE_NOT_KEYWORDS, (phrase.id,), texts=denying, seen=stands),
            example.text,
            "examples",
            (Action(Do.REMOVE_EXAMPLES, (phrase.id,), texts=(example.text,), seen=stands),),
        )


def _contradicted(hits: KeywordHits) -> Iterator[Finding]:
    """Examples that stand among the not-examples of their own phrase as well."""
    denied = [{folded(text) for text in phrase.not_examples} for phrase in hits.phrases]
    for example in hits.examples:
        if example.words not in denied[example.place]:
            continue
        phrase = hits.phrases[example.place]
        stands = seen([phrase])
        yield Finding(
            Kind.CONTRADICTED,
            (phrase.id,),
            f"{phrase.id} 的例句「{example.text}」也写在反例里；留作例句就从反例里去掉",
            Action(Do.ADD_EXAMPLES, (phrase.id,), texts=(example.text,), seen=stands),
            example.text,
            "not_examples",
            (Action(Do.REMOVE_EXAMPLES, (phrase.id,), texts=(example.text,), seen=stands),),
        )
