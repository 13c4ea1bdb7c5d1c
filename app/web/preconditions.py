"""`if-match`: a change is made only to the version that its sender has read (RFC 9110, section 13.1.1)."""

from __future__ import annotations

import re
from typing import Final

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')


def versions_of(if_match: str | None) -> tuple[str, ...] | None:
    """The versions that the header names; None where it names none in particular (it is absent, or `*`).

    A weak tag is taken as a strong one, since proxies that compress weaken tags.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    return tuple(_TAG.findall(if_match))
