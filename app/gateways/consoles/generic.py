"""The console that speaks our own schema: one event, or an array of them (DESIGN section 3.1)."""

from __future__ import annotations

from typing import ClassVar

import orjson

from app.gateways.consoles.console import Console, Heard, Hook, Settings
from app.gateways.consoles.errors import ConsoleError


class Generic(Console):
    """Signs as Standard Webhooks say, with the shop's own signing secrets, and takes replies by the shop's callback."""

    name: ClassVar[str] = "generic"
    title: ClassVar[str] = "秒回自己的格式 / our own schema"

    def read(self, hook: Hook, settings: Settings) -> Heard:
        try:
            value = orjson.loads(hook.body)
        except (orjson.JSONDecodeError, RecursionError):
            raise ConsoleError("not_json", "请求体不是合法的 JSON / the body is not valid JSON") from None
        return Heard(value if isinstance(value, list) else [value], hook.headers.get("webhook-id"))
