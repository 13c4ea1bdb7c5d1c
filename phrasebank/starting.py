"""The bank that comes with the program: everyday e-commerce service, to start from."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from phrasebank.bank import Bank
from phrasebank.formats import load_yaml
from phrasebank.phrase import Phrase

CATEGORY_STEP: Final = 100
"""The order of a starter phrase is that of its category times this, and its place in the category."""


def starter_phrases() -> tuple[Phrase, ...]:
    """The phrases of `starter/*.yaml`, by the order of their categories. Raises ValueError if a file is not as it should be."""
    groups = []
    folder = resources.files("phrasebank") / "starter"
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".yaml"):
            group = load_yaml(file.read_text("utf-8"))
            groups.append((int(group["order"]), file.name, group))
    groups.sort(key=lambda entry: entry[:2])
    return tuple(
        Phrase.from_json({"category": group["category"], "order": CATEGORY_STEP * rank + place, **record})
        for rank, _, group in groups
        for place, record in enumerate(group["phrases"], start=1)
    )


@cache
def starter_bank() -> Bank:
    """The starter bank, indexed once per process."""
    return Bank(starter_phrases())
