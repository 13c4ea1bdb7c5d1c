"""Miaohui's side of the contract in small: what the demo's player may rely on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from standardwebhooks import Webhook, WebhookVerificationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

WEBHOOK_SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
CALLBACK_SECRET = "whsec_" + "WllYV1ZVVFNSUVBPTk1MS0pJSEdGRURDQkE="
API_KEY = "mh_demo.for-tests"

Decide = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class Contract:
    """What the player may rely on: signed events stored once, a decision for each, lint with a key.

    `faults` are answers given instead, one for each coming delivery: a status (nothing is stored), or "lost" (stored,
    but the answer is 503).
    """

    port: int = 0
    decide: Decide = lambda event: {
        "clock": None,
        "suggestions": [],
        "auto_reply": None,
        "rating_advice": None,
    }
    forbidden: tuple[str, ...] = ()
    faults: list[int | str] = field(default_factory=list)
    retry_after: str | None = None
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    deliveries: list[tuple[str, str, list[str]]] = field(default_factory=list)
    """(webhook-id, webhook-timestamp, ids of the events) of each delivery with a good signature."""
    refused: list[str] = field(default_factory=list)
    linted: list[dict[str, Any]] = field(default_factory=list)
    grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, ready: Callable[[], bool]) -> None:
        """Wait for something that comes with a delivery; fails after 20 s."""
        async with asyncio.timeout(20), self.grown:
            await self.grown.wait_for(ready)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events.values() if event["type"] == kind]

    def texts(self, sender: str) -> list[str]:
        return [event["text"] for event in self.of_type("message") if event["sender"] == sender]

    async def take(self, request: Request) -> Response:
        body = await request.body()
        try:
            raw = Webhook(WEBHOOK_SECRET).verify(body, dict(request.headers))
        except WebhookVerificationError as error:
            self.refused.append(str(error))
            return JSONResponse({"reason": "bad_signature"}, status_code=401)
        if request.headers.get("miaohui-shop") != "demo":
            self.refused.append("shop")
            return JSONResponse({"reason": "missing_shop"}, status_code=401)
        entries = raw if isinstance(raw, list) else [raw]
        self.deliveries.append(
            (
                request.headers["webhook-id"],
                request.headers["webhook-timestamp"],
                [entry["id"] for entry in entries],
            )
        )
        fault = self.faults.pop(0) if self.faults else None
        headers = {"retry-after": self.retry_after} if self.retry_after else {}
        if isinstance(fault, int):
            return JSONResponse({"reason": "planted"}, status_code=fault, headers=headers)
        results = [self._store(entry) for entry in entries]
        async with self.grown:
            self.grown.notify_all()
        if fault == "lost":
            return JSONResponse({"reason": "planted"}, status_code=503, headers=headers)
        return JSONResponse({"results": results})

    def _store(self, event: dict[str, Any]) -> dict[str, Any]:
        known = self.events.get(event["id"])
        if known is None:
            self.events[event["id"]] = event
            return {"id": event["id"], "status": "accepted", "decision": self.decide(event)}
        if known == event:
            return {"id": event["id"], "status": "duplicate"}
        return {"id": event["id"], "status": "rejected", "reason": "conflict"}

    async def lint(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return JSONResponse({"reason": "bad_key"}, status_code=401)
        asked = orjson.loads(await request.body())
        self.linted.append(asked)
        findings = [
            {"rule": "T1", "name": "词", "severity": "error", "message": f"不要说“{word}”"}
            for word in self.forbidden
            if word in asked["text"]
        ]
        return JSONResponse({"text": asked["text"], "findings": findings, "exempted": []})


def clock_in(seconds: float) -> dict[str, Any]:
    deadline_at = datetime.now(UTC) + timedelta(seconds=seconds)
    return {"deadline_at": deadline_at.isoformat(), "seconds_left": seconds, "item_id": "x"}
