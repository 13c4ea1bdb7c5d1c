"""The phrase bank: replies, the files they come in, and the finding of the right one for a buyer's message.

A pure library: no web, no database, no clock. `Bank(phrases).search(message)` is the heart of it.
"""

from phrasebank.bank import Bank
from phrasebank.formats import Problem, ReadResult, read_bank, write_bank
from phrasebank.phrase import Phrase, PhraseError
from phrasebank.results import Hit, Result
from phrasebank.starting import starter_bank

__all__ = [
    "Bank",
    "Hit",
    "Phrase",
    "PhraseError",
    "Problem",
    "ReadResult",
    "Result",
    "read_bank",
    "starter_bank",
    "write_bank",
]
