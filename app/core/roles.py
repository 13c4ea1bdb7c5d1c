"""What members of a shop may do: roles, the scopes that each has, and what keeps a shop from being left without an owner."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

SCOPES: Final = (
    "events",
    "lint",
    "read",
    "propose",
    "phrases",
    "policy",
    "staff",
    "alerts",
    "quality",
    "members",
    "keys",
    "consoles",
    "audit",
    "shop",
    "dashboard",
)
"""What somebody may do: send events; lint; read sessions, measures and suggestions; propose phrases; change them; change what the machine may
do by itself; change service hours and roster; change who is told when a buyer waits; see the quality of everybody's service;
invite members and change their roles; make and revoke keys; set consoles up; read the audit; change the shop itself; sign in."""


class Role(StrEnum):
    """What a member is in one shop."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OWNER = "owner"


_AGENT: Final = frozenset({"dashboard", "read", "lint", "propose"})
_SUPERVISOR: Final = _AGENT | {"phrases", "policy", "staff", "alerts", "quality"}
ROLE_SCOPES: Final[Mapping[Role, frozenset[str]]] = MappingProxyType(
    {
        Role.AGENT: _AGENT,
        Role.SUPERVISOR: _SUPERVISOR,
        Role.OWNER: _SUPERVISOR | {"members", "keys", "consoles", "audit", "shop"},
    }
)
"""The one table of what a role may do. `events` is for consoles: no page sends events."""
ROLE_NAMES: Final[Mapping[Role, str]] = MappingProxyType(
    {Role.AGENT: "客服", Role.SUPERVISOR: "主管", Role.OWNER: "店主"}
)


def who_may(scope: str) -> str:
    """The roles that have the scope, as people read them; empty for a scope of programs only."""
    return "和".join(ROLE_NAMES[role] for role in Role if scope in ROLE_SCOPES[role])


def leaves_no_owner(*, now: Role, then: Role | None, other_owners: int) -> bool:
    """Would a member's change from one role to another (None: no longer there) leave the shop without an active owner?"""
    return now is Role.OWNER and then is not Role.OWNER and other_owners == 0
