"""Keywords that do not tell one phrase from another, judged by the examples of the bank."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from phrasebank.care.findings import Action, Do, Finding, Kind, seen
from phrasebank.care.keyword_hits import Example, KeywordHits, parts_of, pieces_of
from phrasebank.care.scope import meet
from phrasebank.folding import folded

FEW_HOLDERS: Final = 3
"""What more phrases than this have as a keyword is shared, and nothing else is said of it."""
CONTAINED_HITS: Final = 3
"""Examples of the other phrase that a contained keyword must meet before it is in the way."""
OWN_WORD: Final = 2
"""Examples of its own that the longer keyword must meet to be worth giving way to."""
STRAY_HITS: Final = 3
"""Foreign examples that a keyword without one of its own must meet to be called astray."""
COMMON_HITS: Final = 4
COMMON_PHRASES: Final = 3
COMMON_SHARE: Final = 0.25
"""A keyword is too common if so many foreign examples, of so many phrases, leave its own a smaller share than this.

In the starter bank, the examples that such keywords met were found again 27 times in 100 more without them."""
SHOWN: Final = 5
ANY_NUMBER: Final = folded("00000")
"""What every number of five digits and more is folded to."""


def keyword_collisions(hits: KeywordHits) -> list[Finding]:
    """Keywords that several phrases have, that stand inside another's, that can never be met, or that are met everywhere."""
    return [*_shared(hits), *_contained(hits), *_denied(hits), *_common(hits)]


def _shared(hits: KeywordHits) -> Iterator[Finding]:
    for parts, holders in hits.holders.items():
        if len(holders) < 2:
            continue
        support = hits.owners(hits.met(parts))
        best = max(holders, key=lambda place: (support[place], -place))
        keeper = hits.phrases[best]
        losers = [place for place in holders if place != best and meet(keeper, hits.phrases[place])]
        if not losers:
            continue
        word = holders[best]
        told = "、".join(
            f"{hits.phrases[place].id}（例句里 {support[place]} 次）" for place in (best, *losers)
        )
        yield _finding(
            Kind.KEYWORD_SHARED,
            hits,
            (best, *losers),
            word,
            f"关键词「{word}」{len(losers) + 1} 条话术都有，分不清该用哪条：{told}。建议只留给 {keeper.id}",
            _act(Do.REMOVE_KEYWORDS, hits, losers, [word], (best, *losers)),
        )


def _contained(hits: KeywordHits) -> Iterator[Finding]:
    lengths = sorted({len(parts[0]) for parts in hits.holders if len(parts) == 1})
    for longer, theirs in hits.holders.items():
        if len(longer) > 1 or len(theirs) > FEW_HOLDERS:
            continue
        met_longer = hits.met(longer)
        for shorter in sorted(pieces_of(longer[0], [one for one in lengths if one < len(longer[0])])):
            holders = hits.holders.get((shorter,), {})
            if not holders or len(holders) > FEW_HOLDERS:
                continue
            for place in holders.keys() - theirs.keys():
                if _gives_way(hits, place, longer[0]) or _owned(met_longer, place):
                    continue
                met_shorter = hits.met_for(place, (shorter,))
                for other in theirs:
                    lost = _owned(met_shorter, other)
                    if (
                        len(_owned(met_longer, other)) >= OWN_WORD
                        and len(lost) >= max(CONTAINED_HITS, len(_owned(met_shorter, place)))
                        and meet(hits.phrases[place], hits.phrases[other])
                    ):
                        yield _in_the_way(
                            hits, place, other, holders[place], theirs[other], lost
                        )  # fmt: skip


def _gives_way(hits: KeywordHits, place: int, longer: str) -> bool:
    """Whether the phrase turns `longer` away already, or has it in a keyword of its own."""
    return any(word in longer for word in hits.denying[place]) or any(
        longer in part for keyword in hits.phrases[place].keywords for part in parts_of(keyword)
    )


def _in_the_way(
    hits: KeywordHits, place: int, other: int, shorter: str, longer: str, lost: Sequence[Example]
) -> Finding:
    mine, theirs = hits.phrases[place].id, hits.phrases[other].id
    return _finding(
        Kind.KEYWORD_CONTAINED,
        hits,
        (place, other),
        shorter,
        f"{mine} 的关键词「{shorter}」包含在 {theirs} 的「{longer}」里，会抢走它的问法：{_quoted(lost)}。"
        f"建议把「{longer}」加为 {mine} 的排除词",
        _act(Do.ADD_NOT_KEYWORDS, hits, [place], [longer], (place, other)),
        _act(Do.REMOVE_KEYWORDS, hits, [place], [shorter], (place, other)),
    )


