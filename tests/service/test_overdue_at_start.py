"""What fell due while no process was there is done at the next start, and marked late."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlmodel import Session as Database
from sqlmodel import col, select
from standardwebhooks import Webhook
from test_kill import Console, Server, environment_of, free_port, prepare

from app.db.engine import open_engine
from app.db.tables import ActRow, OutboxRow

DOWN_S = 600
"""So long the service seems to have been away: longer than any step of the ladder takes."""


def ask(port: int, secret: str, name: str) -> None:
    now = datetime.now(UTC)
    body = json.dumps(
        {
            "id": name,
            "type": "message",
            "at": now.isoformat(),
            "session": f"s-{name}",
            "buyer": f"b-{name}",
            "sender": "buyer",
            "text": "这件衣服的袖口能改短三厘米吗",
        }
    )
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, now, body),
    }
    answer = httpx.post(
        f"http://127.0.0.1:{port}/v1/events?shop=demo", content=body, headers=headers, timeout=30
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.long
def test_deadlines_that_passed_while_it_was_dead_are_met_late_and_marked(
    database_url: str, tmp_path: Path
) -> None:
    console = Console([free_port()])
    try:
        shop = prepare(database_url, console.callback_port, answer="before_deadline")
        environment = environment_of(console, database_url)
        (port,) = console.ports
        server = Server(port, environment, tmp_path / "server.log")
        server.wait()
        asked = {f"m{number}" for number in range(20)}
        for name in asked:
            ask(port, shop.signing_secret, name)
        server.stop(signal.SIGKILL)
        server = Server(port, environment | {"MIAOHUI_CLOCK_OFFSET_S": str(DOWN_S)}, tmp_path / "server.log")
        server.wait()
        engine = open_engine(database_url)
        steps = ("warned", "warned_last", "missed", "escalated")
        for _ in range(600):
            with Database(engine) as db:
                acts = db.exec(select(ActRow).where(col(ActRow.kind).in_(steps))).all()
            if len(acts) >= len(asked) * len(steps):
                break
            time.sleep(0.1)
        with Database(engine) as db:
            replies = db.exec(select(OutboxRow)).all()
        engine.dispose()
        assert server.stop(signal.SIGTERM) == 0
    finally:
        console.close()
    assert {kind: {act.about for act in acts if act.kind == kind} for kind in steps} == dict.fromkeys(
        steps, asked
    )
    assert len(acts) == len(asked) * len(steps)
    assert all(act.late for act in acts)
    # Nobody is asked for patience after the deadline.
    assert replies == []
    assert console.received == []
