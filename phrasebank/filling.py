"""Variables in a reply, written `{name}`, and their filling.

A name is an ASCII identifier. Anything else in braces stands as it is. So does `{{name}}`: it is the placeholder of some other
program, and to fill half of it would hide it from whoever checks the text before it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from phrasebank.variables import variable_named

_VARIABLE: Final = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_]*)\}(?!\})")


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled text. Variables that stand unfilled are named in order of appearance.

    `missing` had no value; `wrong` had one that is not of the variable's type, with what is wrong with it, in Chinese.
    """

    text: str
    missing: tuple[str, ...]
    wrong: Mapping[str, str] = field(default_factory=dict)

    @property
    def unfilled(self) -> tuple[str, ...]:
        """All variables that still stand in the text; such a text must not be sent."""
        return tuple(name for name in variables_in(self.text) if name in self.missing or name in self.wrong)


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables of `text`, each once, in order of appearance."""
    return tuple(dict.fromkeys(_VARIABLE.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> Filled:
    """Put `values` in the places of their variables. An empty or blank value counts as missing.

    A value that is not of its variable's type is not put in. A value is never read again, so one that holds `{x}` cannot pull in another variable.
    """
    missing: dict[str, None] = {}
    wrong: dict[str, str] = {}

    def replacement(match: re.Match[str]) -> str:
        name = match[1]
        value = values.get(name, "")
        if not value.strip():
            missing[name] = None
            return match[0]
        if complaint := variable_named(name).complaint(value):
            wrong[name] = complaint
            return match[0]
        return value

    filled = _VARIABLE.sub(replacement, text)
    return Filled(filled, tuple(missing), wrong)


def fixed_parts(text: str) -> tuple[str, ...]:
    """What stands before, between and after the variables of `text`: one more part than there are variables."""
    return tuple(_VARIABLE.split(text)[::2])
