"""The bank: phrases, found by a buyer's message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from phrasebank.chitchat import Chat, is_junk, is_reference, without_chat
from phrasebank.encoding import Encoder
from phrasebank.folding import folded, levelled
from phrasebank.index import Query
from phrasebank.matching import Ranked, chances_of, is_confident, order_of
from phrasebank.phrase import Phrase
from phrasebank.segment import Evidence, Segment, Source

COURTESY_SCORE: Final = 0.9
"""The chance that a phrase for 在吗 answers 在吗."""
CODE_SCORE: Final = 1.0
CODE_BEGUN_SCORE: Final = 0.5
REFERENCE_SCORE: Final = 0.5
"""An order card after a question: the question's phrases are worth so much of what they were."""
QUOTED: Final = 24
"""Code points of an example that are shown in a reason."""
_CODE: Final = re.compile(r"/[a-z0-9_-]{1,20}")
REBUILD_SHARE: Final = 0.1
REBUILD_LEAST: Final = 200
"""A bank is built anew when more than this share, or this many phrases if that is more, came in or went out since."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that may answer the message. `score` is the chance, 0..1, that it does; `why` gives the reasons, in Chinese."""

    phrase: Phrase
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What the bank has for a message, best first. `confident`: good enough, and far enough ahead, to answer unattended."""

    query: str
    hits: tuple[Hit, ...]
    confident: bool


class Bank:
    """An index of phrases that never changes; safe to share between threads.

    Two banks of the same phrases in the same order give the same answers, and a bank grown by `with_phrases` nearly the
    same as one built at one go: the weighting of grams and the classifier catch up when it is built anew.
    """

    __slots__ = ("_by_code", "_encoder", "_gone", "_phrases", "_segments")

    def __init__(self, phrases: Iterable[Phrase], encoder: Encoder | None = None) -> None:
        """Index `phrases`. Of several with one id the last stands, in the place of the first.

        With an encoder, meaning counts beside letters; what it raises comes out of here and of every search.
        """
        by_id = {phrase.id: phrase for phrase in phrases}
        self._phrases = by_id
        self._encoder = encoder
        self._segments: tuple[Segment, ...] = (Segment(tuple(by_id.values()), encoder=encoder),)
        self._gone: tuple[frozenset[int], ...] = (frozenset(),)
        self._by_code = _codes(by_id.values())

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All phrases, in the order in which they came."""
        return tuple(self._phrases.values())

    def __len__(self) -> int:
        return len(self._phrases)

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self._phrases.values())

    def __contains__(self, phrase_id: object) -> bool:
        return phrase_id in self._phrases

    def get(self, phrase_id: str) -> Phrase | None:
        """The phrase with this id."""
        return self._phrases.get(phrase_id)

    def with_phrases(self, added: Iterable[Phrase] = (), removed_ids: Collection[str] = ()) -> Bank:
        """A bank without the phrases `removed_ids` and with `added`, which replace those of the same id.

        Costs about as much as indexing `added` and the phrases that came in since this bank was built at one go.
        """
        new = {phrase.id: phrase for phrase in added}
        by_id = {
            key: new.get(key, phrase) for key, phrase in self._phrases.items() if key not in set(removed_ids)
        }
        by_id.update(new)
        base = self._segments[0]
        recent = {
            phrase.id: phrase for phrase in (*self._recent(), *new.values()) if by_id.get(phrase.id) is phrase
        }
        gone = frozenset(
            position for position, phrase in enumerate(base.phrases) if by_id.get(phrase.id) is not phrase
        )
        if (
            len(recent) + len(gone) > max(REBUILD_LEAST, int(REBUILD_SHARE * len(base.phrases)))
            or not base.phrases
        ):
            return Bank(by_id.values(), self._encoder)
        bank = object.__new__(Bank)
        bank._phrases = by_id
        bank._encoder = self._encoder
        bank._segments = (
            (
                base,
                Segment(tuple(recent.values()), base.weighting, self._encoder),
            )
            if recent
            else (base,)
        )
        bank._gone = (gone, frozenset()) if recent else (gone,)
        bank._by_code = _codes(by_id.values())
        return bank

    def _recent(self) -> Sequence[Phrase]:
        return self._segments[1].phrases if len(self._segments) > 1 else ()

    def search(
        self, query: str, *, context: Sequence[str] = (), top: int = 3, platform: str | None = None
    ) -> Result:
        """The phrases that answer `query`, at most `top`, best first; none for what cannot be answered.

        `context` are the buyer's earlier texts of the session, oldest first; they help where the message alone says little.
        With `platform`, phrases meant for other platforms only are left out.
        """
        if _CODE.fullmatch(levelled(query.strip())):
            return self._by_code_of(query, top, platform)
        if is_junk(query):
            return self._by_reference(query, context, top, platform)
        words = folded(query)
        rest, chat = without_chat(words)
        if not rest:
            return self._courtesy(query, chat, top, platform)
        asked = Query.of(rest, self._segments[0].weighting)
        ranked = order_of(self.evidence(asked, context, platform), asked)
        return self._judged(query, asked, ranked, context, top)

    def evidence(
        self, query: Query, context: Sequence[str] = (), platform: str | None = None
    ) -> list[Evidence]:
        """What speaks for each of the most promising phrases, in no particular order; arguments as for `search`."""
        before = self._before(context)
        return [
            evidence
            for segment, gone in zip(self._segments, self._gone, strict=True)
            for evidence in segment.evidence(query, before, gone)
            if _allowed(evidence.phrase, platform)
        ]

    def query_of(self, text: str) -> Query | None:
        """`text` as it is compared with the bank; None if it is junk or mere courtesy."""
        rest = "" if is_junk(text) else without_chat(folded(text))[0]
        return Query.of(rest, self._segments[0].weighting) if rest else None

    def _judged(
        self, query: str, asked: Query, ranked: Sequence[Ranked], context: Sequence[str], top: int
    ) -> Result:
        chances = chances_of(ranked, asked, max(top, 1))
        hits = tuple(
            Hit(one.evidence.phrase, round(chance, 4), _reasons(one.evidence, asked.words, context))
            for one, chance in zip(ranked, chances[:top], strict=False)
        )
        return Result(query, hits, is_confident(ranked, asked, chances))

    def _before(self, context: Sequence[str]) -> list[Query]:
        """The buyer's last two texts that said something, the latest first."""
        queries = (self.query_of(text) for text in reversed(context))
        return list(islice((query for query in queries if query is not None), 2))

    def _by_reference(self, query: str, context: Sequence[str], top: int, platform: str | None) -> Result:
        """An order card says which order is meant by the question before it; without such a question it says nothing."""
        asked = [text for text in context if self.query_of(text) is not None]
        if not asked or not is_reference(query):
            return Result(query, (), False)
        earlier = self.search(asked[-1], context=asked[:-1], top=top, platform=platform)
        reason = f"结合上文「{_quoted(asked[-1])}」"
        hits = (
            Hit(hit.phrase, round(hit.score * REFERENCE_SCORE, 4), (reason, *hit.why)) for hit in earlier.hits
        )
        return Result(query, tuple(hits), False)

    def _courtesy(self, query: str, chat: Chat, top: int, platform: str | None) -> Result:
        """Phrases for the same courtesy, and for nothing else: 谢谢 is near to 谢谢，什么时候发货 in letters only."""
        words = Query.of(folded(query), self._segments[0].weighting)
        found = [
            (fit, phrase)
            for segment, gone in zip(self._segments, self._gone, strict=True)
            for fit, phrase, position in segment.courteous(words, chat)
            if position not in gone and _allowed(phrase, platform)
        ]
        found.sort(key=lambda pair: (-pair[0], pair[1].order, pair[1].id))
        names = {Chat.GREETING: "问候", Chat.THANKS: "致谢", Chat.FAREWELL: "道别", Chat.ASSENT: "应答"}
        reason = "买家" + "、".join(name for kind, name in names.items() if kind & chat)
        hits = (
            Hit(phrase, round(COURTESY_SCORE * 0.5**rank, 4), (reason,))
            for rank, (_, phrase) in enumerate(found[:top])
        )
        return Result(query, tuple(hits), confident=bool(found) and Chat.GREETING in chat)

    def _by_code_of(self, query: str, top: int, platform: str | None) -> Result:
        """What an agent typed as a short code, `/tk`: the phrase of this code, then those whose code begins with it."""
        typed = _bare_code(levelled(query.strip()))
        codes = [typed, *sorted(code for code in self._by_code if code.startswith(typed) and code != typed)]
        hits = (
            Hit(phrase, CODE_SCORE if code == typed else CODE_BEGUN_SCORE, (f"快捷码：/{code}",))
            for code in codes
            for phrase in self._by_code.get(code, ())
            if _allowed(phrase, platform)
        )
        return Result(query, tuple(islice(hits, top)), confident=False)


