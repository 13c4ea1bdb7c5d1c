"""The wordings of a phrase as an agent picks from them: filled as far as values are known, with what is still to be filled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from phrasebank import Phrase
from phrasebank.filling import fill
from phrasebank.variables import variable_named
from phrasebank.variants import was_said


def wordings_json(
    phrase: Phrase, values: Mapping[str, str], said: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The text and the variants, each once, those that the buyer has not read (`said`) before the others.

    `variables` are those that stand unfilled in `text`, each with the form that its value must have.
    """
    texts = list(dict.fromkeys((phrase.text, *phrase.variants)))
    read = {text: was_said(text, said) for text in texts}
    out = []
    for text in sorted(texts, key=lambda text: read[text]):
        filled = fill(text, values)
        variables = [variable_named(name) for name in filled.unfilled]
        out.append(
            {
                "text": filled.text,
                "said": read[text],
                "variables": [variable.to_json() | variable.form_json() for variable in variables],
            }
        )
    return out
