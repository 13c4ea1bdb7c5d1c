"""Phrases brought into a bank that already has some."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, Final, Literal

from phrasebank.folding import bare
from phrasebank.phrase import DEFAULTS, LIST_COLUMNS, Phrase, derived_id

Kind = Literal["added", "extended", "changed", "unchanged"]
Prefer = Literal["bank", "file"]

ACCOUNT_COLUMNS: Final = ("账号ID", "账号id")
"""Unknown columns that tell for which account a phrase is meant: the same words for another one are another phrase."""
DAYS: Final = ("valid_from", "valid_until")
NARROWING: Final = ("platforms", *DAYS)
"""Columns in which empty is a value: all platforms, an open end. An import does not narrow what the bank left open."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A column in which the file says something else than the bank.

    `after` is the value of the file, or what both give together; `taken` tells whether the bank has it now. What was not taken
    stands here so that nobody loses it unknowingly.
    """

    column: str
    before: Any
    after: Any
    taken: bool

    def to_json(self) -> dict[str, Any]:
        return {"column": self.column, "before": self.before, "after": self.after, "taken": self.taken}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one incoming phrase: `phrase` is how it stands in the bank now, `columns` what was changed in it."""

    kind: Kind
    phrase: Phrase
    columns: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The change as machines read it."""
        return {
            "change": self.kind,
            "id": self.phrase.id,
            "columns": list(self.columns),
            "differences": [difference.to_json() for difference in self.differences],
        }


@dataclass(frozen=True, slots=True)
class Merged:
    """The bank after an import, its old phrases in their places first.

    There is one change for each incoming phrase, in their order; `untouched` are the old phrases that none of them met.
    """

    phrases: tuple[Phrase, ...]
    changes: tuple[Change, ...]
    untouched: tuple[Phrase, ...] = ()

    def count(self, *kinds: Kind) -> int:
        """How many incoming phrases were of these kinds."""
        return sum(change.kind in kinds for change in self.changes)

    def not_taken(self) -> int:
        """How many values of the file the bank did not take, since it has others."""
        return sum(not difference.taken for change in self.changes for difference in change.differences)


def merge(
    existing: Iterable[Phrase],
    incoming: Iterable[Phrase],
    *,
    prefer: Prefer = "bank",
    unsaid: Sequence[Collection[str]] | None = None,
) -> Merged:
    """Bring `incoming` into `existing`, and drop no phrase.

    A phrase of the same category, text, owner and items is the same phrase: its lists grow by what is new, and its empty
    columns are filled; where both have a value, that of the bank stands and the difference is told. Anything else is added,
    under an id of its own if that id is taken. With `prefer="file"` phrases are first matched by id, and values of the file
    that are not empty take the place of those in the bank.

    `unsaid` names, for each incoming phrase, the columns whose value is a default and not the file's: they change nothing.
    Without it, every default value counts as unsaid.
    """
    phrases = list(existing)
    old = len(phrases)
    places = {_identity(phrase): place for place, phrase in reversed(list(enumerate(phrases)))}
    by_id = {phrase.id: place for place, phrase in enumerate(phrases)}
    changes: list[Change] = []
    met: set[int] = set()
    for phrase, silent in zip(incoming, repeat(None) if unsaid is None else unsaid, strict=False):
        place = by_id.get(phrase.id) if prefer == "file" else None
        if place is None:
            place = places.get(_identity(phrase))
        if place is None:
            new = replace(phrase, id=_free_id(phrase, by_id)) if phrase.id in by_id else phrase
            by_id[new.id] = places[_identity(new)] = len(phrases)
            phrases.append(new)
            changes.append(Change("added", new))
            continue
        met.add(place)
        before = phrases[place]
        after, differences = combined(before, phrase, prefer=prefer, unsaid=silent)
        phrases[place] = after
        places.setdefault(_identity(after), place)
        columns = tuple(difference.column for difference in differences if difference.taken)
        replaced = any(_replaces(difference) for difference in differences if difference.taken)
        kind: Kind = "changed" if replaced else "extended" if columns else "unchanged"
        changes.append(Change(kind, after, columns, tuple(differences)))
    untouched = tuple(phrase for place, phrase in enumerate(phrases[:old]) if place not in met)
    return Merged(tuple(phrases), tuple(changes), untouched)


def combined(
    old: Phrase, new: Phrase, *, prefer: Prefer = "bank", unsaid: Collection[str] | None = None
) -> tuple[Phrase, list[Difference]]:
    """`old` with what `new` adds to it, and where the two differ, by the rules of `merge`. The id stays that of `old`."""
    given = {**new.to_json(), "id": old.id}
    before = old.to_json()
    if prefer == "bank":
        # Found by these, give or take spaces, punctuation and order.
        given |= {column: before[column] for column in ("category", "text", "owner", "items")}
    for column, default in DEFAULTS.items():
        if (given[column] == default) if unsaid is None else (column in unsaid):
            given[column] = before[column]
    after = dict(before)
    differences = []
    for column, value in given.items():
        value_before = before.get(column)
        joined = _joined(column, value_before, value) if prefer == "bank" else value
        if joined == value_before or _is_empty(value):
            continue
        taken = prefer == "file" or column in LIST_COLUMNS or _is_empty(value_before)
        if column in NARROWING and prefer == "bank" and not value_before:
            taken, joined = False, value
        differences.append(Difference(column, value_before, joined, taken))
        if taken:
            after[column] = joined
    if after["valid_from"] and after["valid_until"] and after["valid_from"] > after["valid_until"]:
        # One end came with the file, and the other one of the bank does not go with it.
        after |= {column: before[column] for column in DAYS}
        differences = [replace(one, taken=one.taken and one.column not in DAYS) for one in differences]
    if prefer == "bank" and old.platforms and not new.platforms:
        differences.append(Difference("platforms", before["platforms"], [], True))
        after["platforms"] = []  # empty means all of them
    return Phrase.from_json(after), differences


def scope_of(phrase: Phrase) -> str:
    """For which items and account the phrase is meant, as text; empty for all."""
    items = (f"商品id={'|'.join(sorted(phrase.items))}",) if phrase.items else ()
    accounts = (f"{name.lower()}={phrase.extra[name]}" for name in ACCOUNT_COLUMNS if phrase.extra.get(name))
    return "\x1f".join((*items, *accounts))


def _identity(phrase: Phrase) -> tuple[str, str, str, str]:
    return phrase.owner, bare(phrase.category), phrase.text.strip(), scope_of(phrase)


def _joined(column: str, old: Any, new: Any) -> Any:
    return list(dict.fromkeys((*old, *new))) if column in LIST_COLUMNS else new


def _is_empty(value: Any) -> bool:
    return value is None or (value in ("", 0, [], {}) and value is not False)


def _replaces(difference: Difference) -> bool:
    """Whether a value was lost to the bank, and not only something added."""
    if isinstance(difference.before, list) and isinstance(difference.after, list):
        return any(item not in difference.after for item in difference.before) and bool(difference.after)
    return not _is_empty(difference.before)


def _free_id(phrase: Phrase, taken: Mapping[str, int]) -> str:
    candidate = derived_id(phrase.category, phrase.text)
    number = 2
    while candidate in taken:
        candidate = f"{derived_id(phrase.category, phrase.text)}-{number}"
        number += 1
    return candidate
