"""How late deadlines are acted upon, how a burst of them is met, and what 20,000 open sessions cost.

    python benchmarks/deadlines.py [minute burst open] [--deadlines 5000] [--sessions 20000] [--minutes 3]
                                   [--database-url URL] [--profile FILE]

A shop is filled with buyers who wait for a reply; then `miaohui serve` is started as a process of its own and a receiver
in this one takes its signed callbacks. Of each reply two moments are looked at, both as seconds after the holding step fell
due: the commit that put it into the outbox, and its arrival with a good signature.

minute   the deadlines fall due evenly over one minute
burst    they all fall due in the same second
open     sessions that stay open while events of other buyers come in: resident memory at the start, in between and at
         the end, and the time of an event beside that with a hundred open sessions

The reference beside `minute` and `burst` is the plain way: once a second a loop reads every open row, and for those that
are due writes a fixed text, commits, and posts it. It asks no guard, chooses no words and lints nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import cProfile
import http.client
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "replay")]

from sqlalchemy import event as sqlalchemy_event  # noqa: E402
from sqlmodel import Session as Database  # noqa: E402
from sqlmodel import SQLModel, func, select  # noqa: E402
from standardwebhooks import Webhook  # noqa: E402
from webhook_console import free_port, wait_until_ready  # noqa: E402

from app.core.events import parse_event  # noqa: E402
from app.db.engine import open_engine  # noqa: E402
from app.db.migrate import upgrade  # noqa: E402
from app.db.tables import DeadlineRow, OutboxRow  # noqa: E402
from app.usecases.act_on_due import act_on_due  # noqa: E402
from app.usecases.administration import NewShop, add_shop  # noqa: E402
from app.usecases.knowledge import Knowledge  # noqa: E402
from app.usecases.take_events import take_events  # noqa: E402
from phrasebank import starter_bank  # noqa: E402

SHOP = "demo"
PLATFORM = "taojiji"
"""It assesses every hour of the day, so that the figures do not depend on when they are taken."""
WINDOW_S: Final = 300
HOLD_BEFORE_S: Final = 25
SEED_BATCH: Final = 250
START_S: Final = 20
"""What the service is given to start before the first deadline."""
UNKNOWN = (
    "请问那个颜色的第三个尺寸在不在那边呀",
    "上次说的那件事你们商量得怎么样了",
    "我妈说这个和隔壁那个不一样",
)
"""What no bank answers with confidence: these buyers are held, the others answered."""


# A shop full of waiting buyers


def make_shop(database_url: str, callback_port: int) -> NewShop:
    engine = open_engine(database_url)
    upgrade(engine)
    with Database(engine.execution_options(writes=True)) as db, db.begin():
        made = add_shop(
            db,
            Knowledge.load(),
            datetime.now(UTC),
            shop_id=SHOP,
            name="演示店",
            platform=PLATFORM,
            callback_url=f"http://127.0.0.1:{callback_port}/reply",
            policy={"hold_before_s": HOLD_BEFORE_S},
        )
    engine.dispose()
    return made


def words(number: int) -> str:
    """What the buyer of this number asks: two in three something that the starter bank has an example of."""
    if number % 3 == 0:
        return UNKNOWN[number % len(UNKNOWN)]
    examples = [example for phrase in starter_bank().phrases for example in phrase.examples[:1]]
    return examples[number % len(examples)]


def message(number: int, at: datetime, prefix: str = "m") -> dict[str, Any]:
    return {
        "id": f"{prefix}{number}",
        "type": "message",
        "at": at.isoformat(),
        "session": f"{prefix}s{number}",
        "buyer": f"{prefix}b{number}",
        "sender": "buyer",
        "text": words(number),
    }


def fill_shop(database_url: str, asked_at: Sequence[datetime], told_at: datetime, prefix: str = "m") -> None:
    """One buyer for each of the moments, who asked then; the service hears of all of them at `told_at`."""
    knowledge = Knowledge.load()
    engine = open_engine(database_url)
    writing = engine.execution_options(writes=True)
    for start in range(0, len(asked_at), SEED_BATCH):
        batch = [
            parse_event(message(start + place, at, prefix))
            for place, at in enumerate(asked_at[start : start + SEED_BATCH])
        ]
        with Database(writing, expire_on_commit=False) as db, db.begin():
            take_events(db, knowledge, SHOP, batch, None, "", told_at)
    engine.dispose()


def let_deadlines_pass(database_url: str) -> None:
    """Act on everything that is due by now."""
    knowledge = Knowledge.load()
    engine = open_engine(database_url)
    handled = 1
    while handled:
        with Database(engine.execution_options(writes=True), expire_on_commit=False) as db, db.begin():
            handled = act_on_due(db, knowledge, datetime.now(UTC)).handled
    engine.dispose()


# The service and the receiver


@contextmanager
def serving(database_url: str, callback_port: int, folder: Path, profile: Path | None) -> Iterator[Service]:
    port = free_port()
    seen = folder / "commits.json"
    arguments = [str(port), str(seen), str(profile or "")]
    process = subprocess.Popen(
        [sys.executable, __file__, "--observed-service", *arguments],
        env=os.environ
        | {
            "MIAOHUI_DATABASE_URL": database_url,
            "MIAOHUI_CALLBACK_ALLOW": json.dumps([f"127.0.0.1:{callback_port}"]),
            "MIAOHUI_EVENT_RATE": "0",
        },
    )
    service = Service(port, process)
    try:
        wait_until_ready(port, "/readyz", process)
        yield service
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        service.commits = json.loads(seen.read_text())


@dataclass
class Service:
    """A running service; `commits` are the moments of its commits, known once it has ended."""

    port: int
    process: subprocess.Popen[bytes]
    commits: list[float] = field(default_factory=list)

    def processor_s(self) -> float:
        """Processor seconds spent so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")


