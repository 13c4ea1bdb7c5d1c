"""The knobs that calibration may turn, and the values worth trying, the likelier first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from app.core.definitions import Definition, MeasureKind

Value = bool | int | str | None | tuple[Any, ...]
"""A knob's value in its public JSON form, lists as tuples."""


class Change(NamedTuple):
    """One knob turned to a value."""

    knob: str
    value: Value


def _spans(*pairs: tuple[int, int]) -> tuple[Value, ...]:
    return tuple((f"{start:02}:00:00", f"{end:02}:00:00") for start, end in pairs)


_HOURS: Final = _spans((8, 23), (8, 24), (0, 24), (9, 23), (9, 24), (8, 22), (9, 22), (9, 21))

_REPLY_VALUES: Final[dict[str, tuple[Value, ...]]] = {
    "window_s": (180, 300, 30, 60, 120, 240, 600, 3600, 86400),
    "inclusive": (True, False),
    "unit": ("person", "message", "session"),
    "burst": ("each", "first"),
    "hours": _HOURS,
    "hours_end_inclusive": (False, True),
    "robot": ("ignore", "assist_only", "counts"),
    "robot_only": ("keep", "exclude"),
    "clock_start": ("buyer_message", "transfer", "assigned"),
    "spam": ("keep", "drop_system", "drop_system_and_reported"),
    "closing": ("count", "ignore_courtesy"),
    "offline_leave": ("count", "drop"),
    "cross_day": ("keep", "drop_if_reply_other_day"),
    "withdrawn": ("keep", "drop_if_before_reply"),
    "welcome": ("ignore", "counts"),
    "session_rule": ("all_items", "first_item", "avg_wait"),
    "assess_by": ("buyer_message", "session_start"),
    "dedupe": ("day", "period"),
}
_RATING_VALUES: Final[dict[str, tuple[Value, ...]]] = {
    "robot": (True, False),
    "hours": _HOURS,
    "hours_end_inclusive": (False, True),
    "last_only": (False, True),
    "valid_hours": (None, 24, 48, 72),
}
_KNOB_ORDER: Final = {knob: index for index, knob in enumerate([*_REPLY_VALUES, *_RATING_VALUES, "counted"])}


def likelihood(change: Change) -> tuple[int, int]:
    """Sorts changes, the likelier first."""
    values = _REPLY_VALUES.get(change.knob, ())
    rank = values.index(change.value) if change.value in values else len(values)
    return (_KNOB_ORDER.get(change.knob, len(_KNOB_ORDER)), rank)


def alternatives(definitions: Iterable[Definition]) -> tuple[Change, ...]:
    """Every change worth trying: those that alter at least one of the definitions, which must be of one kind.

    `unit: turn` counts as `message` does and is not tried beside it.
    """
    given = list(definitions)
    return tuple(change for change in _candidates(given) if any(_alters(change, each) for each in given))


def _candidates(definitions: list[Definition]) -> Iterator[Change]:
    if definitions[0].kind is MeasureKind.REPLY:
        for knob, values in _REPLY_VALUES.items():
            for value in values:
                yield Change(knob, value)
        return
    for knob, values in _RATING_VALUES.items():
        for value in values:
            yield Change(knob, value)
    # Which labels count at all: a platform may leave one of the labels that are not good out of the denominator.
    for labels in {each.counted: None for each in definitions}:
        for label in labels:
            if not any(label in each.positive for each in definitions):
                yield Change("counted", tuple(other for other in labels if other != label))


def _alters(change: Change, definition: Definition) -> bool:
    changed = definition.with_settings(dict([change]))
    if {changed.unit.value, definition.unit.value} == {"message", "turn"}:
        return False
    return changed != definition
