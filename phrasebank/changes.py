"""One change of a phrase, taken back without what came after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Record = Mapping[str, Any]


def columns_changed(before: Record | None, after: Record | None) -> tuple[str, ...]:
    """The columns in which two records of a phrase differ; all that are there where one of them is None."""
    one, other = before or {}, after or {}
    return tuple(column for column in {**one, **other} if one.get(column) != other.get(column))


class ChangedSinceError(ValueError):
    """A change that cannot be taken back alone: `columns` were changed again after it."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        super().__init__("、".join(columns))
        self.columns = columns


def without_change(now: Record, before: Record, after: Record) -> dict[str, Any]:
    """The record `now` as it would be, had the change from `before` to `after` not been made.

    Of a list, entries that the change brought go and entries that it took come back; what was added or removed later stays
    so. Raises `ChangedSinceError` where any other column was changed again since.
    """
    undone = dict(now)
    lost = []
    for column in columns_changed(before, after):
        old, new, present = before.get(column), after.get(column), now.get(column)
        if present == new:
            undone[column] = old
        elif isinstance(old, list) and isinstance(new, list) and isinstance(present, list):
            kept = [entry for entry in present if entry in old or entry not in new]
            undone[column] = kept + [entry for entry in old if entry not in new and entry not in kept]
        elif present != old:
            lost.append(column)
    if lost:
        raise ChangedSinceError(tuple(lost))
    return {column: value for column, value in undone.items() if value is not None}
