"""Variables in a reply, written `{name}`, and their filling.

A name is an ASCII identifier. Anything else in braces stands as it is. So does `{{name}}`: it is the placeholder of some other
program, and to fill half of it would hide it from whoever checks the text before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_VARIABLE: Final = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled text. `missing` names, in order of appearance, the variables that had no value and stand unfilled."""

    text: str
    missing: tuple[str, ...]


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables of `text`, each once, in order of appearance."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Put `values` in the places of their variables. An empty or blank value counts as missing.

    A value is never read again, so one that holds `{x}` cannot pull in another variable.
    """
    missing: dict[str, None] = {}

    def replacement(match: re.Match[str]) -> str:
        name = match[1]
        value = values.get(name, "")
        if value.strip():
            return value
        missing[name] = None
        return match[0]

    filled = _VARIABLE.sub(replacement, text)
    return Filled(filled, tuple(missing))


def fixed_parts(text: str) -> tuple[str, ...]:
    """What stands before, between and after the variables of `text`: one more part than there are variables."""
    return tuple(_VARIABLE.split(text)[::2])
