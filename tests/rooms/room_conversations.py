"""Days of a shop's conversations, for tests of what pages say of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from conftest_service import Running


def exchange(
    number: int, at: datetime, wait_s: float | None, *, agent: str = "小林", text: str = "亲，今天就发出"
) -> list[dict[str, Any]]:
    """A buyer's question at `at`, and the agent's answer so many seconds later; None for no answer."""
    about = {"session": f"s{number}", "buyer": f"b{number}", "type": "message"}
    asked = {"id": f"m{number}", "at": at.isoformat(), "sender": "buyer", "text": "什么时候发货"} | about
    if wait_s is None:
        return [asked]
    answer = {"id": f"r{number}", "at": (at + timedelta(seconds=wait_s)).isoformat(), "sender": "agent"}
    return [asked, answer | {"agent": agent, "text": text} | about]


def several_days(running: Running) -> None:
    """Of the ten days up to today: none on the fifth and sixth day before; 小周 is late on every second day."""
    number = 0
    for back in range(9, -1, -1):
        if back in (5, 6):
            continue
        events = []
        for minute in range(6):
            number += 1
            at = running.clock() - timedelta(days=back, minutes=20 + minute)
            agent = "小周" if minute % 3 == 0 else "小林"
            late = agent == "小周" and back % 2 == 0
            events += exchange(number, at, 400 if late else 30, agent=agent)
        answer = running.post(events)
        assert answer.status_code == 200, answer.text
