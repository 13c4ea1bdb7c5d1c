"""The demo's wire to Miaohui: a console's signed webhook out, and the lint that an agent's draft passes."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import httpx2 as httpx
import orjson
from standardwebhooks import Webhook

Tell = Callable[[str], None]
RETRY_WAITS_S: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Waits between attempts: a service that restarts is met again within a minute."""
EVENTS_PATH: Final = "/v1/events"
LINT_PATH: Final = "/lint"
SETTLES_WITHIN_S: Final = 3.0
BATCH: Final = 500
"""The most events that one request may carry."""


class Service:
    """A client of one running Miaohui for one shop.

    Nothing here raises for what the other side does: a delivery is tried again over connection errors, 429 and 5xx
    under the same `webhook-id`; what is refused is told and left.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        shop_id: str,
        webhook_secret: str,
        api_key: str,
        tell: Tell,
        retry_waits_s: Sequence[float] = RETRY_WAITS_S,
    ) -> None:
        self._client = client
        self._webhook = Webhook(webhook_secret)
        self._api_key = api_key
        self._tell = tell
        self._shop_id = shop_id
        self._retry_waits_s = tuple(retry_waits_s)
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    async def send(self, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Deliver events, in order; what the service says of each (`{"id","status","decision"?,...}`).

        An empty list if it was not reached or refused the delivery.
        """
        results: list[dict[str, Any]] = []
        for start in range(0, len(events), BATCH):
            results += await self._deliver(orjson.dumps(list(events[start : start + BATCH])))
        for result in results:
            if result.get("status") == "rejected":
                self._tell(f"✗ 事件 {result.get('id')} 被拒：{result.get('reason')}")
        return results

    async def _deliver(self, body: bytes) -> list[dict[str, Any]]:
        delivery = f"demo_{uuid.uuid4().hex}"
        for wait_s in self._waits():
            problem, asked_s = "", None
            try:
                response = await self._post(EVENTS_PATH, body, self._signed(delivery, body))
            except httpx.TransportError as error:
                problem = f"连不上（{type(error).__name__}）"
            else:
                if response.is_success:
                    return _results(response)
                problem = f"{response.status_code} {_reason(response)}"
                if response.status_code < 500 and response.status_code != 429:
                    self._tell(f"✗ 服务不接受这次投递：{problem}")
                    return []
                asked_s = _retry_after(response)
            if wait_s is None:
                self._tell(f"✗ 放弃一次投递：{problem}")
                return []
            self._tell(f"… 稍后重试：{problem}")
            await asyncio.sleep(wait_s if asked_s is None else max(wait_s, asked_s))
        return []

    def _waits(self) -> Iterator[float | None]:
        yield from self._retry_waits_s
        yield None

    def _signed(self, delivery: str, body: bytes) -> dict[str, str]:
        """The headers of one attempt: the id stays over retries, the time is the attempt's."""
        now = datetime.now(UTC)
        return {
            "content-type": "application/json",
            "miaohui-shop": self._shop_id,
            "webhook-id": delivery,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(delivery, now, body.decode()),
        }

    async def lint(self, text: str, *, earlier: Sequence[str] = ()) -> list[dict[str, Any]]:
        """The findings on a draft, on the channel `live`; none if the linter could not be asked."""
        try:
            response = await self._post(
                LINT_PATH,
                orjson.dumps({"text": text, "channel": "live", "earlier": list(earlier)}),
                {"content-type": "application/json", "authorization": f"Bearer {self._api_key}"},
            )
        except httpx.TransportError:
            return []
        if not response.is_success:
            self._tell(f"✗ 用语检查没有回应：{response.status_code} {_reason(response)}")
            return []
        answer = _json(response)
        if isinstance(answer, dict) and isinstance(answer.get("results"), list):
            answer = answer["results"]
        if isinstance(answer, list):
            answer = answer[0] if answer else {}
        findings = answer.get("findings") if isinstance(answer, dict) else None
        return [each for each in findings if isinstance(each, dict)] if isinstance(findings, list) else []

    async def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Send a request that is finished even if its sender is cancelled, so that none is cut off in its body."""
        posting = asyncio.ensure_future(self._client.post(path, content=body, headers=dict(headers)))
        self._under_way.add(posting)
        posting.add_done_callback(self._under_way.discard)
        return await asyncio.shield(posting)

    async def settle(self) -> None:
        """Wait shortly for the requests that are still under way; to be called before the client is closed."""
        if self._under_way:
            done, _ = await asyncio.wait(set(self._under_way), timeout=SETTLES_WITHIN_S)
            for posting in done:
                posting.exception()


def _results(response: httpx.Response) -> list[dict[str, Any]]:
    answer = _json(response)
    results = answer.get("results") if isinstance(answer, dict) else None
    return [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []


def _json(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None


def _reason(response: httpx.Response) -> str:
    problem = _json(response)
    if isinstance(problem, dict):
        return str(problem.get("reason") or problem.get("title") or problem.get("detail") or "")
    return ""


def _retry_after(response: httpx.Response) -> float | None:
    try:
        return min(60.0, max(0.0, float(response.headers.get("retry-after", ""))))
    except ValueError:
        return None
