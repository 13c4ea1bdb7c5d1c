"""The bank: phrases, found by a buyer's message."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Final

from phrasebank.chitchat import Chat, is_junk, looks_like_name, without_chat
from phrasebank.denials import Denials
from phrasebank.documents import Source
from phrasebank.encoders.builtin import BUILTIN
from phrasebank.encoding import Encoder
from phrasebank.folding import folded, levelled
from phrasebank.index import Query, Weighting
from phrasebank.layers import Layer, bare_code, layers_with
from phrasebank.matching import Ranked, by_acceptance, chances_of, is_confident, order_of
from phrasebank.occasion import ANY, Occasion, either
from phrasebank.phrase import TEAM, Phrase
from phrasebank.pointing import ANSWERS, EARLIER, Pointer, following, pointer_of
from phrasebank.precedence import item_worth, reserved_for, rivals, unattended, with_items
from phrasebank.questions import questions_of
from phrasebank.results import Hit, Result, by_sound, for_several, quoted
from phrasebank.segment import Evidence
from phrasebank.sound import heard

COURTESY_SCORE: Final = 0.9
"""The chance that a phrase for 在吗 answers 在吗."""
CODE_SCORE: Final = 1.0
CODE_BEGUN_SCORE: Final = 0.5
LONGEST_HEARD: Final = 60
"""Code points, folded, of a message that is read by its sound. Who writes more than that has been understood by the rest."""
TALK_TELLS: Final = 0.1
"""A phrase nearer than that to the talk than to the message alone, by cosine of meaning, is offered because of the talk."""
SURELY_KNOWN: Final = 0.6
"""A message whose first phrase is at least as likely as this is not also read by its sound."""
_CODE: Final = re.compile(r"/[a-z0-9_-]{1,20}")
REBUILD_SHARE: Final = 0.1
REBUILD_LEAST: Final = 200
"""A bank is built anew when more than this share, or this many phrases if that is more, came in or went out since."""


class Bank:
    """An index of phrases that never changes; safe to share between threads.

    Two banks of the same phrases in the same order give the same answers, and a bank grown by `with_phrases` nearly the
    same as one built at one go: the weighting of grams and the classifier catch up when it is built anew.
    """

    __slots__ = ("_count", "_denials", "_encoder", "_layers", "_next_place")

    def __init__(self, phrases: Iterable[Phrase], encoder: Encoder | None = BUILTIN) -> None:
        """Index the approved ones of `phrases`. Of several with one id the last stands, in the place of the first.

        `encoder` tells the meanings that count beside letters; None: letters alone. What it raises comes out of here, of
        `with_phrases` and of every search.
        """
        by_id = {phrase.id: phrase for phrase in phrases}
        self._encoder = encoder
        self._layers: tuple[Layer, ...] = (Layer.of(list(by_id.values()), encoder),)
        self._count = self._next_place = len(by_id)
        self._denials = Denials(by_id.values())

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """All phrases, in the order in which they came."""
        base, *later = self._layers
        if not later and not base.gone_count:
            return base.phrases
        by_place = {place: phrase for layer in later for place, phrase in layer.present()}
        by_place |= dict(base.present())
        return tuple(by_place[place] for place in sorted(by_place))

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self.phrases)

    def __contains__(self, phrase_id: object) -> bool:
        return isinstance(phrase_id, str) and self.get(phrase_id) is not None

    def get(self, phrase_id: str) -> Phrase | None:
        """The phrase with this id."""
        found = (layer.get(phrase_id) for layer in reversed(self._layers))
        return next((phrase for phrase in found if phrase is not None), None)

    def has_own_of(self, agent: str | None) -> bool:
        """Whether some phrase is this agent's own, so that a search for the agent may find more than one for the team."""
        return any(agent in layer.agents for layer in self._layers)

    @property
    def grown(self) -> bool:
        """Whether phrases came in or went out since the bank was built at one go; only `rebuilt` teaches the classifier."""
        return len(self._layers) > 1 or bool(self._layers[0].gone_count)

    @property
    def overgrown(self) -> bool:
        """Whether so much came in or went out since this bank was built at one go that it is worth building anew."""
        base, *later = self._layers
        changes = base.gone_count + sum(layer.present_count for layer in later)
        return changes > max(REBUILD_LEAST, int(REBUILD_SHARE * len(base.phrases)))

    def rebuilt(self) -> Bank:
        """A bank of the same phrases built at one go, which takes up to a hundred microseconds a phrase."""
        return Bank(self.phrases, self._encoder)

    def with_phrases(
        self, added: Iterable[Phrase] = (), removed_ids: Collection[str] = (), *, rebuild: bool = True
    ) -> Bank:
        """A bank without the phrases `removed_ids` and with `added`, which replace those of the same id.

        Costs about as much as indexing `added` and some of the phrases that came in lately, however large the bank is. An
        `overgrown` bank is built anew, unless `rebuild` is false because somebody does so elsewhere.
        """
        newcomers = {phrase.id: phrase for phrase in added}
        removed = set(removed_ids)
        places: dict[str, int] = {}
        layers = []
        for layer in self._layers:
            leaving = layer.positions_of({*removed, *newcomers})
            places |= {phrase_id: layer.places[position] for phrase_id, position in leaving.items()}
            layers.append(layer.without(leaving.values()))
        arriving = []
        next_place = self._next_place
        for phrase_id, phrase in newcomers.items():
            place = None if phrase_id in removed else places.get(phrase_id)
            if place is None:
                place, next_place = next_place, next_place + 1
            arriving.append((place, phrase))
        bank = object.__new__(Bank)
        bank._encoder = self._encoder
        bank._layers = layers_with(layers, arriving, self._encoder)
        bank._count = self._count - len(places) + len(newcomers)
        bank._next_place = next_place
        bank._denials = self._denials.changed(newcomers.values())
        return bank.rebuilt() if rebuild and (bank.overgrown or not layers[0].segment.phrases) else bank

    @property
    def _weighting(self) -> Weighting:
        return self._layers[0].segment.weighting

    def search(
        self,
        query: str,
        *,
        context: Sequence[str] = (),
        top: int = 3,
        platform: str | None = None,
        item: str | None = None,
        agent: str | None = None,
        today: date | None = None,
        acceptance: Mapping[str, float] | None = None,
    ) -> Result:
        """The approved phrases that answer `query`, at most `top`, best first; none for what cannot be answered.

        `context` are the buyer's earlier texts of the session, oldest first; they help where the message alone says little.
        With `platform`, phrases meant for other platforms only are left out; with `today`, those not in force on that day.
        With `item`, those for other items are left out, and one for this item goes before a general one of about the same
        chance. Without it, phrases for single items come after general ones and say for which item they are. Phrases of
        their own are offered to `agent` alone. Only a phrase of the team, and for single items only where the item is
        known, is ever `confident`. A message of several questions gets the phrases of each (see `results.for_several`), one
        that the bank hardly knows is also read by its sound (see `sound`). `acceptance` is that of `by_acceptance`.
        """
        return self._search(query, context, top, Occasion(platform, item, agent, today, acceptance or {}))

    def _search(self, query: str, context: Sequence[str], top: int, occasion: Occasion) -> Result:
        if _CODE.fullmatch(levelled(query.strip())):
            return self._by_code_of(query, top, occasion)
        if (pointer := pointer_of(query)) is not None:
            return self._following(query, pointer, context, top, occasion)
        if is_junk(query) or self._is_strange_name(query):
            return Result(query, (), confident=False)
        whole = self._one(query, context, top, occasion)
        parts = questions_of(query)
        if len(parts) == 1:
            return whole
        found = [
            self._one(part, (*context, *parts[:number]), top, occasion) for number, part in enumerate(parts)
        ]
        return for_several(whole, found, top)

    def _is_strange_name(self, query: str) -> bool:
        """Whether `query` may be somebody's name, and no pair of its characters stands anywhere in the bank."""
        words = folded(query).rstrip("0")
        if not looks_like_name(words):
            return False
        frequency = self._weighting.frequency
        return not any(words[at : at + 2] in frequency for at in range(len(words) - 1))

    def _one(self, query: str, context: Sequence[str], top: int, occasion: Occasion) -> Result:
        """The result for a message taken as one question, in its own words or by its sound."""
        words = folded(query)
        plain = self._in_words(query, words, context, top, occasion)
        if plain.score >= SURELY_KNOWN or len(words) > LONGEST_HEARD:
            return plain
        reading = heard(words, self._weighting.frequency)
        if reading is None:
            return plain
        return by_sound(plain, self._in_words(query, reading.words, context, top, occasion), reading)

    def _in_words(
        self, query: str, words: str, context: Sequence[str], top: int, occasion: Occasion
    ) -> Result:
        """The result for `query`, of which the folded `words` are compared with the bank."""
        rest, chat = without_chat(words)
        if not rest:
            return self._courtesy(query, words, chat, context, top, occasion)
        asked = Query.of(rest, self._weighting, self._encoder)
        ranked = with_items(order_of(self.evidence(asked, context, occasion), asked), occasion)
        ranked = by_acceptance(ranked, occasion.acceptance)
        return self._judged(query, asked, ranked, context, top, occasion)

    def evidence(self, query: Query, context: Sequence[str] = (), occasion: Occasion = ANY) -> list[Evidence]:
        """What speaks for each of the most promising phrases, in no particular order; arguments as for `search`."""
        before = self._before(context)
        found: dict[str, Evidence] = {}
        for layer in self._layers:
            segment, gone, reserved = layer.segment, layer.hidden, layer.reservations
            barred = either(gone, reserved.barred(occasion))
            single = reserved.for_single_items() if occasion.item is None else None
            if single is not None:
                # A question that many items have a reply of their own to must not crowd out the general one.
                general = segment.evidence(query, before, either(barred, single))
                found |= {evidence.phrase.id: evidence for evidence in general}
                barred = either(barred, ~single)
            found |= {evidence.phrase.id: evidence for evidence in segment.evidence(query, before, barred)}
        return [
            evidence
            for evidence in found.values()
            if not self._denials.deny(evidence.phrase.id, query.words, evidence.ratio)
        ]

    def query_of(self, text: str) -> Query | None:
        """`text` as it is compared with the bank; None if it is junk or mere courtesy."""
        rest = "" if is_junk(text) else without_chat(folded(text))[0]
        return Query.of(rest, self._weighting, self._encoder) if rest else None

    def _judged(
        self,
        query: str,
        asked: Query,
        ranked: Sequence[Ranked],
        context: Sequence[str],
        top: int,
        occasion: Occasion,
    ) -> Result:
        contenders = rivals(ranked)
        chances = chances_of(ranked, asked, max(top, 1))
        if len(contenders) < len(ranked):
            chances[0] = max(chances[0], chances_of(contenders, asked, 1)[0])
        hits = tuple(
            Hit(
                one.evidence.phrase,
                round(chance, 4),
                (*_reasons(one.evidence, asked.words, context), *reserved_for(one.evidence.phrase)),
            )
            for one, chance in zip(ranked, chances[:top], strict=False)
        )
        alone = bool(ranked) and unattended(ranked[0].evidence.phrase, occasion)
        return Result(query, hits, alone and is_confident(contenders, asked, chances))

    def _before(self, context: Sequence[str]) -> list[Query]:
        """The buyer's last two texts that said something, the latest first."""
        queries = (self.query_of(text) for text in reversed(context))
        return list(islice((query for query in queries if query is not None), 2))

    def _following(
        self,
        query: str,
        pointer: Pointer,
        context: Sequence[str],
        top: int,
        occasion: Occasion,
        *,
        by_examples: bool = True,
    ) -> Result:
        """What answers a message without words of its own (see `pointing`); unless `by_examples`, by the talk alone."""
        asked = [place for place, text in enumerate(context) if self.query_of(text) is not None]
        earlier = [
            self._search(context[place], context[:place], max(top, ANSWERS), occasion)
            for place in reversed(asked[-EARLIER:])
        ]
        told = {
            phrase.id: (phrase, count)
            for layer in self._layers
            for phrase, count in layer.segment.pointing(pointer)
            if by_examples and occasion.admits(phrase) and layer.get(phrase.id) is phrase
        }
        return following(query, pointer, earlier, told, top)

    def _courtesy(
        self, query: str, words: str, chat: Chat, context: Sequence[str], top: int, occasion: Occasion
    ) -> Result:
        """Phrases for the same courtesy, and for nothing else: 谢谢 is near to 谢谢，什么时候发货 in letters only.

        A greeting within a talk asks for an answer; what answers the enquiry before it comes after the greetings.
        """
        if chat & (Chat.THANKS | Chat.FAREWELL):
            chat &= ~Chat.GREETING  # 谢谢老板 calls somebody and greets nobody
        asked = Query.of(words, self._weighting, self._encoder)
        found = [
            (fit, phrase)
            for layer in self._layers
            for fit, phrase in layer.segment.courteous(
                asked, chat, either(layer.hidden, layer.reservations.barred(occasion))
            )
        ]
        found.sort(key=lambda pair: (-pair[0] - item_worth(pair[1], occasion), pair[1].order, pair[1].id))
        names = {Chat.GREETING: "问候", Chat.THANKS: "致谢", Chat.FAREWELL: "道别", Chat.ASSENT: "应答"}
        reason = "买家" + "、".join(name for kind, name in names.items() if kind & chat)
        hits = tuple(
            Hit(phrase, round(COURTESY_SCORE * 0.5**rank, 4), (reason, *reserved_for(phrase)))
            for rank, (_, phrase) in enumerate(found[:top])
        )
        alone = bool(found) and unattended(found[0][1], occasion)
        if chat is Chat.GREETING and len(hits) < top:
            greeted = {hit.phrase.id for hit in hits}
            more = self._following(query, Pointer.GREETING, context, top, occasion, by_examples=not found)
            hits = (*hits, *(hit for hit in more.hits if hit.phrase.id not in greeted))[:top]
        return Result(query, hits, confident=alone and Chat.GREETING in chat)

    def _by_code_of(self, query: str, top: int, occasion: Occasion) -> Result:
        """What an agent typed as a short code, `/tk`: the phrases of this code, then those whose code begins with it.

        Of several with one code the agent's own go first, then those for the item in question, then by the owner's order.
        """
        typed = bare_code(query)
        found = merge(*(layer.coded(typed) for layer in self._layers), key=itemgetter(0))
        hits = (
            Hit(
                phrase,
                CODE_SCORE if code == typed else CODE_BEGUN_SCORE,
                (f"快捷码：/{code}", *reserved_for(phrase)),
            )
            for code, alike in groupby(found, key=itemgetter(0))
            for phrase in sorted(
                (phrase for _, phrase in alike if occasion.admits(phrase)),
                key=lambda one: (one.owner == TEAM, -item_worth(one, occasion), one.order, one.id),
            )
        )
        return Result(query, tuple(islice(hits, top)), confident=False)


def _reasons(evidence: Evidence, words: str, context: Sequence[str]) -> tuple[str, ...]:
    """Why a phrase is offered, the strongest reason first."""
    reasons = []
    nearest = evidence.nearest
    named = {Source.EXAMPLE: "例句", Source.TITLE: "标题", Source.TEXT: "原文"}[nearest.source]
    if nearest.words == words:
        reasons.append(f"与{named}「{quoted(nearest.text)}」相同")
    if evidence.keyword:
        reasons.append("关键词：" + "、".join(evidence.keyword.keywords[:3]))
    if nearest.words != words and evidence.cosine >= 0.2:
        reasons.append(f"与{named}「{quoted(nearest.text)}」相近")
    if context and (
        evidence.context > max(evidence.learned, 0.05) or evidence.talk > evidence.meaning + TALK_TELLS
    ):
        reasons.append("结合上文")
    return tuple(reasons) or ("与常见问法略有相似",)
