"""Two people change one document of nested objects: told apart part by part, and brought together again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.core.edits import Reconciled, reconcile


def reconcile_documents(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], split: Collection[str]
) -> tuple[dict[str, Any], Reconciled]:
    """Both changes of `base` in one document, and what was taken and disputed, by names such as `week.mon`.

    The objects under the keys of `split` are told apart by their members; all else is one part.
    """
    found = reconcile(*(_named(each, split) for each in (base, mine, theirs)))
    return joined(found.record), found


def part(document: Mapping[str, Any], name: str) -> Any:
    """The part of a document that is called so; None where there is none."""
    head, _, rest = name.partition(".")
    value = document.get(head)
    return value.get(rest) if rest and isinstance(value, Mapping) else None if rest else value


def joined(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The document of named parts; what is None is left out."""
    document: dict[str, Any] = {}
    for name, value in parts.items():
        head, _, rest = name.partition(".")
        if value is None:
            continue
        if rest:
            document.setdefault(head, {})[rest] = value
        else:
            document[head] = value
    return document


def with_part(document: Mapping[str, Any], name: str, value: Any, split: Collection[str]) -> dict[str, Any]:
    """The document with one part changed; None takes it out."""
    return joined(_named(document, split) | {name: value})


def _named(document: Mapping[str, Any], split: Collection[str]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for key, value in document.items():
        if key in split and isinstance(value, Mapping):
            parts |= {f"{key}.{member}": entry for member, entry in value.items()}
        else:
            parts[key] = value
    return parts
