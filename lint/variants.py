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
from lint.sound import reading

_LONGEST: Final = 8
_MOST: Final = 400
_SHORTEST_WITH_INITIAL: Final = 3
_DRAWN_ALIKE: Final = {"0": "o", "o": "0", "1": "li", "l": "1", "i": "1"}


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
    """Disguised spellings of a folded word: substitutes, a letter for a character, plus signs between; never the word itself."""
    if word.isascii():
        yield from _digit_look_alikes(word)
    elif 2 <= len(word) <= _LONGEST:
        yield "+".join(word)
        yield from _substituted(word, substitutions)
        if len(word) >= _SHORTEST_WITH_INITIAL:
            yield from _with_initial(word)


def _digit_look_alikes(word: str) -> Iterator[str]:
    """N01 and TOPl for NO1 and TOP1, of words that have both letters and digits."""
    if word.isalpha() or word.isdigit() or len(word) > _LONGEST:
        return
    places = [(char, *_DRAWN_ALIKE.get(char, "")) for char in word]
    for letters in itertools.product(*places):
        if (spelled := "".join(letters)) != word:
            yield spelled


def _substituted(word: str, substitutions: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Spellings with one character replaced, or two where the word is short."""
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


def _with_initial(word: str) -> Iterator[str]:
    """Spellings with one character as the first letter of its pinyin: 概b退换."""
    for place, char in enumerate(word):
        syllable = reading(char)
        if syllable and not char.isascii():
            yield f"{word[:place]}{syllable[0]}{word[place + 1 :]}"
