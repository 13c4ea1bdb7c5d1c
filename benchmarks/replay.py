"""How many events a second the service takes through its signed webhook, beside a bare reference in the same run.

    python benchmarks/replay.py [--data ../shared/data] [--dialogues N] [--threads 8] [--database-url URL]

All dialogues of the shared data become one shop's day (see tests/replay/console_replay.py) and are posted over
sockets, each event with the moment of its sending, first one in a request, then 1 to 20. The reference is a bare FastAPI app on
the same uvicorn that verifies the signature, reads the JSON and commits each event to SQLite (WAL, synchronous=FULL)
one by one; it folds nothing, decides nothing and knows no duplicates. So the ratio is the price of everything else
that an event gets: the fold, the clock, suggestions, findings and advice, less what shared commits save.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "replay")]

from console_replay import Delivery, day_of_events, read_dialogues, tidy_deliveries  # noqa: E402
from webhook_console import (  # noqa: E402
    Server,
    count_events,
    free_port,
    hand_over,
    make_shop,
    wait_until_ready,
)

from app.usecases.knowledge import Knowledge  # noqa: E402

DAY = date(2026, 9, 15)
SECRET = "whsec_cmVmZXJlbmNlcmVmZXJlbmNlcmVmZXJlbmNlcmVm"
REFERENCE = """
import json, sqlite3, sys
from fastapi import FastAPI, HTTPException, Request
from standardwebhooks import Webhook, WebhookVerificationError
import uvicorn

db = sqlite3.connect(sys.argv[2], isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE event (id TEXT PRIMARY KEY, body TEXT)")
webhook = Webhook(sys.argv[3])
app = FastAPI()

@app.get("/readyz")
async def ready():
    return {}

@app.post("/v1/events")
async def take(request: Request):
    body = await request.body()
    try:
        webhook.verify(body.decode(), dict(request.headers))
    except WebhookVerificationError:
        raise HTTPException(401)
    raw = json.loads(body)
    results = []
    for event in raw if isinstance(raw, list) else [raw]:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO event VALUES (?, ?)", (event["id"], json.dumps(event, ensure_ascii=False)))
        db.execute("COMMIT")
        results.append({"id": event["id"], "status": "accepted"})
    return {"results": results}

uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_config=None, access_log=False)
"""


def through_service(deliveries: Sequence[Delivery], folder: Path, url: str | None, threads: int) -> float:
    """Events a second; a new shop in a new database."""
    database_url = url or f"sqlite:///{folder / 'miaohui.db'}"
    secret = make_shop(database_url, Knowledge.load())
    server = Server(database_url, folder / "server.log")
    try:
        server.wait()
        return timed(server.port, secret, deliveries, threads)
    finally:
        server.stop()


def through_reference(deliveries: Sequence[Delivery], folder: Path, threads: int) -> float:
    """The same through the bare app."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", REFERENCE, str(port), str(folder / "reference.db"), SECRET],
        env=dict(os.environ),
    )
    try:
        wait_until_ready(port, "/readyz", process)
        return timed(port, SECRET, deliveries, threads)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def timed(port: int, secret: str, deliveries: Sequence[Delivery], threads: int) -> float:
    events = count_events(deliveries)
    start = time.perf_counter()
    outcome = hand_over(port, secret, deliveries, threads, live=True)
    seconds = time.perf_counter() - start
    if outcome.failures or outcome.count("accepted") != events:
        raise SystemExit(f"not every event was taken: {outcome.http} {outcome.failures[:1]}")
    return events / seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--dialogues", type=int, help="a random sample of the untimed dialogues; default all")
    parser.add_argument("--threads", type=int, default=8, help="requests under way at once")
    parser.add_argument("--rounds", type=int, default=1, help="rounds, service and reference in turn; median")
    parser.add_argument("--database-url", help="an empty PostgreSQL database (one round, one way of sending)")
    options = parser.parse_args()
    if not options.data.is_dir():
        print(f"没有 {options.data}，跳过 / the shared data is not here: nothing measured")
        return
    events = day_of_events(read_dialogues(options.data, options.dialogues), DAY)
    buyers = sum(event.get("sender") == "buyer" for event in events)
    print(f"{len(events)} events, {buyers} of them buyer messages; {options.threads} requests at once")
    print(f"{'way of sending':<22}{'service/s':>11}{'reference/s':>13}{'ratio':>8}")
    for name, sizes in (("one event each", (1,)), ("1 to 20 in a request", (1, 1, 1, 2, 5, 20))):
        deliveries = tidy_deliveries(events, sizes=sizes)
        ours, bare = [], []
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory(prefix="miaohui-replay-") as folder:
                ours.append(through_service(deliveries, Path(folder), options.database_url, options.threads))
                bare.append(through_reference(deliveries, Path(folder), options.threads))
        rate, reference = statistics.median(ours), statistics.median(bare)
        print(f"{name:<22}{rate:>11.0f}{reference:>13.0f}{rate / reference:>8.3f}", flush=True)
        if options.database_url:
            break


if __name__ == "__main__":
    main()
