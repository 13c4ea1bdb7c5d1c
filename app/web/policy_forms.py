"""The form of a policy: its knobs as the texts of fields, and back.

A field gives back what was typed, however wrong: what is wrong with it the validation says, and the field shows it again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.core.knobs import KNOBS, Kind, Knob

ON_ITS_OWN: Final = "robot_on"
"""The kill switch has a form of its own, so that nothing else can stand in its way."""
FORM_KNOBS: Final = tuple(knob for knob in KNOBS.values() if knob.name != ON_ITS_OWN)
CATEGORY_MARK: Final = "="
"""Stands before a category in a field, so that phrases without one can be chosen, too."""
MOST_DIGITS: Final = 9

_SEPARATOR: Final = re.compile(r"[\r\n,，、;；]+")

Fields = Mapping[str, Sequence[str]]


def shown_of(policy: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields show of a policy: a truth value, a text, or for phrases and categories a list."""
    return {knob.name: _shown(knob, policy[knob.name]) for knob in FORM_KNOBS}


def policy_of(fields: Fields, base: Mapping[str, Any]) -> dict[str, Any]:
    """The policy that the fields say; what has no field is as in `base`."""
    return dict(base) | {knob.name: _read(knob, fields.get(knob.name, ())) for knob in FORM_KNOBS}


def _shown(knob: Knob, value: Any) -> Any:
    if knob.kind in {Kind.WORDS, Kind.HOURS}:
        return "\n".join(value)
    if knob.kind in {Kind.PHRASES, Kind.CATEGORIES}:
        return list(value)
    return value if knob.kind is Kind.SWITCH else _number_text(value)


def _number_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _read(knob: Knob, values: Sequence[str]) -> Any:
    first = next(iter(values), "").strip()
    match knob.kind:
        case Kind.SWITCH:
            return bool(values)
        case Kind.COUNT:
            return int(first) if first.isascii() and first.isdigit() and len(first) <= MOST_DIGITS else first
        case Kind.CHANCE:
            return _chance(first)
        case Kind.WORDS | Kind.HOURS:
            entries = (entry.strip() for entry in _SEPARATOR.split("\n".join(values)))
            return list(dict.fromkeys(filter(None, entries)))
        case Kind.PHRASES:
            return list(dict.fromkeys(filter(None, (value.strip() for value in values))))
        case Kind.CATEGORIES:
            return list(dict.fromkeys(value.removeprefix(CATEGORY_MARK) for value in values))
    return first


def _chance(text: str) -> Any:
    """The number, or the text as it was typed if it is none."""
    try:
        value = float(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text
