"""SIGKILL at random moments under load: every acknowledged event is there afterwards, and no reply is said twice.

The console here is a real one in all that matters: it sends signed requests over sockets, sends again what was not
answered, receives callbacks, and dedupes them by their id.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from own_postgres import PostgresCluster, new_postgres_database
from sqlalchemy import Engine
from sqlmodel import Session as Database
from sqlmodel import select
from standardwebhooks import Webhook
from warm_servers import warm_servers

from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.db.tables import EventRow, OutboxRow
from app.usecases.administration import NewShop, add_key, add_shop
from app.usecases.knowledge import Knowledge
from phrasebank import starter_bank

WORKERS = 4
AT_LEAST = 5
"""So many events are acknowledged between two kills."""


def sure_questions(count: int) -> list[str]:
    """Words of examples that are sure enough to be answered unattended, each by a phrase of its own."""
    bank = starter_bank()
    sure = []
    for phrase in bank.phrases:
        found = bank.search(phrase.examples[0]) if phrase.examples else None
        if (
            found is not None
            and found.confident
            and found.hits[0].phrase == phrase
            and "{" not in phrase.text
        ):
            sure.append(phrase.examples[0])
        if len(sure) == count:
            break
    return sure


QUESTIONS = sure_questions(2)
"""What each buyer asks: first the one, and the other when the reply to it is there."""


class Console:
    """Sends buyers' messages from several threads and keeps what was acknowledged; receives the replies."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = ports
        self.acknowledged: list[str] = []
        self.received: list[dict[str, Any]] = []
        self._answered: set[str] = set()
        self.done = threading.Event()
        self.errors: list[str] = []
        self._lock = threading.Lock()
        console = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with console._lock:
                    console.received.append(body)
                    console._answered.add(body["session"])
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
        sessions = (f"s-{worker}-{number}" for number in itertools.count())
        waiting: list[str] = []
        with httpx.Client(timeout=10) as client:
            while not self.done.is_set():
                answered = next((session for session in waiting if session in self._answered), None)
                if answered is not None:
                    waiting.remove(answered)
                    session, which = answered, 1
                else:
                    session, which = next(sessions), 0
                    waiting.append(session)
                name = f"{session}-{which}"
                event = {
                    "id": name,
                    "type": "message",
                    "at": datetime.now(UTC).isoformat(),
                    "session": session,
                    "buyer": f"b-{session}",
                    "sender": "buyer",
                    "text": QUESTIONS[which],
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
                        port = random.choice(self.ports)
                        url = f"http://127.0.0.1:{port}/v1/events?shop=demo"
                        answer = client.post(url, content=body, headers=headers)
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
                    time.sleep(0.02)


PROGRAM = "from app.cli import main; main()"
ANSWERS_FIRST = """
import asyncio
from fastapi.responses import JSONResponse
from app.cli import main
from app.web.routes import events

take = events.take

async def hasty(service, shop_id, entries, body, **more):
    async def later():
        await asyncio.sleep(0.2)
        await take(service, shop_id, entries, body, **more)

    task = asyncio.create_task(later())
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return JSONResponse({"results": [{"id": entry["id"], "status": "accepted"} for entry in entries]})

tasks = set()
events.take = hasty
main()
"""
"""The same with a fault planted in it: it answers before it commits."""


class Server:
    """`miaohui serve` as a process of its own."""

    def __init__(self, port: int, environment: dict[str, str], log: Path, program: str = PROGRAM) -> None:
        self._pid = warm_servers().start(port, environment, log, program)
        self._ready = f"http://127.0.0.1:{port}/readyz"

    def wait(self) -> None:
        for _ in range(2400):
            try:
                if httpx.get(self._ready, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            code = warm_servers().exit_code(self._pid, wait=False)
            assert code is None, f"the server ended by itself: {code}"
            time.sleep(0.05)
        raise AssertionError("the server did not become ready")

    def stop(self, how: signal.Signals) -> int:
        os.kill(self._pid, how)
        code = warm_servers().exit_code(self._pid, wait=True)
        assert code is not None
        return code


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(database_url: str, callback_port: int, answer: str = "at_once") -> NewShop:
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
            policy={"answer": answer},
        )
    engine.dispose()
    return made


@pytest.fixture
def console() -> Iterator[Console]:
    console = Console([free_port()])
    yield console
    console.close()


def environment_of(console: Console, database_url: str) -> dict[str, str]:
    return {
        "MIAOHUI_DATABASE_URL": database_url,
        "MIAOHUI_CALLBACK_ALLOW": json.dumps([f"127.0.0.1:{console.callback_port}"]),
    }


def talking(console: Console, shop: NewShop) -> list[threading.Thread]:
    workers = [
        threading.Thread(target=console.talk, args=(number, shop.signing_secret), daemon=True)
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    return workers


def in_the_midst(console: Console, chance: random.Random) -> None:
    """Return at a random moment after some more events were acknowledged, however slow the machine is."""
    wanted = len(console.acknowledged) + chance.randint(AT_LEAST, 5 * AT_LEAST)
    for _ in range(12_000):
        if len(console.acknowledged) >= wanted:
            time.sleep(chance.uniform(0, 0.1))
            return
        time.sleep(0.01)
    raise AssertionError(f"nothing is acknowledged any more: {console.errors}")


def end_talk(console: Console, workers: Sequence[threading.Thread]) -> None:
    console.done.set()
    for worker in workers:
        worker.join(30)


def wait_until_delivered(engine: Engine) -> None:
    for _ in range(600):
        with Database(engine) as db:
            if not db.exec(select(OutboxRow.id).where(OutboxRow.state == "queued")).all():
                return
        time.sleep(0.1)


def kill_under_load(
    console: Console, database_url: str, folder: Path, kills: int, program: str = PROGRAM
) -> None:
    shop = prepare(database_url, console.callback_port)
    environment = environment_of(console, database_url)
    chance = random.Random(kills)
    log = folder / "server.log"
    (port,) = console.ports
    server = Server(port, environment, log, program)
    server.wait()
    workers = talking(console, shop)
    for _ in range(kills):
        in_the_midst(console, chance)
        server.stop(signal.SIGKILL)
        server = Server(port, environment, log, program)
        server.wait()
    time.sleep(1)
    end_talk(console, workers)
    engine = open_engine(database_url)
    wait_until_delivered(engine)
    engine.dispose()
    assert server.stop(signal.SIGTERM) == 0


def lost(console: Console, database_url: str) -> list[str]:
    """What was acknowledged and is not there."""
    engine = open_engine(database_url)
    with Database(engine) as db:
        stored = set(db.exec(select(EventRow.id).where(EventRow.type == "message")))
    engine.dispose()
    return [name for name in console.acknowledged if name not in stored]


def look(console: Console, database_url: str, at_least: int) -> None:
    """Every acknowledged event is there with its reply, said once and in its session's order."""
    engine = open_engine(database_url)
    with Database(engine) as db:
        rows = db.exec(select(OutboxRow)).all()
    engine.dispose()
    assert console.errors == []
    assert len(console.acknowledged) >= at_least
    assert lost(console, database_url) == []
    # A buyer's first question is sure to be answered at once, and the reply stands in the transaction of the event. The
    # second may still belong to the first, when we died before we noted that the reply was said.
    firsts = {name for name in console.acknowledged if name.endswith("-0")}
    assert firsts - {row.item_id for row in rows} == set()
    once_by_id = {reply["id"]: reply for reply in reversed(console.received)}
    assert {row.state for row in rows} <= {"sent", "expired", "dropped"}
    # Only what we died over after it was received is dropped, when the next question came before we knew.
    assert {row.id for row in rows if row.state == "dropped"} <= once_by_id.keys()
    per_question = Counter((reply["session"], reply["text"]) for reply in once_by_id.values())
    said_twice = [question for question, count in per_question.items() if count > 1]
    order: dict[str, list[str]] = {}
    for reply in dict.fromkeys(reply["id"] for reply in console.received):
        order.setdefault(once_by_id[reply]["session"], []).append(once_by_id[reply]["created_at"])
    out_of_order = [session for session, moments in order.items() if moments != sorted(moments)]
    print(
        f"acknowledged {len(console.acknowledged)}, lost 0, replies {len(once_by_id)}, received again with the same id "
        f"{len(console.received) - len(once_by_id)}, {dict(Counter(row.state for row in rows))}, said twice {len(said_twice)}, out of order {len(out_of_order)}"
    )
    assert max(map(len, order.values())) == len(QUESTIONS)
    assert said_twice == []
    assert out_of_order == []
    assert once_by_id.keys() >= {row.id for row in rows if row.state == "sent"}


def test_nothing_acknowledged_is_lost_and_nothing_is_said_twice(
    console: Console, database_url: str, tmp_path: Path
) -> None:
    kill_under_load(console, database_url, tmp_path, kills=3)
    look(console, database_url, at_least=3 * AT_LEAST)


@pytest.mark.long
def test_the_same_holds_for_twenty_five_kills(console: Console, database_url: str, tmp_path: Path) -> None:
    kill_under_load(console, database_url, tmp_path, kills=25)
    look(console, database_url, at_least=25 * AT_LEAST)


@pytest.mark.long
def test_kills_find_a_service_that_answers_before_it_commits(
    console: Console, sqlite_url: str, tmp_path: Path
) -> None:
    kill_under_load(console, sqlite_url, tmp_path, kills=5, program=ANSWERS_FIRST)
    assert len(lost(console, sqlite_url)) > 0


@pytest.mark.long
def test_four_workers_on_postgresql_lose_nothing_when_they_and_the_database_are_killed(
    own_cluster: PostgresCluster, tmp_path: Path
) -> None:
    """Twenty kills of a worker, and two crashes of PostgreSQL in between."""
    database_url = new_postgres_database(own_cluster.conninfo)
    console = Console([free_port() for _ in range(4)])
    try:
        shop = prepare(database_url, console.callback_port)
        environment = environment_of(console, database_url)
        chance = random.Random(4)

        def start(number: int) -> Server:
            return Server(console.ports[number], environment, tmp_path / f"server-{number}.log")

        servers = [start(number) for number in range(4)]
        for server in servers:
            server.wait()
        workers = talking(console, shop)
        for kill in range(20):
            in_the_midst(console, chance)
            number = chance.randrange(4)
            servers[number].stop(signal.SIGKILL)
            if kill in {6, 13}:
                own_cluster.crash()
                time.sleep(0.5)
                own_cluster.start()
            servers[number] = start(number)
            servers[number].wait()
        time.sleep(1)
        end_talk(console, workers)
        engine = open_engine(database_url)
        wait_until_delivered(engine)
        engine.dispose()
        assert [server.stop(signal.SIGTERM) for server in servers] == [0] * 4
        look(console, database_url, at_least=20 * AT_LEAST)
    finally:
        console.close()


def test_a_service_told_to_stop_ends_in_good_order_with_a_stream_open_and_a_webhook_under_way(
    console: Console, sqlite_url: str, tmp_path: Path
) -> None:
    shop = prepare(sqlite_url, console.callback_port)
    (port,) = console.ports
    engine = open_engine(sqlite_url)
    with Database(engine.execution_options(writes=True)) as db, db.begin():
        key = add_key(db, "demo", datetime.now(UTC))
    server = Server(port, environment_of(console, sqlite_url), tmp_path / "server.log")
    server.wait()
    base = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=base, timeout=20) as page:
        assert page.post("/sign-in", data={"key": key}).status_code == 303
        with page.stream("GET", "/live/stream") as stream:
            assert next(stream.iter_lines()).startswith("event:")
            workers = talking(console, shop)
            while len(console.acknowledged) < 10:
                time.sleep(0.05)
            code = server.stop(signal.SIGTERM)
    end_talk(console, workers)
    assert code == 0
    assert lost(console, sqlite_url) == []
    engine.dispose()
