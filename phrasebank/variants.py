"""Several wordings of one phrase, so that the same buyer never reads the same words twice."""

from __future__ import annotations

import re
from collections.abc import Collection

from phrasebank.filling import fixed_parts
from phrasebank.folding import bare
from phrasebank.phrase import Phrase


def choose_text(phrase: Phrase, said: Collection[str]) -> str | None:
    """The first of the phrase's text and variants that is not among the texts already `said`; None if all were.

    Texts are compared without punctuation, spaces, width, case and script, and a variable stands for any value, so a text
    that was said filled in is known again.
    """
    heard = [bare(text) for text in said]
    for text in (phrase.text, *phrase.variants):
        if not any(_wording(text).fullmatch(words) for words in heard):
            return text
    return None


def _wording(text: str) -> re.Pattern[str]:
    """What `text` looks like, bare, with any value in its variables."""
    parts = [bare(part) for part in fixed_parts(text)]
    if not any(parts):  # nothing but variables, or nothing but symbols: any text would look like it
        return re.compile(re.escape(bare(text)))
    return re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
