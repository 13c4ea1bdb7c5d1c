"""The code by which whoever has the server's terminal, and nobody else on the network, sets the first shop up."""

from __future__ import annotations

import secrets
from typing import Final

_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are easily mixed up."""


def new_setup_code() -> str:
    """Sixty random bits in three groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3))


def folded_code(text: str) -> str:
    """A code as it is compared: case, blanks and dashes play no part."""
    return "".join(letter for letter in text.upper() if letter.isalnum())