def _codes(phrases: Iterable[Phrase]) -> dict[str, list[Phrase]]:
    by_code: dict[str, list[Phrase]] = {}
    for phrase in phrases:
        if phrase.code:
            by_code.setdefault(_bare_code(levelled(phrase.code)), []).append(phrase)
    return by_code


def _bare_code(code: str) -> str:
    return code.strip().lstrip("/")


def _allowed(phrase: Phrase, platform: str | None) -> bool:
    return platform is None or not phrase.platforms or platform in phrase.platforms


def _quoted(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTED else text[: QUOTED - 1] + "…"


def _reasons(evidence: Evidence, words: str, context: Sequence[str]) -> tuple[str, ...]:
    """Why a phrase is offered, the strongest reason first."""
    reasons = []
    nearest = evidence.nearest
    named = {Source.EXAMPLE: "例句", Source.TITLE: "标题", Source.TEXT: "原文"}[nearest.source]
    if nearest.words == words:
        reasons.append(f"与{named}「{_quoted(nearest.text)}」相同")
    if evidence.keyword:
        reasons.append("关键词：" + "、".join(evidence.keyword.keywords[:3]))
    if nearest.words != words and evidence.cosine >= 0.2:
        reasons.append(f"与{named}「{_quoted(nearest.text)}」相近")
    if context and evidence.context > max(evidence.learned, 0.05):
        reasons.append("结合上文")
    return tuple(reasons) or ("与常见问法略有相似",)
