"""Short event forms of the measure tests, and the shared examples where they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
SHANGHAI = ZoneInfo("Asia/Shanghai")
_SENDERS = {"buyer", "agent", "robot", "robot_assist", "welcome"}


def moment(text: str, day: str) -> str:
    """A stamp of the short form as RFC 3339: a bare time is on `day`, a bare date and time in Shanghai."""
    at = datetime.fromisoformat(text if "T" in text else f"{day}T{text}")
    return (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).isoformat()


def log_of(example: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An example's short events and ratings as events of the public log, in file order."""
    day = example["day"]
    out: list[dict[str, Any]] = []

    def add(event: Mapping[str, Any], **fields: Any) -> str:
        buyer = event.get("buyer", "B1")
        base = {"id": f"e{len(out):04}", "buyer": buyer, "session": event.get("s", f"S-{buyer}")}
        out.append(base | fields)
        return str(base["id"])

    for event in example.get("events", ()):
        at, sender = moment(event["t"], day), event["from"]
        if sender == "transfer":
            add(event, type="handover", at=at)
        elif sender == "assigned":
            add(event, type="assigned", at=at, agent=event.get("agent", "A1"))
        else:
            assert sender in _SENDERS, sender
            hints = {name: event[name] for name in ("courtesy", "spam", "agent") if name in event}
            if "leave" in event:
                hints["offline"] = event["leave"]
            sent = add(event, type="message", at=at, sender=sender, kind="text", text="x", **hints)
            if "withdrawn_at" in event:
                add(event, type="message_withdrawn", at=moment(event["withdrawn_at"], day), message=sent)
    for rating in example.get("ratings", ()):
        fields = {name: rating[name] for name in ("label", "reason", "by", "agent") if name in rating}
        if "invited_at" in rating:
            fields["invited_at"] = moment(rating["invited_at"], day)
        add(rating, type="rating", at=moment(rating["t"], day), **fields)
    return out


def as_lines(events: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)


def shared(*parts: str) -> Path:
    """A file of the shared folder; the test that needs it is skipped where there is none."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path.name} is not here: the shared folder beside the repository is absent")
    return path
