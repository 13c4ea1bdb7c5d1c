"""Spellings by which a rule's word is disguised without keeping its sound: look-alikes, split characters, letters.

They come from `tables/substitutions.yaml` and are added to the automaton beside the word itself, so they cost
nothing per text.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from importlib import resources
from typing import Final

import yaml

from lint.folding import fold_word

_LONGEST: Final = 8
_MOST: Final = 400


def load_substitutions() -> dict[str, tuple[str, ...]]:
    """Folded character to its folded substitutes."""
    text = resources.files("lint").joinpath("tables", "substitutions.yaml").read_text("utf-8")
    raw = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return {
        fold_word(str(char)): tuple(
            folded for item in str(items).split() if (folded := fold_word(item)) and folded != fold_word(char)
        )
        for char, items in raw.items()
    }


def spellings(word: str, substitutions: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Spellings of a folded word with one character replaced, or two where the word is short; never the word itself."""
    if not 2 <= len(word) <= _LONGEST:
        return
    places = [index for index, char in enumerate(word) if char in substitutions]
    made = 0
    for count in (1, 2) if len(word) <= 4 else (1,):
        for chosen in itertools.combinations(places, count):
            for replacement in itertools.product(*(substitutions[word[place]] for place in chosen)):
                letters = list(word)
                for place, letter in zip(chosen, replacement, strict=True):
                    letters[place] = letter
                spelled = "".join(letters)
                # A variant without any Chinese left would be a word of some other language.
                if spelled != word and not spelled.isascii():
                    yield spelled
                    made += 1
                    if made >= _MOST:
                        return
