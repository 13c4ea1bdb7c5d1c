"""From evidence to an order of phrases and to the chance that each is right.

The weights are figures in `data/matching.json`, fitted by tools/fit_matching.py.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import orjson

from phrasebank.documents import Source
from phrasebank.encoding import Strength
from phrasebank.index import Query
from phrasebank.segment import Evidence

FEATURES: Final = (
    "cosine",
    "meaning",
    "meaning_if_short",
    "same_meaning",
    "learned",
    "learned_if_frequent",
    "ratio",
    "coverage",
    "context",
    "context_if_frequent",
    "context_if_short",
    "talk_if_short",
    "cues_missing",
    "cues_besides",
    "keyword",
    "keyword_share",
    "keyword_denied",
    "exact",
)
ANSWERABLE: Final = (
    "bias",
    "cosine",
    "meaning",
    "ratio",
    "learned",
    "value",
    "known",
    "at_home",
    "mass",
    "length",
    "keyword",
    "exact",
)
"""What tells whether the bank has an answer at all; judged by the first candidate."""
RIGHT: Final = (
    "bias",
    "value",
    "lead",
    "trail",
    "cosine",
    "meaning",
    "ratio",
    "learned",
    "keyword",
    "exact",
    "by_text",
    "rank",
)
"""What tells, if there is an answer, whether this candidate is the right one."""
STRANGE_BELOW: Final = -1.5
"""Standard deviations at which a message is less at home in the bank than all but few of the bank's own examples."""
TWICE_TOLD: Final = 0.95
"""The least chance of a phrase that alone has the message as its example, and a keyword in it as well."""
HAIR: Final = 0.25
"""Candidates whose worth differs by less are equal; what people took before decides between them."""
DENSE: Final = "dense_"
"""Before a name: the same, times the density of the bank's examples. Among many, a near one is more often an accident."""


@dataclass(frozen=True, slots=True)
class Order:
    """What each feature is worth in the order, by name: in a bank of one document a phrase, and in one of about thirty.

    Between the two it is mixed. Where there are few examples letters have to decide; where there are many, what was learned.
    """

    sparse: Mapping[str, float]
    dense: Mapping[str, float]

    def at(self, density: float) -> Mapping[str, float]:
        """The worth in a bank of this density (see `Evidence`)."""
        share = min(density, 1.0)
        return {
            name: (1 - share) * self.sparse.get(name, 0.0) + share * self.dense.get(name, 0.0)
            for name in FEATURES
        }


@dataclass(frozen=True, slots=True)
class Weights:
    """Fitted figures: what each feature is worth in the order and in the two chances."""

    order: Order
    answerable: Mapping[str, float]
    right: Mapping[str, float]
    confident_chance: float
    confident_lead: float


@cache
def weights(strength: Strength) -> Weights:
    """The figures that ship with the package for banks whose encoder is of this strength."""
    record = orjson.loads((resources.files("phrasebank") / "data" / "matching.json").read_bytes())[strength]
    return Weights(
        Order(record["order"]["sparse"], record["order"]["dense"]),
        record["answerable"],
        record["right"],
        record["confident"]["chance"],
        record["confident"]["lead"],
    )


def features_of(evidence: Evidence, query: Query) -> dict[str, float]:
    """The features by which candidates for one message are put in order."""
    keyword = evidence.keyword
    shortness = 1 / (1 + len(query.words) / 4)
    return {
        "cosine": evidence.cosine,
        "meaning": evidence.meaning,
        "meaning_if_short": evidence.meaning * shortness,
        "same_meaning": max(evidence.meaning, 0.0) ** 3,
        "learned": evidence.learned,
        "learned_if_frequent": evidence.learned * evidence.frequency,
        "ratio": evidence.ratio,
        "coverage": evidence.coverage,
        "context": evidence.context,
        "context_if_frequent": evidence.context * evidence.frequency,
        "context_if_short": evidence.context * shortness,
        "talk_if_short": evidence.talk * shortness,
        "cues_missing": float(evidence.cues_missing),
        "cues_besides": float(evidence.cues_besides),
        "keyword": keyword.specificity if keyword else 0.0,
        "keyword_share": keyword.share if keyword else 0.0,
        # A keyword names the subject only; where the message asks something else of it, it proves little.
        "keyword_denied": keyword.specificity * min(evidence.cues_missing, 2) if keyword else 0.0,
        "exact": _exact(evidence, query),
    }


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate with its worth in the order, which has no meaning beside other messages."""

    value: float
    evidence: Evidence


def order_of(found: Iterable[Evidence], query: Query, order: Order | None = None) -> list[Ranked]:
    """The candidates for one message from one bank, best first; equal ones by the owner's own order."""
    found = list(found)
    worth = (order or weights(query.strength).order).at(found[0].density if found else 0.0)
    ranked = [
        Ranked(
            sum(worth[name] * value for name, value in features_of(evidence, query).items()),
            evidence,
        )
        for evidence in found
    ]
    return sorted(ranked, key=lambda one: (-one.value, one.evidence.phrase.order, one.evidence.phrase.id))


