"""SIGKILL between sending and noting: the message arrives at least once, and not for ever."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session as Database
from sqlmodel import select
from test_kill import Server, free_port

from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.db.tables import AlertRow
from app.usecases.acts import record_act
from app.usecases.administration import add_shop
from app.usecases.alert_channels import add_channel
from app.usecases.knowledge import Knowledge
from app.usecases.shops import read_shop


class Receiver:
    """A webhook that holds back its first answer until it is let go."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.first = threading.Event()
        self.go_on = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                receiver.got.append(body["title"])
                receiver.first.set()
                receiver.go_on.wait(30)
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.here = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.go_on.set()
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.mark.long
def test_a_kill_between_sending_and_noting_sends_again_once(
    receiver: Receiver, database_url: str, tmp_path: Path
) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    knowledge, now = Knowledge.load(), datetime.now(UTC)
    with Database(engine.execution_options(writes=True)) as db, db.begin():
        add_shop(db, knowledge, now, shop_id="demo", name="演示店", platform="taojiji")
        shop = read_shop(db, knowledge.profiles, "demo")
        add_channel(db, shop, {"name": "群", "address": f"http://{receiver.here}/hook"}, now)
        record_act(db, "demo", kind="dead", at=now, session="s1", buyer="b1", about="mh-1", title="没有送达")
    environment = {
        "MIAOHUI_DATABASE_URL": database_url,
        "MIAOHUI_ALERT_ALLOW": json.dumps([receiver.here]),
    }
    server = Server(free_port(), environment, tmp_path / "log")
    assert receiver.first.wait(180)
    server.stop(signal.SIGKILL)
    receiver.go_on.set()
    server = Server(free_port(), environment, tmp_path / "log")
    for _ in range(900):
        with Database(engine) as db:
            (row,) = db.exec(select(AlertRow)).all()
        if row.state == "sent":
            break
        time.sleep(0.1)
    time.sleep(2)
    assert server.stop(signal.SIGTERM) == 0
    engine.dispose()
    assert row.state == "sent"
    assert len(receiver.got) == 2
    assert receiver.got[0] == receiver.got[1]
