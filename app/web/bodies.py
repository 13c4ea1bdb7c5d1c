"""Request bodies, read once at the border."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import Request

from app.web.problems import Problem


def parse_json(body: bytes) -> Any:
    """Any JSON value. Raises a 400 `Problem` for what is not JSON, too deep, or not UTF-8."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Problem(
            400, "not_json", "请求体不是合法的 JSON / the body is not valid JSON", str(error)
        ) from None
    except RecursionError:
        raise Problem(400, "too_deep", "JSON 嵌套太深 / the JSON is nested too deeply") from None


async def json_object(request: Request) -> dict[str, Any]:
    """A JSON object. Raises a 400 or 422 `Problem`."""
    value = parse_json(await request.body())
    if not isinstance(value, dict):
        raise Problem(422, "not_an_object", "请求体必须是 JSON 对象 / the body must be a JSON object")
    return value


def text_field(raw: dict[str, Any], name: str, *, default: str | None = None, limit: int = 20_000) -> str:
    """A string of the object. Raises a 422 `Problem` that names the field."""
    value = raw.get(name, default)
    if not isinstance(value, str):
        raise Problem(
            422, "wrong_type", f"字段 {name} 必须是文字 / field {name} must be a string", field=name
        )
    if len(value) > limit:
        raise Problem(422, "too_long", f"字段 {name} 最多 {limit} 字 / field {name} is too long", field=name)
    return value


def texts_field(raw: dict[str, Any], name: str, *, limit: int = 500) -> list[str]:
    """A list of strings, empty where absent. Raises a 422 `Problem` that names the field."""
    value = raw.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Problem(
            422, "wrong_type", f"字段 {name} 必须是文字的列表 / {name} must be a list of strings", field=name
        )
    if len(value) > limit:
        raise Problem(
            422, "too_many", f"字段 {name} 最多 {limit} 项 / {name} has too many entries", field=name
        )
    return value