def observed_service(port: str, seen: str, profile: str) -> None:
    """`miaohui serve` in this process; notes when commits were done, and profiles the writer's thread if asked to."""
    from app.cli import main
    from app.db.writer import Writer

    commits: list[float] = []
    sqlalchemy_event.listen(Database, "after_commit", lambda _: commits.append(time.time()))
    if profile:
        run = Writer._run

        def profiled(writer: Writer) -> None:
            profiler = cProfile.Profile(time.thread_time)
            profiler.runcall(run, writer)
            profiler.dump_stats(profile)

        Writer._run = profiled  # type: ignore[method-assign]
    try:
        main(["serve", "--port", port])
    finally:
        Path(seen).write_text(json.dumps(commits))


class Receiver:
    """A console's end of the callbacks, on an event loop of its own: verifies each and notes when it came first."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self.refused = 0
        self.again = 0
        self.secret = ""
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(asyncio.start_server(self._answer, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        webhook = Webhook(self.secret)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:-2]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
                body = await reader.readexactly(int(headers["content-length"]))
                at = time.time()
                try:
                    webhook.verify(body.decode(), headers)
                except Exception:
                    self.refused += 1
                else:
                    self.again += headers["webhook-id"] in self.came
                    self.came.setdefault(headers["webhook-id"], at)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


# Lateness


@dataclass(frozen=True)
class Lateness:
    """Seconds after the due moment, ascending: to the commit, and to the arrival. `lost` were never received."""

    decided: list[float]
    received: list[float]
    lost: int
    processor_s: float
    """Processor seconds of the process that did it."""


def measure_lateness(
    due_after_s: Sequence[float], folder: Path, database_url: str | None, profile: Path | None
) -> Lateness:
    """`due_after_s`: when each deadline's holding step falls due, after the first one."""
    url = database_url or f"sqlite:///{folder / 'miaohui.db'}"
    receiver = Receiver()
    receiver.secret = make_shop(url, receiver.port).callback_secret or ""
    seeding_s = START_S + len(due_after_s) * 0.02
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seeding_s)
    held_after = timedelta(seconds=WINDOW_S - HOLD_BEFORE_S)
    asked = [first + timedelta(seconds=after) - held_after for after in due_after_s]
    fill_shop(url, asked, first - timedelta(seconds=1))
    with serving(url, receiver.port, folder, profile) as service:
        engine = open_engine(url)
        idle_s = service.processor_s()
        time.sleep(max(0.0, first.timestamp() + max(due_after_s) - time.time()))
        before, now = -1, 0
        while before < now < len(due_after_s):
            time.sleep(5)
            before, now = now, len(receiver.came)
        spent_s = service.processor_s() - idle_s
        with Database(engine) as db:
            rows = db.exec(select(OutboxRow.id, OutboxRow.item_id, OutboxRow.created_at)).all()
        engine.dispose()
        time.sleep(1)
    receiver.close()
    due = {f"m{number}": first.timestamp() + after for number, after in enumerate(due_after_s)}
    decided, received = [], []
    for reply_id, item_id, created_at in rows:
        commit = service.commits[bisect.bisect_left(service.commits, created_at.timestamp())]
        decided.append(commit - due[item_id])
        if reply_id in receiver.came:
            received.append(receiver.came[reply_id] - due[item_id])
    if receiver.refused:
        raise SystemExit(f"{receiver.refused} callbacks had no good signature")
    return Lateness(sorted(decided), sorted(received), len(due_after_s) - len(received), spent_s)


