"""Sends one message to one channel through apprise, in a thread of its own pool."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from apprise.common import NotifyFormat, NotifyType
from apprise.exception import AppriseException

from app.gateways.alert_addresses import AddressError, plugin_of, secrets_in
from app.gateways.alert_transport import Attempt
from app.gateways.outbound import Failed

TOTAL_TIMEOUT_S: Final = 20.0
"""For one attempt from look-up to the last byte."""
THREADS: Final = 8

# What apprise logs repeats tokens and texts; what went wrong is in `Failed`.
logging.getLogger("apprise").disabled = True


class AlertSender:
    """One message per call; no second try: that is the job's business."""

    def __init__(self, allowed: Collection[str] = (), relays: Mapping[str, str] | None = None) -> None:
        self._allowed = frozenset(allowed)
        self._relays = dict(relays or {})
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="miaohui-alert")

    def close(self) -> None:
        """Start nothing more. What is under way ends by its own time-out."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, address: str, title: str, body: str) -> Failed | None:
        """None when the service took the message; else why not, without anything of the address."""
        attempt = Attempt(self._allowed, self._relays)
        sending = asyncio.get_running_loop().run_in_executor(
            self._threads, _send, attempt, address, title, body
        )
        try:
            async with asyncio.timeout(TOTAL_TIMEOUT_S):
                done = await sending
        except TimeoutError:
            return Failed(f"{TOTAL_TIMEOUT_S:.0f} 秒内没有发完 / timed out")
        finally:
            attempt.cut()
        if done:
            return None
        error = (
            attempt.error
            or "没有发出：请核对地址、用户名和授权码 / not sent, check the address and its credentials"
        )
        for secret in secrets_in(address):
            error = error.replace(secret, "…")
        return Failed(error, retry_after_s=attempt.retry_after_s)


def _send(attempt: Attempt, address: str, title: str, body: str) -> bool:
    try:
        plugin = plugin_of(address)
        # Our own limits set the pace.
        plugin.request_rate_per_sec = 0
        with attempt:
            return plugin.notify(
                title=title, body=body, notify_type=NotifyType.WARNING, body_format=NotifyFormat.TEXT
            )
    except AddressError as error:
        attempt.error = str(error)
    except (AppriseException, OSError):
        pass
    return False
