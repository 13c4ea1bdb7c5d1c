"""Two people change the same record: what each changed, and what they disagree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A column that both changed, each to something else."""

    column: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True, slots=True)
class Reconciled:
    """`record` has every change of both; where they disagree it has mine.

    `taken` are the columns that only the other changed.
    """

    record: dict[str, Any]
    taken: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]


def reconcile(base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Reconciled:
    """Bring together two changes of `base`. A column that a record does not have counts as None there."""
    record: dict[str, Any] = {}
    taken = []
    disagreements = []
    for column in dict.fromkeys((*base, *theirs, *mine)):
        was, is_mine, is_theirs = base.get(column), mine.get(column), theirs.get(column)
        kept = is_mine
        if is_theirs not in (was, is_mine):
            if is_mine == was:
                kept = is_theirs
                taken.append(column)
            else:
                disagreements.append(Disagreement(column, was, is_mine, is_theirs))
        record[column] = kept
    return Reconciled(record, tuple(taken), tuple(disagreements))
