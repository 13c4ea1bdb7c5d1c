"""The texts by which phrases are found, and what they tell of their phrases: cues and courtesies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Final, overload

import numpy as np

from phrasebank.chitchat import Chat, without_chat
from phrasebank.cues import cues_of
from phrasebank.filling import fixed_parts
from phrasebank.folding import folded, folded_all
from phrasebank.grams import Ints, Texts
from phrasebank.keywords import KeywordParts
from phrasebank.phrase import Phrase
from phrasebank.pointing import Pointer, refers

COURTEOUS_SHARE: Final = 0.3
"""A phrase is for a courtesy if at least this share of its examples and keywords are nothing else."""
_BLOCK: Final = 4096
"""Phrases whose texts are folded at one go."""


class Source(IntEnum):
    """Where a document of a phrase comes from."""

    EXAMPLE = 0
    TITLE = 1
    TEXT = 2


_BOOST: Final = {Source.EXAMPLE: 1.0, Source.TITLE: 0.95, Source.TEXT: 0.7}
"""How far a document of each source is trusted beside examples; the only source of a phrase is trusted in full."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text by which a phrase is found: as it was written, and folded without courtesies."""

    source: Source
    text: str
    words: str
    boost: float


class Documents(Sequence[Document]):
    """The documents of `phrases`, a row each, those of a phrase together; kept in arrays and made when asked for."""

    __slots__ = (
        "_origins",
        "_phrases",
        "_sources",
        "boosts",
        "chat",
        "cues",
        "owners",
        "pointing",
        "starts",
        "texts",
    )

    def __init__(self, phrases: Sequence[Phrase], parts: KeywordParts) -> None:
        self._phrases = phrases
        gathered = _Gathered(parts)
        remaining = iter(phrases)
        while block := list(islice(remaining, _BLOCK)):
            gathered.take(block)
        self.texts = Texts.joined(gathered.texts)
        """The folded words of each document."""
        self._sources = np.array(gathered.sources, dtype=np.uint8)
        self._origins = np.array(gathered.origins, dtype=np.int32)
        self.boosts = np.array(gathered.boosts, dtype=np.float32)
        self.starts: Ints = np.array(gathered.starts, dtype=np.int64)
        """The first row of each phrase."""
        self.owners = np.repeat(
            np.arange(len(phrases), dtype=np.int32), np.diff(np.append(self.starts, len(self.texts)))
        )
        """The position of the phrase of each row."""
        self.cues = np.array(gathered.cues, dtype=np.uint32)
        """The cues of each phrase, by position (see `phrasebank.cues`)."""
        self.chat = np.array(gathered.chat, dtype=np.uint8)
        """The courtesies that each phrase is for, by position, as the value of a `Chat`."""
        self.pointing = gathered.pointing
        """How many examples of each kind without words of their own the phrases have, by position."""

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, row: int) -> Document: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Document]: ...
    def __getitem__(self, row: int | slice) -> Document | Sequence[Document]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        row %= len(self)
        source, origin = Source(int(self._sources[row])), int(self._origins[row])
        phrase = self._phrases[int(self.owners[row])]
        match source:
            case Source.EXAMPLE:
                count = len(phrase.examples)
                text = phrase.examples[origin] if origin < count else phrase.keywords[origin - count]
            case Source.TITLE:
                text = phrase.title
            case Source.TEXT:
                text = _body_of(phrase)
        return Document(source, text, self.texts[row], float(self.boosts[row]))

    def rows_of(self, source: Source) -> Ints:
        """The rows whose text comes from `source`."""
        return np.flatnonzero(self._sources == source)


class _Gathered:
    """The documents of the phrases taken so far, and what they tell."""

    def __init__(self, parts: KeywordParts) -> None:
        self.texts: list[Texts] = []
        self.sources: list[int] = []
        self.origins: list[int] = []
        self.boosts: list[float] = []
        self.starts: list[int] = []
        self.cues: list[int] = []
        self.chat: list[int] = []
        self.pointing: dict[Pointer, Counter[int]] = {
            Pointer.REFERENCE: Counter(),
            Pointer.GREETING: Counter(),
        }
        self._parts = parts
        self._keywords: dict[str, tuple[int, Chat]] = {}

    def take(self, phrases: Sequence[Phrase]) -> None:
        """Take in one more stretch of phrases."""
        found = [list(self._texts_of(phrase)) for phrase in phrases]
        words = iter(folded_all([text for texts in found for _, _, text in texts]))
        kept: list[str] = []
        for phrase, texts in zip(phrases, found, strict=True):
            self.starts.append(len(self.sources))
            self._take_one(phrase, texts, words, kept)
        self.texts.append(Texts.of(kept))

    def _texts_of(self, phrase: Phrase) -> Iterator[tuple[Source, int, str]]:
        """Source, place among the texts of that source, and text; a keyword that is a sentence counts as an example."""
        for place, text in enumerate(phrase.examples):
            yield Source.EXAMPLE, place, text
        for place, text in enumerate(phrase.keywords, len(phrase.examples)):
            if self._parts.is_sentence(text):
                yield Source.EXAMPLE, place, text
        if phrase.title:
            yield Source.TITLE, 0, phrase.title
        yield Source.TEXT, 0, _body_of(phrase)

    def _take_one(
        self,
        phrase: Phrase,
        texts: Sequence[tuple[Source, int, str]],
        folded_texts: Iterator[str],
        kept: list[str],
    ) -> None:
        has_examples = texts[0][0] is Source.EXAMPLE
        alone = len(texts) == 1
        cues = 0
        told_by = []
        position = len(self.cues)
        seen: set[str] = set()
        for place, ((source, origin, _), whole) in enumerate(zip(texts, folded_texts, strict=False)):
            rest, kinds = without_chat(whole)
            if place < len(phrase.examples):
                told_by.append(Chat.NONE if rest else kinds)
                if told_by[-1] is Chat.GREETING:
                    self.pointing[Pointer.GREETING][position] += 1
                elif not kinds and refers(texts[place][2], whole):
                    self.pointing[Pointer.REFERENCE][position] += 1
            words = rest or whole
            if words in seen and source is not Source.TEXT:
                continue
            seen.add(words)
            kept.append(words)
            self.sources.append(source)
            self.origins.append(origin)
            self.boosts.append(1.0 if alone else _BOOST[source])
            if source is not Source.TEXT or not has_examples:
                cues |= cues_of(words)
        for keyword in phrase.keywords:
            keyword_cues, kinds = self._told_by(keyword)
            cues |= keyword_cues
            told_by.append(kinds)
        self.cues.append(cues)
        self.chat.append(_for_courtesies(told_by))

    def _told_by(self, keyword: str) -> tuple[int, Chat]:
        """The cues of a keyword, and the courtesies if it is nothing else."""
        if keyword not in self._keywords:
            words = folded(keyword)
            rest, kinds = without_chat(words)
            self._keywords[keyword] = (cues_of(words), Chat.NONE if rest else kinds)
        return self._keywords[keyword]


def _for_courtesies(told_by: Sequence[Chat]) -> int:
    """The courtesies that are told by enough of a phrase's examples and keywords."""
    if not any(told_by):
        return 0
    found = Chat.NONE
    for kind in Chat:
        count = sum(kind in kinds for kinds in told_by)
        if count and count >= COURTEOUS_SHARE * len(told_by):
            found |= kind
    return found.value


def _body_of(phrase: Phrase) -> str:
    return " ".join(fixed_parts(phrase.text))
