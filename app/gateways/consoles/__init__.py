"""Adapters of chat consoles: each believes, reads and answers one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.gateways.consoles.chatwoot import Chatwoot
from app.gateways.consoles.console import (
    Console,
    Heard,
    Hook,
    HookAnswer,
    Pulled,
    Reply,
    Setting,
    Settings,
    console_of,
)
from app.gateways.consoles.desk import Desk
from app.gateways.consoles.douyin import Douyin
from app.gateways.consoles.ejabberd import Ejabberd
from app.gateways.consoles.errors import ConsoleError, ProofError, StaleProofError
from app.gateways.consoles.generic import Generic
from app.gateways.consoles.wechat_kf import WeChatKf

ADAPTERS: Final[Mapping[str, Console]] = {
    console.name: console for console in (Generic(), Chatwoot(), WeChatKf(), Douyin(), Ejabberd())
}

__all__ = [
    "ADAPTERS",
    "Console",
    "ConsoleError",
    "Desk",
    "Heard",
    "Hook",
    "HookAnswer",
    "ProofError",
    "Pulled",
    "Reply",
    "Setting",
    "Settings",
    "StaleProofError",
    "console_of",
]
