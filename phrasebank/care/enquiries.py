"""What buyers asked and agents answered, held against the bank: questions without a phrase, and phrases without the question."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from phrasebank.care.findings import Action, Do, Finding, Kind, seen
from phrasebank.care.wordings import Wording, WordingIndex
from phrasebank.chitchat import is_junk, without_chat
from phrasebank.clustering import clusters_of
from phrasebank.folding import bare, folded
from phrasebank.phrase import Phrase, derived_id
from phrasebank.results import Hit

ANSWERED: Final = 0.3
"""A question whose best phrase is less likely than this has no answer yet."""
USEFUL: Final = 0.2
"""A phrase that is right less often than this is no answer."""
FOUND: Final = 0.5
"""A message for which the bank has a phrase this likely is no new example of another one."""
LEAST_SIZE: Final = 3
"""Messages that make a cluster worth a phrase."""
BACKGROUND: Final = 400
"""Everyday questions beside which those without an answer are clustered."""
EXAMPLES: Final = 12
"""Examples of one suggestion at most."""
LONGEST: Final = 60
"""Code points of a message that may become an example."""
TO_BE_WRITTEN: Final = "（待写）"
"""Before the text of a draft for which no agent's reply is known."""

Find = Callable[[str], Sequence[Hit]]
"""What the bank has for a message, best first. Drafts should be in it, or they are proposed again."""
Mask = Callable[[str], str]
"""A text without personal data."""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One message of a buyer, the day on which it came, and what agents said next, before the buyer spoke again."""

    text: str
    day: date
    replies: tuple[str, ...] = ()


def most_asked(enquiries: Sequence[Enquiry], most: int) -> list[Enquiry]:
    """Those of `enquiries` that are among the `most` different questions that were asked most often; of equals the latest."""
    counts = Counter(folded(one.text) for one in reversed(enquiries))
    kept = {words for words, _ in counts.most_common(most)}
    return [one for one in enquiries if folded(one.text) in kept]


class Findings:
    """What the bank has for each of some messages; equal ones are asked once."""

    def __init__(self, find: Find) -> None:
        self._find = find
        self._known: dict[str, Sequence[Hit]] = {}

    def of(self, text: str) -> Sequence[Hit]:
        words = folded(text)
        if words not in self._known:
            self._known[words] = self._find(text)
        return self._known[words]


def from_enquiries(
    enquiries: Sequence[Enquiry],
    phrases: Sequence[Phrase],
    find: Find,
    mask: Mask,
    days: Sequence[date],
    *,
    holding: Collection[str] = (),
) -> list[Finding]:
    """Clusters of enquiries for which the bank has nothing, and new examples that agents' replies suggest.

    `days` are those of the trend; `holding` are ids of phrases that answer nothing (请稍等). Texts in a finding went through
    `mask`. An enquiry that was answered in the words of a phrase suggests an example, and is in no cluster.
    """
    found = Findings(find)
    asking = [one for one in enquiries if asks(one.text)]
    answered = _by_phrase(asking, [phrase for phrase in phrases if phrase.state == "approved"])
    known = {id(one) for group in answered.values() for one in group}
    by_id = {phrase.id: phrase for phrase in phrases}
    open_ones = [one for one in asking if id(one) not in known and _best(found.of(one.text)) < ANSWERED]
    return [
        *_unanswered(open_ones, by_id, found, mask, days),
        *_suggested(answered, by_id, found, mask, holding),
    ]


def asks(text: str) -> bool:
    """Whether a message is a question that could be an example: neither junk nor mere courtesy, and not too long."""
    return len(text) <= LONGEST and not is_junk(text) and bool(without_chat(folded(text))[0])


def _best(hits: Sequence[Hit]) -> float:
    return hits[0].score if hits else 0.0


def _by_phrase(enquiries: Iterable[Enquiry], phrases: Sequence[Phrase]) -> dict[str, list[Enquiry]]:
    """The enquiries that were answered in the words of a phrase, by the id of the phrase."""
    owned = [(phrase.id, Wording.of(text)) for phrase in phrases for text in (phrase.text, *phrase.variants)]
    index = WordingIndex([wording for _, wording in owned])
    said: dict[str, str | None] = {}

    def phrase_of(reply: str) -> str | None:
        words = bare(reply)
        if words not in said:
            places = index.same_as(Wording.of(reply))
            said[words] = owned[places[0]][0] if places else None
        return said[words]

    answered: dict[str, list[Enquiry]] = defaultdict(list)
    for enquiry in enquiries:
        for phrase_id in dict.fromkeys(phrase_of(reply) for reply in enquiry.replies):
            if phrase_id is not None:
                answered[phrase_id].append(enquiry)
    return answered


def _unanswered(
    enquiries: Sequence[Enquiry],
    phrases: Mapping[str, Phrase],
    found: Findings,
    mask: Mask,
    days: Sequence[date],
) -> Iterator[Finding]:
    # Beside everyday questions it is seen what the open ones have in common; among themselves they may all be of one thing.
    everyday = [phrase.examples[0] for phrase in phrases.values() if phrase.examples][:BACKGROUND]
    for cluster in clusters_of([*(one.text for one in enquiries), *everyday]):
        members = [enquiries[place] for place in cluster.members if place < len(enquiries)]
        examples = _masked((one.text for one in members), mask)[:EXAMPLES]
        if len(members) >= LEAST_SIZE and examples:
            yield _cluster_finding(examples, members, phrases, found, mask, days)


def _cluster_finding(
    examples: tuple[str, ...],
    members: Sequence[Enquiry],
    phrases: Mapping[str, Phrase],
    found: Findings,
    mask: Mask,
    days: Sequence[date],
) -> Finding:
    name = examples[0]
    by_day = Counter(one.day for one in members)
    sums: Counter[str] = Counter()
    for one in members:
        for hit in found.of(one.text)[:1]:
            sums[hit.phrase.id] += round(1e4 * hit.score)
    nearest, total = sums.most_common(1)[0] if sums else ("", 0)
    score = round(total / 1e4 / len(members), 4)
    reply = _usual_reply(members)
    draft = Action(
        Do.DRAFT,
        (derived_id("", "\n".join(sorted(map(folded, examples)))),),
        texts=examples,
        title=name[:20],
        text=mask(reply) if reply else TO_BE_WRITTEN + name,
    )
    others: tuple[Action, ...] = ()
    near = "没有相近的话术"
    if nearest in phrases:
        others = (Action(Do.ADD_EXAMPLES, (nearest,), texts=examples, seen=seen([phrases[nearest]])),)
        near = f"最接近的是 {nearest}，平均把握只有 {score:.0%}"
    return Finding(
        Kind.UNANSWERED,
        (),
        f"「{name}」这类咨询 {len(members)} 次，话术库答不了；{near}",
        draft,
        name,
        "",
        others,
        {
            "size": len(members),
            "examples": list(examples),
            "nearest": {"id": nearest, "score": score} if nearest else None,
            "trend": [{"day": day.isoformat(), "count": by_day[day]} for day in days],
        },
    )


def _usual_reply(members: Iterable[Enquiry]) -> str:
    """What agents answered most often, in its first spelling; of equals the earliest. Empty if nothing was answered."""
    replies = [reply for one in members for reply in one.replies if reply.strip()]
    counts = Counter(map(bare, replies))
    return max(replies, key=lambda reply: counts[bare(reply)], default="")


def _suggested(
    answered: Mapping[str, Sequence[Enquiry]],
    phrases: Mapping[str, Phrase],
    found: Findings,
    mask: Mask,
    holding: Collection[str],
) -> Iterator[Finding]:
    there = {folded(text) for phrase in phrases.values() for text in phrase.examples}
    for phrase_id, enquiries in answered.items():
        if phrase_id in holding:
            continue
        phrase = phrases[phrase_id]
        passed = there | {folded(text) for text in phrase.not_examples}
        new = [
            one.text
            for one in enquiries
            if folded(one.text) not in passed and _is_missed(phrase_id, found.of(one.text))
        ]
        counts = Counter(map(folded, new))
        often = sorted(dict.fromkeys(new), key=lambda text: -counts[folded(text)])
        examples = _masked(often, mask)[:EXAMPLES]
        if examples:
            yield Finding(
                Kind.EXAMPLE_SUGGESTED,
                (phrase_id,),
                f"客服 {len(new)} 次用 {phrase_id} 的话回答，话术库却没有推荐它；建议加例句：{'、'.join(examples[:5])}",
                Action(Do.ADD_EXAMPLES, (phrase_id,), texts=examples, seen=seen([phrase])),
                "\n".join(examples),
                "examples",
                detail={"size": len(new), "examples": list(examples)},
            )


def _is_missed(phrase_id: str, hits: Sequence[Hit]) -> bool:
    """Whether neither the phrase is among what the bank offers, nor another one so likely that the message must be its."""
    offered = any(hit.phrase.id == phrase_id and hit.score >= USEFUL for hit in hits)
    return not offered and _best(hits) < FOUND


def _masked(texts: Iterable[str], mask: Mask) -> tuple[str, ...]:
    """`texts` without personal data, each question once; what then asks nothing is left out."""
    once: dict[str, str] = {}
    for text in map(mask, texts):
        if asks(text):
            once.setdefault(folded(text), text)
    return tuple(once.values())