def _denied(hits: KeywordHits) -> Iterator[Finding]:
    for parts, holders in hits.holders.items():
        for place, keyword in holders.items():
            denying = [word for word in hits.denying[place] if any(word in part for part in parts)]
            if not denying:
                continue
            phrase = hits.phrases[place]
            rival = next(
                (
                    hits.phrases[other].id
                    for word in denying
                    for other in hits.holders.get((word,), {})
                    if other != place and meet(phrase, hits.phrases[other])
                ),
                "",
            )
            gives_way = f"（它是 {rival} 的关键词）" if rival else ""
            yield _finding(
                Kind.KEYWORD_DENIED,
                hits,
                (place,),
                keyword,
                f"{phrase.id} 的关键词「{keyword}」里有自己的排除词「{'」「'.join(denying)}」{gives_way}，永远不会生效",
                _act(Do.REMOVE_KEYWORDS, hits, [place], [keyword], (place,)),
                _act(Do.REMOVE_NOT_KEYWORDS, hits, [place], denying, (place,)),
            )


def _common(hits: KeywordHits) -> Iterator[Finding]:
    for parts, holders in hits.holders.items():
        if len(holders) > 1:
            continue
        ((place, keyword),) = holders.items()
        if parts == (ANY_NUMBER,):
            yield _finding(
                Kind.KEYWORD_COMMON,
                hits,
                (place,),
                keyword,
                f"{hits.phrases[place].id} 的关键词「{keyword}」是五位以上的数字，买家发订单号、电话也会命中；请和别的词写在一起",
                _act(Do.REMOVE_KEYWORDS, hits, [place], [keyword], (place,)),
            )
            continue
        met = [
            one
            for one in hits.met_for(place, parts)
            if one.place == place or meet(hits.phrases[place], hits.phrases[one.place])
        ]
        own = len(_owned(met, place))
        foreign = [one for one in met if one.place != place]
        owners = hits.owners(foreign)
        astray = not own and len(foreign) >= STRAY_HITS and len(owners) >= 2
        common = (
            len(foreign) >= COMMON_HITS and len(owners) >= COMMON_PHRASES and own < COMMON_SHARE * len(met)
        )
        if not astray and not common:
            continue
        told = (
            f"自己的例句里 {own} 次，别的 {len(owners)} 条话术的例句里 {len(foreign)} 次：{_quoted(foreign)}"
        )
        yield _finding(
            Kind.KEYWORD_COMMON,
            hits,
            (place,),
            keyword,
            f"{hits.phrases[place].id} 的关键词「{keyword}」太宽，{told}。建议改作例句：买家只说这几个字时仍找得到",
            _act(Do.KEYWORDS_TO_EXAMPLES, hits, [place], [keyword], (place,)),
            _act(Do.REMOVE_KEYWORDS, hits, [place], [keyword], (place,)),
            detail=[
                {"id": hits.phrases[other].id, "examples": count}
                for other, count in Counter(owners).most_common(SHOWN)
            ],
        )


def _owned(examples: Iterable[Example], place: int) -> list[Example]:
    return [one for one in examples if one.place == place]


def _quoted(examples: Sequence[Example]) -> str:
    more = " 等" if len(examples) > SHOWN else ""
    return "、".join(f"「{one.text}」" for one in examples[:SHOWN]) + more


def _act(
    do: Do, hits: KeywordHits, places: Iterable[int], texts: Iterable[str], about: Iterable[int]
) -> Action:
    return Action(
        do,
        tuple(hits.phrases[place].id for place in places),
        texts=tuple(texts),
        seen=seen(hits.phrases[place] for place in about),
    )


def _finding(
    kind: Kind,
    hits: KeywordHits,
    places: Iterable[int],
    subject: str,
    reason: str,
    action: Action,
    *others: Action,
    detail: Sequence[dict[str, object]] = (),
) -> Finding:
    ids = tuple(hits.phrases[place].id for place in places)
    more = {"met": list(detail)} if detail else {}
    return Finding(kind, ids, reason, action, subject, "keywords", others, more)
