"""Several wordings of one phrase, so that the same buyer never reads the same words twice."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from phrasebank.filling import fixed_parts
from phrasebank.folding import bare
from phrasebank.phrase import Phrase

_WORD: Final = re.compile(r"[^\W_]")


def unsaid_texts(phrase: Phrase, said: Collection[str]) -> Iterator[str]:
    """Those of the phrase's text and variants that are not among the texts already `said`, each once.

    Texts are compared without punctuation, spaces, width, case and script, and a variable stands for any value, so a text
    that was said filled in is known again.
    """
    heard = [bare(text) for text in said]
    for text in dict.fromkeys((phrase.text, *phrase.variants)):
        if not any(_wording(text).fullmatch(words) for words in heard):
            yield text


def choose_text(phrase: Phrase, said: Collection[str]) -> str | None:
    """The first of `unsaid_texts`; None if all were said."""
    return next(unsaid_texts(phrase, said), None)


def was_said(wording: str, said: Collection[str]) -> bool:
    """Whether a wording is among the texts already `said`, compared as `unsaid_texts` does."""
    return bool(said) and any(_wording(wording).fullmatch(bare(text)) for text in said)


def is_wording_of(phrase: Phrase, text: str) -> bool:
    """Whether `text` is what the phrase or one of its variants says, compared as `choose_text` does."""
    words = bare(text)
    return any(_wording(own).fullmatch(words) for own in (phrase.text, *phrase.variants))


def _wording(text: str) -> re.Pattern[str]:
    """What `text` looks like, bare, with any value in its variables."""
    # A comma between two variables is nothing, though a text of nothing but symbols is itself.
    parts = [bare(part) if _WORD.search(part) else "" for part in fixed_parts(text)]
    if not any(parts):  # nothing but variables, or nothing but symbols: any text would look like it
        return re.compile(re.escape(bare(text)))
    return re.compile(".*".join(re.escape(part) for part in parts), re.DOTALL)