def reference_lateness(due_after_s: Sequence[float], folder: Path) -> Lateness:
    """The plain way, on the same deadlines."""
    receiver = Receiver()
    receiver.secret = "whsec_" + "QUFB" * 8
    signer = Webhook(receiver.secret)
    db = sqlite3.connect(folder / "reference.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE deadline (id TEXT PRIMARY KEY, due REAL, open INTEGER)")
    db.execute("CREATE TABLE outbox (id TEXT PRIMARY KEY, body TEXT)")
    first = time.time() + 1
    db.execute("BEGIN")
    db.executemany(
        "INSERT INTO deadline VALUES (?, ?, 1)",
        [(f"m{number}", first + after) for number, after in enumerate(due_after_s)],
    )
    db.execute("COMMIT")
    console = http.client.HTTPConnection("127.0.0.1", receiver.port)
    decided = []
    due = {}
    started_s = time.process_time()
    while len(decided) < len(due_after_s):
        time.sleep(1)
        for item_id, due_at in db.execute("SELECT id, due FROM deadline WHERE open = 1").fetchall():
            if due_at > time.time():
                continue
            body = json.dumps({"id": item_id, "text": "亲，稍等一下，马上为您查询"})
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO outbox VALUES (?, ?)", (item_id, body))
            db.execute("UPDATE deadline SET open = 0 WHERE id = ?", (item_id,))
            db.execute("COMMIT")
            decided.append(time.time() - due_at)
            due[item_id] = due_at
            now = datetime.now(UTC)
            headers = {
                "webhook-id": item_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": signer.sign(item_id, now, body),
            }
            console.request("POST", "/reply", body.encode(), headers)
            console.getresponse().read()
    console.close()
    db.close()
    receiver.close()
    received = sorted(at - due[item_id] for item_id, at in receiver.came.items())
    spent_s = time.process_time() - started_s
    return Lateness(sorted(decided), received, len(due_after_s) - len(received), spent_s)


def print_lateness(title: str, ours: Lateness, plain: Lateness) -> None:
    print(f"\n{title}")
    print(f"{'seconds after due':<26}{'p50':>9}{'p90':>9}{'p99':>9}{'max':>9}")
    for name, values in (
        ("service, decided", ours.decided),
        ("service, received", ours.received),
        ("reference, decided", plain.decided),
        ("reference, received", plain.received),
    ):
        figures = "".join(f"{quantile(values, share):>9.3f}" for share in (0.5, 0.9, 0.99, 1))
        print(f"{name:<26}{figures}")
    print(
        f"processor time, milliseconds a reply: service {ours.processor_s * 1000 / len(ours.decided):.1f}, "
        f"reference and its receiver {plain.processor_s * 1000 / len(plain.decided):.1f}"
    )
    within = sum(late <= HOLD_BEFORE_S for late in ours.received)
    print(f"received before the deadline: {within} of {len(ours.received) + ours.lost}; never: {ours.lost}")


def quantile(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))]


# Many open sessions


