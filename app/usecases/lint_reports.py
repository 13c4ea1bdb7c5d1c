"""What the linter said of texts that the machine was about to say: phrases' words come again and again."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from lint import Linter, Report

KEPT: Final = 4096
"""Reports that are held, a kilobyte or so each."""
LONGEST: Final = 1000
"""Characters of a text whose report is held."""


class LintReports:
    """A linter that remembers. Safe to share between threads."""

    def __init__(self, linter: Linter) -> None:
        self._check = linter.check
        self._remembered = lru_cache(KEPT)(self._ask)

    def check(self, text: str, *, channel: str, platform: str | None = None) -> Report:
        """As `Linter.check`."""
        if len(text) > LONGEST:
            return self._ask(text, channel, platform)
        return self._remembered(text, channel, platform)

    def _ask(self, text: str, channel: str, platform: str | None) -> Report:
        return self._check(text, channel=channel, platform=platform)
