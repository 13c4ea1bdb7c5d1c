"""Reading consoles' payloads, which may hold anything: what is not of the expected shape is absent, never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.gateways.consoles.errors import ConsoleError

_MILLISECONDS_FROM: Final = 100_000_000_000
"""A count of seconds as large lies in the year 5138: larger ones are milliseconds."""


def json_object(body: bytes) -> Mapping[str, Any]:
    """Raises `ConsoleError` (`not_json`, `not_an_object`)."""
    try:
        value = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise ConsoleError("not_json", "请求体不是合法的 JSON / the body is not valid JSON") from None
    if not isinstance(value, dict):
        raise ConsoleError("not_an_object", "请求体必须是 JSON 对象 / the body must be a JSON object")
    return value


def xml_root(body: bytes | str) -> Element:
    """Raises `ConsoleError` (`not_xml`) for what is no XML, is cut off, or declares entities."""
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise ConsoleError(
            "not_xml",
            "请求体不是合法的 XML，或含有实体定义 / the body is not valid XML, or declares entities",
        ) from None
    assert isinstance(root, Element)
    return root


def inner(value: object, *names: str) -> Mapping[str, Any]:
    """The object below `names`; empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def ident(value: Mapping[str, Any], name: str) -> str:
    """An id, a number or a string; "" where there is none."""
    found = value.get(name)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found if isinstance(found, str) else ""


def words(value: Mapping[str, Any], name: str) -> str:
    """A text; "" where there is none."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def instant(value: object) -> str:
    """A moment as RFC 3339, from seconds or milliseconds since 1970, or as it is if it is a string.

    Raises `ConsoleError` (`bad_time`) for what is neither.
    """
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > _MILLISECONDS_FROM else value
        try:
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError):
            pass
    raise ConsoleError("bad_time", "没有可用的时间 / no usable time")