def measure_open(sessions: int, minutes: float, folder: Path, database_url: str | None) -> None:
    """Hold sessions whose buyers wait while others write; prints memory and the time of an event."""
    for held in (100, sessions):
        own = folder / str(held)
        own.mkdir()
        url = database_url if database_url and held == sessions else f"sqlite:///{own / 'miaohui.db'}"
        receiver = Receiver()
        made = make_shop(url, receiver.port)
        receiver.secret = made.callback_secret or ""
        long_ago = datetime.now(UTC) - timedelta(hours=1)
        fill_shop(
            url,
            [long_ago + timedelta(milliseconds=number) for number in range(held)],
            long_ago + timedelta(minutes=1),
            "o",
        )
        let_deadlines_pass(url)
        with serving(url, receiver.port, own, None) as service:
            print(f"\n{open_items(url, DeadlineRow)} open items, {size_mb(own):.0f} MB on disk")
            resident = [service.resident_mb()]
            times: list[float] = []
            rounds = 6
            spent = minutes * 60 if held == sessions else 20
            for number in range(rounds):
                times += talk(service.port, made.signing_secret, f"r{number}", spent / rounds)
                resident.append(service.resident_mb())
            times.sort()
            print(
                f"  resident MB at the start and after each of {rounds} rounds: "
                + " ".join(f"{mb:.0f}" for mb in resident)
            )
            print(
                f"  {len(times)} events in {spent:.0f} s; milliseconds of one: "
                f"p50 {quantile(times, 0.5) * 1000:.1f}, p99 {quantile(times, 0.99) * 1000:.1f}, "
                f"mean {statistics.mean(times) * 1000:.1f}"
            )
        receiver.close()


def talk(port: int, secret: str, prefix: str, seconds: float) -> list[float]:
    """Buyers ask and an agent answers, one event after the other; how long each took."""
    signer = Webhook(secret)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took = []
    number = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        number += 1
        asked = message(number // 2, datetime.now(UTC), prefix)
        if number % 2:
            asked |= {"id": f"{asked['id']}a", "sender": "agent", "agent": "小林", "text": "亲，已为您查询"}
        body = json.dumps(asked)
        now = datetime.now(UTC)
        headers = {
            "webhook-id": f"{prefix}-{number}",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(f"{prefix}-{number}", now, body),
        }
        started = time.perf_counter()
        connection.request("POST", f"/v1/events?shop={SHOP}", body.encode(), headers)
        answer = connection.getresponse()
        content = answer.read()
        took.append(time.perf_counter() - started)
        if answer.status != 200:
            raise SystemExit(f"{answer.status} {content.decode()}")
    connection.close()
    return took


def open_items(url: str, table: type[SQLModel]) -> int:
    engine = open_engine(url)
    with Database(engine) as db:
        count = db.exec(select(func.count()).select_from(table)).one()
    engine.dispose()
    return count


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.glob("miaohui.db*")) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", default=[], help="minute, burst, open; all of them if none is named"
    )
    parser.add_argument("--deadlines", type=int, default=5000)
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--minutes", type=float, default=3, help="of event traffic beside the open sessions")
    parser.add_argument("--database-url", help="an empty PostgreSQL database, for one part")
    parser.add_argument("--profile", type=Path, help="write a profile of the writer's thread there")
    parser.add_argument("--no-reference", action="store_true")
    parser.add_argument("--observed-service", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.observed_service:
        observed_service(*options.observed_service)
        return
    parts = options.parts or ["minute", "burst", "open"]
    chance = random.Random(1)
    for part, spread_s in (("minute", 60.0), ("burst", 1.0)):
        if part not in parts:
            continue
        due = sorted(chance.uniform(0, spread_s) for _ in range(options.deadlines))
        with tempfile.TemporaryDirectory(prefix="miaohui-deadlines-") as name:
            ours = measure_lateness(due, Path(name), options.database_url, options.profile)
            plain = ours if options.no_reference else reference_lateness(due, Path(name))
        print_lateness(f"{part}: {options.deadlines} deadlines within {spread_s:.0f} s", ours, plain)
    if "open" in parts:
        with tempfile.TemporaryDirectory(prefix="miaohui-deadlines-") as name:
            measure_open(options.sessions, options.minutes, Path(name), options.database_url)


if __name__ == "__main__":
    main()
