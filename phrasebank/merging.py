"""Phrases brought into a bank that already has some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from phrasebank.folding import bare
from phrasebank.phrase import LIST_COLUMNS, Phrase, derived_id

Kind = Literal["added", "extended", "unchanged"]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one incoming phrase: `phrase` is how it stands in the bank now, `columns` what was added to it."""

    kind: Kind
    phrase: Phrase
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Merged:
    """The bank after an import, old phrases in their places first, and one change for each incoming phrase."""

    phrases: tuple[Phrase, ...]
    changes: tuple[Change, ...]


def merge(existing: Iterable[Phrase], incoming: Iterable[Phrase]) -> Merged:
    """Bring `incoming` into `existing`, and drop nothing.

    A phrase of the same category, text and owner is the same phrase: its lists grow by what is new, and its empty columns
    are filled. Anything else is added, under an id of its own if that id is taken.
    """
    phrases = list(existing)
    places = {_identity(phrase): place for place, phrase in reversed(list(enumerate(phrases)))}
    ids = {phrase.id for phrase in phrases}
    changes: list[Change] = []
    for phrase in incoming:
        place = places.get(_identity(phrase))
        if place is None:
            new = replace(phrase, id=_free_id(phrase, ids)) if phrase.id in ids else phrase
            ids.add(new.id)
            places[_identity(new)] = len(phrases)
            phrases.append(new)
            changes.append(Change("added", new))
            continue
        extended = _extended(phrases[place], phrase)
        before, after = phrases[place].to_json(), extended.to_json()
        columns = tuple(column for column in after if before.get(column) != after[column])
        phrases[place] = extended
        changes.append(Change("extended" if columns else "unchanged", extended, columns))
    return Merged(tuple(phrases), tuple(changes))


def _identity(phrase: Phrase) -> tuple[str, str, str]:
    return phrase.owner, bare(phrase.category), phrase.text.strip()


def _extended(old: Phrase, new: Phrase) -> Phrase:
    values: dict[str, Any] = {}
    for column in LIST_COLUMNS:
        values[column] = tuple(dict.fromkeys((*getattr(old, column), *getattr(new, column))))
    if not old.platforms or not new.platforms:
        values["platforms"] = ()  # empty means all of them
    for column in ("title", "code"):
        values[column] = getattr(old, column) or getattr(new, column)
    extra: Mapping[str, Any] = {**new.extra, **old.extra}
    return replace(old, **values, extra=extra)


def _free_id(phrase: Phrase, taken: set[str]) -> str:
    candidate = derived_id(phrase.category, phrase.text)
    number = 2
    while candidate in taken:
        candidate = f"{derived_id(phrase.category, phrase.text)}-{number}"
        number += 1
    return candidate