def by_acceptance(ranked: Sequence[Ranked], acceptance: Mapping[str, float]) -> Sequence[Ranked]:
    """The same order, but of candidates that are equal by a hair those first that are taken most.

    `acceptance` says of phrases, by id, how often they are taken when offered, 0..1; a phrase that it does not name is as
    good as the mean of those it names.
    """
    if not acceptance:
        return ranked
    usual = sum(acceptance.values()) / len(acceptance)
    ordered: list[Ranked] = []
    start = 0
    for end in range(1, len(ranked) + 1):
        if end == len(ranked) or ranked[start].value - ranked[end].value >= HAIR:
            equal = ranked[start:end]
            ordered += sorted(equal, key=lambda one: -acceptance.get(one.evidence.phrase.id, usual))
            start = end
    return ordered


def answerable_features(ranked: Sequence[Ranked], query: Query) -> dict[str, float]:
    """The features by which it is judged whether the bank has an answer; `ranked` is the order, best first."""
    evidence = ranked[0].evidence
    return _with_dense(
        {
            "bias": 1.0,
            "cosine": max(one.evidence.cosine for one in ranked[:3]),
            "meaning": max(one.evidence.meaning for one in ranked[:3]),
            "ratio": max(one.evidence.ratio for one in ranked[:3]),
            "learned": evidence.learned,
            "value": ranked[0].value,
            "known": query.known,
            "at_home": query.at_home,
            "stranger": max(0.0, STRANGE_BELOW - query.at_home),
            "mass": math.log1p(query.mass),
            "length": math.log1p(len(query.words)),
            "keyword": evidence.keyword.specificity if evidence.keyword else 0.0,
            "exact": _exact(evidence, query),
        },
        evidence.density,
    )


def right_features(ranked: Sequence[Ranked], rank: int, query: Query) -> dict[str, float]:
    """The features by which it is judged, if there is an answer, whether the candidate at `rank` is the right one."""
    value, evidence = ranked[rank].value, ranked[rank].evidence
    following = ranked[rank + 1].value if rank + 1 < len(ranked) else value - 4.0
    return _with_dense(
        {
            "bias": 1.0,
            "value": value,
            "lead": min(value - following, 4.0) if rank == 0 else 0.0,
            "trail": ranked[0].value - value,
            "cosine": evidence.cosine,
            "meaning": evidence.meaning,
            "ratio": evidence.ratio,
            "learned": evidence.learned,
            "keyword": evidence.keyword.specificity if evidence.keyword else 0.0,
            "exact": _exact(evidence, query),
            "frequency": evidence.frequency,
            "by_text": float(evidence.nearest.source is Source.TEXT and evidence.nearest.boost < 1),
            "rank": min(rank, 5) / 5,
        },
        evidence.density,
    )


def chances_of(ranked: Sequence[Ranked], query: Query, count: int) -> list[float]:
    """The chances, 0..1, that the first `count` candidates are right, never rising from one to the next."""
    if not ranked:
        return []
    fitted = weights(query.strength)
    answerable = logistic(answerable_features(ranked, query), fitted.answerable)
    chances: list[float] = []
    first = ranked[0].evidence
    exact = sum(_exact(one.evidence, query) for one in ranked)
    if first.keyword and exact == _exact(first, query) == 1:
        # The owner said twice that this message means this phrase alone; no set to fit on says anything twice.
        answerable = 1.0
        chances.append(max(TWICE_TOLD, logistic(right_features(ranked, 0, query), fitted.right)))
    for rank in range(len(chances), min(count, len(ranked))):
        chance = answerable * logistic(right_features(ranked, rank, query), fitted.right)
        chances.append(min(chance, chances[-1]) if chances else chance)
    return chances[:count]


def is_confident(ranked: Sequence[Ranked], query: Query, chances: Sequence[float]) -> bool:
    """Whether the first candidate may be said unattended: likely enough, far enough ahead, and no other told as exactly."""
    fitted = weights(query.strength)
    if not chances or chances[0] < fitted.confident_chance:
        return False
    if len(ranked) > 1 and ranked[0].value - ranked[1].value < fitted.confident_lead:
        return False
    return sum(_exact(one.evidence, query) for one in ranked) <= 1


def logistic(features: Mapping[str, float], worth: Mapping[str, float]) -> float:
    """The logistic of the weighted features."""
    total = sum(worth.get(name, 0.0) * value for name, value in features.items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def _with_dense(features: dict[str, float], density: float) -> dict[str, float]:
    return {**features, **{DENSE + name: density * value for name, value in features.items()}}


def _exact(evidence: Evidence, query: Query) -> float:
    return float(evidence.nearest.words == query.words and evidence.nearest.source is not Source.TEXT)
