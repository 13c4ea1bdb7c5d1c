"""The console that speaks our own schema: one event, or an array of them (DESIGN section 3.1)."""

from __future__ import annotations

import orjson

from app.gateways.consoles.errors import ConsoleError


def read_generic(body: bytes) -> list[object]:
    try:
        value = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise ConsoleError("not_json", "请求体不是合法的 JSON / the body is not valid JSON") from None
    return value if isinstance(value, list) else [value]
