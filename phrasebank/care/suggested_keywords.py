"""Words that tell the examples of one phrase from those of all others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import rjieba

from phrasebank.care.findings import Action, Do, Finding, Kind, seen
from phrasebank.care.keyword_hits import Example, KeywordHits, pieces_of
from phrasebank.care.scope import meet
from phrasebank.folding import folded

SUGGESTED: Final = 3
"""Words for one phrase at most."""
LEAST_NEW: Final = 3
"""Examples that a suggested word must meet and no keyword of the phrase does."""
LEAST_SHARE: Final = 0.2
"""Share of the phrase's examples that a suggested word must meet."""
LONGEST: Final = 6


def suggested_keywords(hits: KeywordHits) -> list[Finding]:
    """For each phrase with examples that no keyword of its own meets, the words that only these examples have.

    A word is not suggested where it occurs in an example, keyword or title of another phrase that the same buyer may be offered.
    """
    uncovered = _uncovered(hits)
    counts = {place: _words_of(examples) for place, examples in uncovered.items()}
    wanted = {word for words in counts.values() for word, count in words.items() if count >= LEAST_NEW}
    elsewhere = _places_of(hits, wanted)
    examples = Counter(example.place for example in hits.examples)
    found = []
    for place, words in counts.items():
        phrase = hits.phrases[place]
        least = max(LEAST_NEW, LEAST_SHARE * examples[place])
        telling = [
            (word, count)
            for word, count in sorted(words.items(), key=lambda pair: (-pair[1], -len(pair[0]), pair[0]))
            if count >= least
            and place not in hits.holders.get((word,), ())
            and not any(denied in word for denied in hits.denying[place])
            and not any(meet(phrase, hits.phrases[other]) for other in elsewhere[word] - {place})
        ]
        if telling:
            found.append(_finding(hits, place, _apart(telling), uncovered[place]))
    return found


def _uncovered(hits: KeywordHits) -> dict[int, list[Example]]:
    covered = {
        (example.place, example.words)
        for parts, holders in hits.holders.items()
        for example in hits.met(parts)
        if example.place in holders
    }
    uncovered: dict[int, list[Example]] = defaultdict(list)
    for example in hits.examples:
        if (example.place, example.words) not in covered:
            uncovered[example.place].append(example)
    return uncovered


def _words_of(examples: Sequence[Example]) -> Counter[str]:
    """In how many of `examples` each word of two characters and more occurs."""
    return Counter(
        word
        for example in examples
        for word in set(rjieba.cut(example.words))
        if 2 <= len(word) <= LONGEST and not word.isascii()
    )


def _places_of(hits: KeywordHits, words: set[str]) -> dict[str, set[int]]:
    """The phrases in whose examples, keywords or titles each of `words` occurs."""
    lengths = sorted({len(word) for word in words})
    places: dict[str, set[int]] = defaultdict(set)
    texts = [(example.place, example.words) for example in hits.examples]
    texts += [(place, "\n".join(parts)) for parts, holders in hits.holders.items() for place in holders]
    texts += [(place, folded(phrase.title)) for place, phrase in enumerate(hits.phrases)]
    for place, text in texts:
        for word in pieces_of(text, lengths) & words:
            places[word].add(place)
    return places


def _apart(telling: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """The first few words of which none is part of another."""
    chosen: list[tuple[str, int]] = []
    for word, count in telling:
        if not any(word in other or other in word for other, _ in chosen):
            chosen.append((word, count))
        if len(chosen) == SUGGESTED:
            break
    return chosen


def _finding(
    hits: KeywordHits, place: int, words: Sequence[tuple[str, int]], examples: Sequence[Example]
) -> Finding:
    phrase = hits.phrases[place]
    told = "、".join(f"「{word}」（{count} 句）" for word, count in words)
    texts = tuple(word for word, _ in words)
    shown = [one.text for one in examples if any(word in one.words for word in texts)][:SUGGESTED]
    return Finding(
        Kind.KEYWORD_SUGGESTED,
        (phrase.id,),
        f"{phrase.id} 有 {len(examples)} 句例句没有关键词能认出；只有它的例句里有的词：{told}",
        Action(Do.ADD_KEYWORDS, (phrase.id,), texts=texts, seen=seen([phrase])),
        subject="、".join(texts),
        column="keywords",
        detail={"examples": shown},
    )
