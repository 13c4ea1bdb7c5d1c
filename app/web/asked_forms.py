"""Forms of `asked.html`: what was written in their fields, and what is wrong with which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Form:
    """A form with what was written in it, and what is wrong with which field. Passwords are never shown again."""

    fields: Mapping[str, str] = field(default_factory=dict)
    fault: tuple[str, str] | None = None
