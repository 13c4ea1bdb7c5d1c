"""Care of the bank: what should be looked at in it, each with one act that puts it right.

`care_of` looks at the phrases alone; `unanswered` and `suggested_examples` at what buyers and agents wrote. All are pure:
the day is an argument, and an action is carried out by `changes_of`, which gives the phrases to store.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from phrasebank.care.duplicates import duplicates, near_duplicates
from phrasebank.care.examples import misplaced_examples
from phrasebank.care.findings import KIND_NAMES, Action, Do, Finding, Kind, digest_of
from phrasebank.care.keyword_hits import KeywordHits
from phrasebank.care.keywords import keyword_collisions
from phrasebank.care.lifetimes import Usage, never_used, out_of_date, shared_codes, unreachable
from phrasebank.care.scope import is_retired
from phrasebank.care.suggested_keywords import suggested_keywords
from phrasebank.phrase import Phrase

__all__ = [
    "BANK_KINDS",
    "FAULTS",
    "KIND_NAMES",
    "Action",
    "Do",
    "Finding",
    "Kind",
    "Usage",
    "care_of",
    "digest_of",
]

BANK_KINDS = frozenset(set(Kind) - {Kind.UNANSWERED, Kind.EXAMPLE_SUGGESTED})
"""What `care_of` can find."""
FAULTS = BANK_KINDS - {Kind.EXPIRING, Kind.NEVER_USED, Kind.KEYWORD_SUGGESTED}
"""What is wrong with a bank by itself, whoever uses it."""
_ABOUT_SEVERAL = frozenset({Kind.EXAMPLE, Kind.KEYWORD_SHARED, Kind.KEYWORD_CONTAINED})


def care_of(
    phrases: Sequence[Phrase],
    today: date,
    usage: Mapping[str, Usage] | None = None,
    kinds: Collection[Kind] = BANK_KINDS,
) -> list[Finding]:
    """What is to be looked at in `phrases` on the day `today`, of the `kinds` asked for, in the order of `Kind`.

    Retired phrases are left out. `usage` is by phrase id. What two phrases share is not said where they are to be merged anyway.
    """
    alive = [phrase for phrase in phrases if not is_retired(phrase)]
    same = [*duplicates(alive), *(near_duplicates(alive) if Kind.NEAR_DUPLICATE in kinds else ())]
    hits = KeywordHits(alive)
    found = [
        *same,
        *shared_codes(alive),
        *misplaced_examples(hits),
        *keyword_collisions(hits),
        *unreachable(alive),
        *out_of_date(alive, today),
        *never_used(alive, usage or {}, today),
        *(suggested_keywords(hits) if Kind.KEYWORD_SUGGESTED in kinds else ()),
    ]
    group_of = {phrase_id: finding.id for finding in reversed(same) for phrase_id in finding.ids}
    place = {kind: number for number, kind in enumerate(Kind)}
    told = [
        finding
        for finding in found
        if finding.kind in kinds
        and not (finding.kind in _ABOUT_SEVERAL and len({group_of.get(one, one) for one in finding.ids}) == 1)
    ]
    return sorted(told, key=lambda finding: place[finding.kind])
