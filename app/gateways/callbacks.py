"""Signed callbacks (Standard Webhooks) to a shop's console."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import orjson
from standardwebhooks import Webhook

from app.gateways.outbound import TOTAL_TIMEOUT_S, Failed, GuardedClient


class CallbackSender:
    """Sends one signed POST per call; to try again is the outbox's business."""

    def __init__(self, allowed: Collection[str] = (), *, timeout_s: float = TOTAL_TIMEOUT_S) -> None:
        self._client = GuardedClient(allowed, timeout_s=timeout_s)

    async def close(self) -> None:
        await self._client.close()

    async def send(
        self, url: str, secret: str, delivery_id: str, payload: Mapping[str, Any], now: datetime
    ) -> Failed | None:
        """POST the payload as JSON; None when the receiver answered 2xx.

        `webhook-id` is the same over all attempts, the timestamp is the attempt's.
        """
        body = orjson.dumps(payload)
        headers = [
            ("content-type", "application/json"),
            ("webhook-id", delivery_id),
            ("webhook-timestamp", str(int(now.timestamp()))),
            ("webhook-signature", Webhook(secret).sign(delivery_id, now, body.decode())),
        ]
        answer = await self._client.request("POST", url, headers, body)
        if isinstance(answer, Failed):
            return answer
        return None if answer.ok else answer.failure()
