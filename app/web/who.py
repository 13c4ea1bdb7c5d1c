"""Who looks at a page, as its header shows them, and which rooms it leads them to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.core.roles import ROLE_NAMES, who_may
from app.usecases.administration import Principal
from app.web.rendering import ENVIRONMENT

PLACES: Final = (
    ("live", "实时", "/", ""),
    ("phrases", "话术", "/phrases", ""),
    ("policies", "策略", "/policies", ""),
    ("alerts", "提醒", "/alerts", "alerts"),
    ("quality", "服务质量", "/quality", "quality"),
    ("history", "历史", "/history", ""),
    ("lint", "用语", "/words", ""),
    ("hours", "排班", "/hours", ""),
    ("settings", "设置", "/settings", ""),
)
"""The rooms in the order of the navigation: key, name, address, and the scope without which there is nothing to see."""


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody's name and role, and what they may do. A role is empty for a key."""

    name: str = ""
    role: str = ""
    scopes: frozenset[str] = frozenset()

    def places(self) -> list[tuple[str, str, str]]:
        """The rooms that are open to them: key, name, address."""
        return [place[:3] for place in PLACES if not place[3] or place[3] in self.scopes]


def who_is(principal: Principal) -> Who:
    return Who(principal.name, "" if principal.role is None else ROLE_NAMES[principal.role], principal.scopes)


NOBODY: Final = Who()
ENVIRONMENT.globals.update(who_may=who_may)
