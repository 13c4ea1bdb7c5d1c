"""Values of the use cases as JSON, the shapes that other programs rely on (DESIGN section 3.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.core.auto_reply import Say
from app.core.recap import Recap
from app.core.routing import RoutingAdvice
from app.usecases.absorb import EventDecision
from app.usecases.considered import advice_with_effect
from app.usecases.take_events import Answer


def answer_json(answer: Answer, now: datetime) -> dict[str, Any]:
    """What became of one event."""
    out: dict[str, Any] = {"id": answer.id, "status": answer.status}
    if answer.reason is not None:
        out["reason"] = answer.reason
        out["message"] = answer.message
    if answer.field is not None:
        out["field"] = answer.field
    if answer.decision is not None:
        out["decision"] = decision_json(answer.decision, now)
    return out


def decision_json(decision: EventDecision, now: datetime) -> dict[str, Any]:
    """`seconds_left` is negative after the deadline."""
    clock = None
    if (item := decision.item) is not None:
        clock = {
            "item_id": item.item_id,
            "opened_at": item.at.isoformat(),
            "deadline_at": item.deadline_at.isoformat(),
            "seconds_left": round((item.deadline_at - now).total_seconds(), 3),
            "counted": item.counted,
            "reason_uncounted": item.reason_uncounted,
            "edition": decision.edition,
            "machine_counts": {"robot": item.counts_robot, "robot_assist": item.counts_assist},
            "note": decision.note,
        }
    auto_reply = None
    if isinstance(decision.auto_reply, Say):
        auto_reply = {
            "purpose": decision.auto_reply.purpose.value,
            "text": decision.auto_reply.text,
            "phrase_id": decision.auto_reply.phrase_id,
            "sender": decision.auto_reply.sender.value,
            "why": list(decision.auto_reply.reasons),
        }
    return {
        "clock": clock,
        "suggestions": list(decision.suggestions),
        "auto_reply": auto_reply,
        "rating_advice": (
            advice_with_effect(decision.advice, decision.effect) if decision.advice is not None else None
        ),
        "routing_advice": (
            routing_json(decision.routing, decision.recap) if decision.routing is not None else None
        ),
        "findings": list(decision.findings),
    }


def routing_json(advice: RoutingAdvice, recap: Recap | None) -> dict[str, Any]:
    """`summary` is null where there is nothing to tell beside the message that waits."""
    offline = advice.offline
    return {
        "agent": advice.agent,
        "reason": advice.reason,
        "rule": advice.rule.value,
        "group": advice.group,
        "offline": {"rule": offline.rule.value, "agent": offline.agent} if offline is not None else None,
        "hints": list(advice.hints),
        "summary": recap.to_json() if recap is not None else None,
    }
