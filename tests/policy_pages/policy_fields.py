"""The fields of the policy's form as a browser sends them."""

from __future__ import annotations

from typing import Any

from app.core.knobs import Kind
from app.web.policy_forms import CATEGORY_MARK, FORM_KNOBS


def typed(shown: dict[str, Any]) -> dict[str, list[str]]:
    """The fields that a browser sends for what the form shows."""
    fields: dict[str, list[str]] = {}
    for knob in FORM_KNOBS:
        value = shown[knob.name]
        if knob.kind is Kind.SWITCH:
            fields |= {knob.name: ["on"]} if value else {}
        elif knob.kind is Kind.CATEGORIES:
            fields[knob.name] = [CATEGORY_MARK + category for category in value]
        elif knob.kind is Kind.PHRASES:
            fields[knob.name] = [*value, ""]
        else:
            fields[knob.name] = [value.replace("\n", "\r\n")]
    return fields
