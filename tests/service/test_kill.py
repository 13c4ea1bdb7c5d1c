"""SIGKILL at random moments under load: every acknowledged event is there afterwards, and no reply is said twice.

The console here is a real one in all that matters: it sends signed requests over sockets, sends again what was not
answered, receives callbacks, and dedupes them by their id.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from sqlmodel import Session as Database
from sqlmodel import select
from standardwebhooks import Webhook

from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.db.tables import EventRow, OutboxRow
from app.usecases.administration import NewShop, add_shop
from app.usecases.knowledge import Knowledge
from phrasebank import starter_bank

WORKERS = 4
QUESTION = starter_bank().get("invoice-have").examples[0]  # type: ignore[union-attr]
"""The words of an example: sure enough to be answered unattended."""


class Console:
    """Sends buyers' messages from several threads and keeps what was acknowledged; receives the replies."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.acknowledged: list[str] = []
        self.received: list[dict[str, Any]] = []
        self.done = threading.Event()
        self.errors: list[str] = []
        self._lock = threading.Lock()
        console = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with console._lock:
                    console.received.append(body)
                self.send_response(204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.callback_port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.done.set()
        self._server.shutdown()
        self._server.server_close()

    def talk(self, worker: int, secret: str) -> None:
        """One buyer after the other asks something; a request that failed is sent again with the same id."""
        signer = Webhook(secret)
        number = 0
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10) as client:
            while not self.done.is_set():
                number += 1
                name = f"w{worker}-{number}"
                event = {
                    "id": name,
                    "type": "message",
                    "at": datetime.now(UTC).isoformat(),
                    "session": f"s-{name}",
                    "buyer": f"b-{name}",
                    "sender": "buyer",
                    "text": QUESTION,
                }
                body = json.dumps(event).encode()
                while not self.done.is_set():
                    now = datetime.now(UTC)
                    headers = {
                        "webhook-id": name,
                        "webhook-timestamp": str(int(now.timestamp())),
                        "webhook-signature": signer.sign(name, now, body.decode()),
                    }
                    try:
                        answer = client.post("/v1/events?shop=demo", content=body, headers=headers)
                    except httpx.TransportError:
                        time.sleep(0.02)
                        continue
                    if answer.status_code == 200:
                        (result,) = answer.json()["results"]
                        with self._lock:
                            self.acknowledged.append(name)
                            if result["status"] not in {"accepted", "duplicate"}:
                                self.errors.append(answer.text)
                        break
                    if answer.status_code != 503:
                        self.errors.append(f"{answer.status_code} {answer.text}")
                        return


class Server:
    """`miaohui serve` as a process of its own."""

    def __init__(self, port: int, environment: dict[str, str], log: Path) -> None:
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(port)],
            env=os.environ | environment,
            stdout=self._log,
            stderr=self._log,
        )
        self._ready = f"http://127.0.0.1:{port}/readyz"

    def wait(self) -> None:
        for _ in range(600):
            try:
                if httpx.get(self._ready, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self._process.poll() is None, "the server ended by itself"
            time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def stop(self, how: signal.Signals) -> int:
        self._process.send_signal(how)
        code = self._process.wait(30)
        self._log.close()
        return code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(database_url: str, callback_port: int) -> NewShop:
    engine = open_engine(database_url)
    upgrade(engine)
    with Database(engine.execution_options(writes=True)) as db, db.begin():
        made = add_shop(
            db,
            Knowledge.load(),
            datetime.now(UTC),
            shop_id="demo",
            name="演示店",
            # A platform without assessed hours, so that the test means the same at night.
            platform="taojiji",
            callback_url=f"http://127.0.0.1:{callback_port}/reply",
            policy={"answer": "at_once"},
        )
    engine.dispose()
    return made


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console(free_port())
    yield console
    console.close()


def kill_and_look(console: Console, database_url: str, folder: Path, kills: int) -> None:
    shop = prepare(database_url, console.callback_port)
    environment = {
        "MIAOHUI_DATABASE_URL": database_url,
        "MIAOHUI_CALLBACK_ALLOW": json.dumps([f"127.0.0.1:{console.callback_port}"]),
    }
    chance = random.Random(kills)
    workers = [
        threading.Thread(target=console.talk, args=(number, shop.signing_secret), daemon=True)
        for number in range(WORKERS)
    ]
    log = folder / "server.log"
    server = Server(console.port, environment, log)
    server.wait()
    for worker in workers:
        worker.start()
    for _ in range(kills):
        time.sleep(chance.uniform(0.2, 1.5))
        server.stop(signal.SIGKILL)
        server = Server(console.port, environment, log)
        server.wait()
    time.sleep(1)
    console.done.set()
    for worker in workers:
        worker.join(30)
    engine = open_engine(database_url)
    for _ in range(400):
        with Database(engine) as db:
            if not db.exec(select(OutboxRow.id).where(OutboxRow.state == "queued")).all():
                break
        time.sleep(0.1)
    assert server.stop(signal.SIGTERM) == 0
    with Database(engine) as db:
        stored = set(db.exec(select(EventRow.id).where(EventRow.type == "message")))
        rows = db.exec(select(OutboxRow)).all()
    engine.dispose()
    assert console.errors == []
    assert len(console.acknowledged) > 5 * kills
    assert [name for name in console.acknowledged if name not in stored] == []
    # Every buyer's question was sure to be answered at once: the reply stands in the transaction of the event.
    assert {row.item_id for row in rows} >= set(console.acknowledged)
    assert {row.state for row in rows} <= {"sent", "expired"}
    once_by_id = {reply["id"]: reply for reply in console.received}
    per_buyer = Counter((reply["buyer"], reply["purpose"]) for reply in once_by_id.values())
    assert [buyer for buyer, count in per_buyer.items() if count > 1] == []
    assert len(once_by_id) >= len(console.acknowledged) * 0.9


def test_nothing_acknowledged_is_lost_and_nothing_is_said_twice(
    console: Console, database_url: str, tmp_path: Path
) -> None:
    kill_and_look(console, database_url, tmp_path, kills=3)


@pytest.mark.long
def test_the_same_holds_for_twenty_five_kills(console: Console, database_url: str, tmp_path: Path) -> None:
    kill_and_look(console, database_url, tmp_path, kills=25)
