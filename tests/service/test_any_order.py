"""Whatever the order, the batches and the repetitions in which a console reports: the stored state is the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest_service import NOON, Running, run_service
from sqlmodel import select

from app.db.tables import DeadlineRow, EventRow, PresenceRow, SessionRow
from app.usecases.knowledge import Knowledge


def day() -> list[dict[str, Any]]:
    """Some buyers' events with answers late, across sessions, withdrawn, flagged and at equal times."""

    def at(seconds: float) -> str:
        return (NOON + timedelta(seconds=seconds)).isoformat()

    def message(name: str, seconds: float, session: str, buyer: str, **more: Any) -> dict[str, Any]:
        base = {"id": name, "type": "message", "at": at(seconds), "session": session, "buyer": buyer}
        return base | {"sender": "buyer", "text": f"{name} 什么时候发货"} | more

    def other(name: str, kind: str, seconds: float, session: str, buyer: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "type": kind, "at": at(seconds), "session": session, "buyer": buyer} | more

    return [
        {"id": "on", "type": "agent_online", "at": at(-900), "agent": "小林"},
        {"id": "off", "type": "agent_offline", "at": at(-100), "agent": "小林"},
        {"id": "on2", "type": "agent_online", "at": at(-90), "agent": "小周"},
        message("a1", -600, "s1", "b1"),
        message("a2", -590, "s1", "b1"),
        # Answered in another session of the same buyer.
        message("a3", -500, "s2", "b1", sender="agent", agent="小林", text="亲，在的"),
        message("c1", -400, "s3", "b2"),
        other("c2", "assigned", -390, "s3", "b2", agent="小周"),
        message("c3", -380, "s3", "b2", sender="robot", text="请稍等"),
        other("c4", "handover", -370, "s3", "b2"),
        message("c5", -100, "s3", "b2", sender="agent", agent="小周", text="今天发出"),
        message("c6", -90, "s3", "b2", text="好的谢谢"),
        message("d1", -80, "s4", "b3"),
        other("d2", "message_withdrawn", -70, "s4", "b3", message="d1"),
        message("e1", -60, "s5", "b4", text="加微信领红包"),
        other("e2", "buyer_flagged", -50, "s5", "b4", flag="spam_reported"),
        message("f1", -30, "s6", "b5"),
        message("f2", -30, "s6", "b5", text="在吗"),
        other("g1", "rating", -20, "s3", "b2", label="满意", by="human"),
        message("h1", -700, "s7", "b6"),
        other("h2", "session_closed", -10, "s7", "b6"),
    ]


def state(running: Running) -> list[Any]:
    with running.db() as db:
        return [
            [row.model_dump() for row in db.exec(select(table).order_by(*table.__table__.primary_key))]  # type: ignore[attr-defined]
            for table in (EventRow, SessionRow, DeadlineRow, PresenceRow)
        ]


Play = Callable[[list[list[dict[str, Any]]]], list[Any]]


@pytest.fixture
def play(tmp_path: Path, knowledge: Knowledge) -> Play:
    """Plays batches into a fresh service and returns what it then has stored."""
    count = 0

    def run(batches: list[list[dict[str, Any]]]) -> list[Any]:
        nonlocal count
        count += 1
        for running in run_service(f"sqlite:///{tmp_path / f'{count}.db'}", knowledge):
            for batch in batches:
                assert running.post(batch).status_code == 200
            result = state(running)
        return result

    return run


@pytest.mark.parametrize("seed", range(8))
def test_shuffled_split_and_repeated_events_end_in_the_same_state(play: Play, seed: int) -> None:
    tidy = play([day()])
    chance = random.Random(seed)
    events = day() + chance.sample(day(), 8)
    chance.shuffle(events)
    batches = []
    while events:
        size = chance.choice([1, 1, 2, 5])
        batches.append(events[:size])
        events = events[size:]
    assert play(batches) == tidy


def test_one_by_one_in_the_tidy_order_is_the_same_as_all_at_once(play: Play) -> None:
    assert play([[event] for event in day()]) == play([day()])
