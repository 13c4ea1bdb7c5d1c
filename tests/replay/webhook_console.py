"""A console of flesh and sockets: a real `miaohui serve`, and threads that hand it signed requests side by side."""

from __future__ import annotations

import http.client
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console_replay import Delivery
from sqlmodel import Session as Database
from standardwebhooks import Webhook

from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.usecases.administration import add_shop
from app.usecases.knowledge import Knowledge

SHOP = "demo"


@dataclass(slots=True)
class Outcome:
    """What the service answered: `statuses` by HTTP status, `results` per event in the order of the answers."""

    http: dict[int, int] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Whatever was not a 200, in full."""

    def count(self, status: str) -> int:
        return sum(result["status"] == status for result in self.results)

    def ids(self, status: str) -> list[str]:
        return [result["id"] for result in self.results if result["status"] == status]


class Server:
    """`miaohui serve` as a process of its own, on a free port. It starts at once; `wait` says when it is ready."""

    def __init__(self, database_url: str, log: Path) -> None:
        self.port = free_port()
        self._log = log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", str(self.port)],
            env=os.environ | {"MIAOHUI_DATABASE_URL": database_url},
            cwd=Path(__file__).resolve().parents[2],
            stdout=self._log,
            stderr=self._log,
        )

    def wait(self) -> None:
        wait_until_ready(self.port, "/readyz", self._process)

    def stop(self) -> int:
        """End it in good order; its exit code. Does nothing more the second time."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._log.close()


def wait_until_ready(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    """Return when the address answers 200. Raises AssertionError if the process ends or takes minutes."""
    for _ in range(4800):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        assert process.poll() is None, "the server ended by itself"
        time.sleep(0.05)
    raise AssertionError("the server did not become ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_shop(database_url: str, knowledge: Knowledge, platform: str = "kuaishou") -> str:
    """Make the database and a shop in it; its signing secret."""
    engine = open_engine(database_url)
    try:
        upgrade(engine)
        with Database(engine.execution_options(writes=True)) as db, db.begin():
            made = add_shop(db, knowledge, datetime.now(UTC), shop_id=SHOP, name="回放店", platform=platform)
        return made.signing_secret
    finally:
        engine.dispose()


def hand_over(
    port: int,
    secret: str,
    deliveries: Iterable[Delivery],
    threads: int = 4,
    path: str = f"/v1/events?shop={SHOP}",
    live: bool = False,
) -> Outcome:
    """Post every delivery, signed, in order but by several threads at once, each on a connection that it keeps.

    `live`: every event is given the moment of its sending, as if the day happened as fast as it can be sent.
    """
    waiting: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
    for delivery in deliveries:
        waiting.put(delivery)
    for _ in range(threads):
        waiting.put(None)
    outcome = Outcome()
    lock = threading.Lock()
    workers = [
        threading.Thread(target=_work, args=(port, secret, path, waiting, outcome, lock, live))
        for _ in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return outcome


def _work(
    port: int,
    secret: str,
    path: str,
    waiting: queue.SimpleQueue[Delivery | None],
    outcome: Outcome,
    lock: threading.Lock,
    live: bool,
) -> None:
    signer = Webhook(secret)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    while (delivery := waiting.get()) is not None:
        now = datetime.now(UTC)
        body = delivery.happening(now).body if live else delivery.body
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(delivery.id, now, body.decode()),
        }
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            status, content = answer.status, answer.read()
        except OSError as error:
            connection.close()
            status, content = 0, repr(error).encode()
        with lock:
            outcome.http[status] = outcome.http.get(status, 0) + 1
            if status == 200:
                outcome.results.extend(json.loads(content)["results"])
            else:
                outcome.failures.append(f"{status} {content.decode()}")
    connection.close()


def count_events(deliveries: Sequence[Delivery]) -> int:
    return sum(len(delivery.events) for delivery in deliveries)
