"""The form of a phrase: its columns as the texts of fields, and back.

A field that nobody touched gives back exactly the value that it showed, whatever a browser does to line breaks, so that
saving a form changes only what was changed in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from phrasebank.phrase import COLUMNS, PhraseError

MAX_TEXT: Final = 20_000
"""Code points of one text, as `POST /lint` takes them."""
MAX_FIELDS: Final = 10_000
LINES: Final = ("examples", "not_examples", "images", "items", "not_keywords")
"""Columns whose field has one entry a line."""
KEYWORD_FIELDS: Final = ("keywords_any", "keywords_all")
"""The column `keywords` has two fields: single words, and groups that must all occur."""
PLAIN: Final = ("category", "order", "title", "code", "text", "owner", "valid_from", "valid_until", "state")
MANY: Final = ("variants", "platforms")
"""Columns with one field for each entry."""

Fields = Mapping[str, Sequence[str]]
"""The fields of a form under their names, each with its values in order."""

_BREAK: Final = re.compile(r"\r\n?|\n")
_ESCAPE: Final = re.compile(r"\\(n|\\)")


def parse_fields(body: bytes) -> dict[str, list[str]]:
    """The fields of an urlencoded form. Raises ValueError if there are more than `MAX_FIELDS`."""
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS)


def fields_of(record: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the fields show of a phrase's record."""
    fields = {column: [str(record.get(column) or "")] for column in PLAIN}
    fields |= {column: [_lines(record.get(column) or ())] for column in LINES}
    fields |= {column: list(record.get(column) or ()) for column in MANY}
    keywords = record.get("keywords") or ()
    fields["keywords_any"] = [_lines(word for word in keywords if "&" not in word)]
    fields["keywords_all"] = [_lines(word for word in keywords if "&" in word)]
    return fields


def record_of(given: Fields, base: Mapping[str, Any]) -> dict[str, Any]:
    """The record that the fields make of `base`: columns without a field, and untouched ones, are as they were."""
    shown = fields_of(base)
    record = dict(base)
    for column in (*PLAIN, *LINES, *MANY):
        values = list(given.get(column, () if column in MANY else shown[column]))
        if _same(values, shown[column]):
            continue
        if column in PLAIN:
            record[column] = _unix(values[0])
        elif column in LINES:
            record[column] = _entries(values[0])
        else:
            record[column] = [_unix(value) for value in values if value.strip()]
    if not all(_same(given.get(field, shown[field]), shown[field]) for field in KEYWORD_FIELDS):
        words = [
            word
            for field in KEYWORD_FIELDS
            for text in given.get(field, shown[field])
            for word in _words(text)
        ]
        record["keywords"] = _in_old_order(base.get("keywords") or (), words)
    return record


def check_lengths(record: Mapping[str, Any]) -> None:
    """Raises `PhraseError` for a text of more than `MAX_TEXT` code points."""
    for column in COLUMNS:
        value = record.get(column)
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and len(text) > MAX_TEXT:
                raise PhraseError(column, f"每条文字最多 {MAX_TEXT} 字，现在 {len(text)} 字，请分成几条话术")


def base_of(given: Fields) -> dict[str, Any]:
    """The record that the form was made from, which it carries along; empty for a new phrase or one that is unreadable."""
    try:
        base = json.loads((given.get("base") or ["{}"])[0])
    except (ValueError, RecursionError):
        return {}
    return base if isinstance(base, dict) else {}


def base_field(record: Mapping[str, Any]) -> str:
    """The value of the field `base` for a form of this record."""
    return json.dumps(dict(record))


def new_record(given: Fields) -> dict[str, Any]:
    """The record of an empty form, prefilled with what an address may name."""
    record: dict[str, Any] = dict.fromkeys(COLUMNS, "")
    record |= {"order": 0, "owner": "team", "state": "approved"}
    for column in ("category", "title", "text"):
        if column in given:
            record[column] = given[column][0][:MAX_TEXT]
    record["examples"] = [text for text in given.get("example", ()) if text.strip()]
    for column in ("keywords", "not_keywords", "not_examples", "platforms", "variants", "items", "images"):
        record[column] = []
    return record


def _same(values: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether these are the values shown, give or take the line breaks and entries that are blank."""
    return [_unix(value) for value in values if value] == [_unix(value) for value in shown if value]


def _unix(text: str) -> str:
    return _BREAK.sub("\n", text)


def _lines(entries: Any) -> str:
    r"""Entries one a line; a line break within one is written `\n`, a backslash `\\`."""
    return "\n".join(_BREAK.sub(r"\\n", str(entry).replace("\\", "\\\\")) for entry in entries)


def _entries(text: str) -> list[str]:
    lines = (
        _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else "\\", line) for line in _unix(text).split("\n")
    )
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


def _words(text: str) -> list[str]:
    """Keywords: one a line, or with commas between them."""
    return [word for line in _entries(text) for word in re.split(r"\s*[,，、;；]\s*", line) if word]


def _in_old_order(old: Sequence[str], new: Sequence[str]) -> list[str]:
    kept = set(new)
    return list(dict.fromkeys((*(word for word in old if word in kept), *new)))
