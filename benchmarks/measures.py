"""A month's reply rate of all agents from the standing counts, beside the same by SQL over the raw messages.

    python benchmarks/measures.py [--messages 1000000 5000000] [--shops 200] [--database-url postgresql+psycopg://…]

Two platforms' figures over one stream: 抖音 (each buyer message that the first agent answers within 180 seconds, by
agent) and 快手 (persons of a day of whom none waited longer, by agent). The stream goes event by event through the
ledgers into SQLite, as the service does it; the raw messages go into SQLite, DuckDB and, with `--database-url`,
PostgreSQL, with the indexes that the question asks for. All figures must be equal, or the benchmark fails. Times are
medians of five. The cost of an update is measured apart, on a stream through a database with its journal.
"""

from __future__ import annotations

import argparse
import math
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sqlalchemy import Engine  # noqa: E402
from sqlalchemy import event as sqlalchemy_event  # noqa: E402
from sqlmodel import Session as Database  # noqa: E402

from app.core.events import Event, EventType, Kind, Sender  # noqa: E402
from app.core.policies import Policy  # noqa: E402
from app.core.profiles import Measure, Profile  # noqa: E402
from app.db.engine import open_engine  # noqa: E402
from app.db.journal import store_events  # noqa: E402
from app.db.migrate import upgrade  # noqa: E402
from app.db.standing import write_standing  # noqa: E402
from app.db.tables import ShopRow  # noqa: E402
from app.gateways.collector import spare_what_stays  # noqa: E402
from app.platforms.catalog import load_profiles  # noqa: E402
from app.usecases.measures import read_figures_of_shops  # noqa: E402
from app.usecases.shops import Shop  # noqa: E402
from app.usecases.standing import count_events, plan_of  # noqa: E402

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
NOW = datetime(2026, 11, 2, 4, tzinfo=UTC)
MIDNIGHT = int(datetime(2026, 9, 30, 16, tzinfo=UTC).timestamp())  # in Shanghai
DAY = 86_400
AGENTS = 10
BATCH = 300
RUNS = 5

Row = tuple[str, int, str, str, str, str]
"""(shop, seconds, buyer, session, sender: buyer, agent or assigned, agent)."""
Answer = dict[tuple[str, str], tuple[int, int]]
"""(shop, agent) -> (good, counted)."""


def conversations(shop: str, messages: int, seed: int, *, days: int = 31, hours: int = 15) -> list[Row]:
    """A shop's events in the order of time: sessions of some 18 messages, every fifth of a buyer who came before.

    Sessions begin within the first `hours` hours of the assessed day.
    """
    chance = random.Random(f"{seed} {shop}")
    rows: list[Row] = []
    said = number = 0
    while said < messages:
        number += 1
        newcomer = number < 6 or chance.random() < 0.8
        buyer = f"b{number}" if newcomer else f"b{chance.randrange(max(1, number - 200), number)}"
        session = f"s{number}"
        agent = f"agent{chance.randrange(AGENTS)}"
        at = (
            MIDNIGHT
            + chance.randrange(days) * DAY
            + chance.randrange(8 * 3600, 8 * 3600 + hours * 3600 + 1800)
        )
        rows.append((shop, at, buyer, session, "assigned", agent))
        for _ in range(chance.randint(4, 11)):
            at += chance.randrange(5, 120)
            for _ in range(chance.choice((1, 1, 1, 2))):
                rows.append((shop, at, buyer, session, "buyer", ""))
                said += 1
                at += chance.randrange(2, 20)
            if chance.random() < 0.04:
                continue
            at += int(chance.expovariate(1 / 70)) + 3
            rows.append((shop, at, buyer, session, "agent", agent))
            said += 1
    rows.sort(key=lambda row: row[1])
    return rows


def as_events(rows: Sequence[Row]) -> Iterator[Event]:
    for number, (_, at, buyer, session, sender, agent) in enumerate(rows):
        # Whole seconds are often equal; the number keeps the order of the stream.
        stamp = datetime.fromtimestamp(at, UTC)
        name = f"{number:08}"
        if sender == "assigned":
            yield Event(name, EventType.ASSIGNED, stamp, session=session, buyer=buyer, agent=agent)
        else:
            yield Event(
                name,
                EventType.MESSAGE,
                stamp,
                session=session,
                buyer=buyer,
                agent=agent or None,
                sender=Sender(sender),
                kind=Kind.TEXT,
                text="请问这个什么时候可以发货" if sender == "buyer" else "亲，今天就发",
            )


def two_platforms() -> Profile:
    profiles = load_profiles()
    douyin = replace(profiles["douyin"].measure("reply_3min"), id="messages")
    kuaishou = replace(profiles["kuaishou"].measure("reply_3min"), id="persons")
    return replace(profiles["douyin"], measures=(douyin, kuaishou))


def shop_of(profile: Profile, name: str) -> Shop:
    return Shop(name, name, profile, Policy(), None, None, 0)


class Cost(NamedTuple):
    """Seconds of counting by the clock and of the processor, and of the commits."""

    counting: float
    processor: float
    commits: float

    def plus(self, other: Cost) -> Cost:
        return Cost(*(one + more for one, more in zip(self, other, strict=True)))

    def text(self, events: int) -> str:
        counting, processor, commits = (round(part / events * 1e6, 1) for part in self)
        return (
            f"{counting} µs an event beyond the commit ({processor} of the processor; the commits: {commits})"
        )


def through_ledgers(engine: Engine, shop: Shop, rows: Sequence[Row], *, batch: int, journal: bool) -> Cost:
    """Take a shop's events in, `batch` of them in a commit, as the service's writer does."""
    writing = engine.execution_options(writes=True)
    committing: list[tuple[float, float]] = []
    sqlalchemy_event.listen(
        writing, "commit", lambda _: committing.append((time.perf_counter(), time.process_time()))
    )
    with Database(writing) as db, db.begin():
        db.add(ShopRow(id=shop.id, name=shop.id, platform=shop.profile.platform, created_at=NOW, policy={}))
        db.flush()
        write_standing(db, shop.id, plan_of(shop.profile).fingerprint, "nobody")
    events = list(as_events(rows))
    cost = Cost(0, 0, 0)
    for start in range(0, len(events), batch):
        some = events[start : start + batch]
        with Database(writing, expire_on_commit=False) as db:
            db.begin()
            db.connection()
            if journal:
                store_events(db, shop.id, some, NOW)
            began, used = time.perf_counter(), time.process_time()
            count_events(db, shop, some, NOW)
            db.commit()
            done = time.perf_counter()
        counted, counted_used = committing[-1]
        cost = cost.plus(Cost(counted - began, counted_used - used, done - counted))
    return cost


def median_ms(ask: Callable[[], Any]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def from_counts(engine: Engine, profile: Profile, shops: Sequence[str], measure: str) -> Answer:
    with Database(engine) as db:
        found = read_figures_of_shops(db, shops, [profile.measure(measure)], NOW, FIRST, LAST, "agent")
    return {
        (shop, figure.key[1]): (figure.good, figure.counted)
        for shop, [each] in found.items()
        for figure in each.figures
        if figure.key is not None
    }


# Raw messages. The reply is the first agent message at or after a buyer's; what nobody answered belongs to whoever was
# assigned last before the window ended.

_LOCAL = "(m.sent + 28800)"
_JUDGED_BY_LOOKUP = f"""
    SELECT m.shop, m.buyer, {_LOCAL} / 86400 AS day, {_LOCAL} % 86400 AS clock,
           coalesce(r.sent - m.sent <= 180, 0) AS good,
           coalesce(r.agent, (SELECT s.agent FROM assigned s WHERE s.shop = m.shop AND s.session = m.session
                              AND s.sent < m.sent + 180 ORDER BY s.sent DESC LIMIT 1), '') AS agent
    FROM message m LEFT JOIN message r ON r.id =
         (SELECT a.id FROM message a WHERE a.shop = m.shop AND a.buyer = m.buyer AND a.sender = 'agent'
          AND a.sent >= m.sent ORDER BY a.sent LIMIT 1)
    WHERE m.sender = 'buyer'"""
_JUDGED_BY_ASOF = f"""
    SELECT m.shop, m.buyer, {_LOCAL} // 86400 AS day, {_LOCAL} % 86400 AS clock,
           CAST(coalesce(r.sent - m.sent <= 180, false) AS INT) AS good,
           coalesce(r.agent, s.agent, '') AS agent
    FROM (SELECT * FROM message WHERE sender = 'buyer') m
    ASOF LEFT JOIN (SELECT * FROM message WHERE sender = 'agent') r
         ON r.shop = m.shop AND r.buyer = m.buyer AND r.sent >= m.sent
    ASOF LEFT JOIN assigned s ON s.shop = m.shop AND s.session = m.session AND s.sent < m.sent + 180"""
_JUDGED_BY_LATERAL = f"""
    SELECT m.shop, m.buyer, {_LOCAL} / 86400 AS day, {_LOCAL} % 86400 AS clock,
           coalesce((r.sent - m.sent <= 180)::int, 0) AS good, coalesce(r.agent, s.agent, '') AS agent
    FROM message m
    LEFT JOIN LATERAL (SELECT a.sent, a.agent FROM message a WHERE a.shop = m.shop AND a.buyer = m.buyer
         AND a.sender = 'agent' AND a.sent >= m.sent ORDER BY a.sent LIMIT 1) r ON true
    LEFT JOIN LATERAL (SELECT s.agent FROM assigned s WHERE r.sent IS NULL AND s.shop = m.shop
         AND s.session = m.session AND s.sent < m.sent + 180 ORDER BY s.sent DESC LIMIT 1) s ON true
    WHERE m.sender = 'buyer'"""
_MONTH = f"{(MIDNIGHT + 28800) // DAY} AND {(MIDNIGHT + 28800) // DAY + 30}"


def question(judged: str, measure: Measure, shop: str | None) -> str:
    """The SQL of a measure by agent, over the month."""
    if shop is not None:
        judged = judged.replace("'buyer') m", f"'buyer' AND shop = '{shop}') m")
        judged = judged.replace("WHERE m.sender = 'buyer'", f"WHERE m.sender = 'buyer' AND m.shop = '{shop}'")
    [hours] = measure.latest.definition.hours
    assessed = f"clock >= {hours.start_s} AND clock < {hours.end_s} AND day BETWEEN {_MONTH}"
    if measure.id == "messages":
        return (
            f"SELECT shop, agent, sum(good), count(*) FROM ({judged}) j WHERE {assessed} GROUP BY shop, agent"
        )
    return (
        "SELECT shop, agent, sum(good), count(*) FROM "
        f"(SELECT shop, agent, buyer, day, min(good) AS good FROM ({judged}) j "
        f"WHERE {assessed} GROUP BY shop, agent, buyer, day) p GROUP BY shop, agent"
    )


class Raw(NamedTuple):
    """A database of raw messages."""

    name: str
    judged: str
    run: Callable[[str], list[tuple[Any, ...]]]

    def ask(self, measure: Measure, shop: str | None) -> Answer:
        return {
            (row[0], row[1]): (int(row[2]), int(row[3]))
            for row in self.run(question(self.judged, measure, shop))
        }


_TABLES = (
    "CREATE TABLE message (id BIGINT PRIMARY KEY, shop TEXT, buyer TEXT, session TEXT, sent BIGINT, "
    "sender TEXT, agent TEXT)",
    "CREATE TABLE assigned (shop TEXT, session TEXT, sent BIGINT, agent TEXT)",
)
_INDEXES = (
    "CREATE INDEX answers ON message (shop, buyer, sent, agent) WHERE sender = 'agent'",
    "CREATE INDEX questions ON message (shop, sent, buyer, session) WHERE sender = 'buyer'",
    "CREATE INDEX assigned_of ON assigned (shop, session, sent, agent)",
)


def raw_sqlite(folder: Path, rows: Sequence[Row]) -> Raw:
    db = sqlite3.connect(folder / "raw.db")
    db.execute("PRAGMA cache_size = -400000")
    for statement in _TABLES:
        db.execute(statement)
    messages, assigned = _split(rows)
    db.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)", messages)
    db.executemany("INSERT INTO assigned VALUES (?, ?, ?, ?)", assigned)
    for statement in _INDEXES:
        db.execute(statement)
    db.execute("ANALYZE")
    db.commit()
    return Raw("SQLite", _JUDGED_BY_LOOKUP, lambda sql: db.execute(sql).fetchall())


def raw_duckdb(folder: Path, rows: Sequence[Row]) -> Raw | None:
    try:
        import duckdb
    except ImportError:
        print("DuckDB is not installed (pip install duckdb): left out")
        return None
    import csv

    db = duckdb.connect(str(folder / "raw.duckdb"))
    for statement in _TABLES:
        db.execute(statement.replace(" PRIMARY KEY", ""))
    for name, part in zip(("message", "assigned"), _split(rows), strict=True):
        path = folder / f"{name}.csv"
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(part)
        # Stored in the order in which it is read; DuckDB's own indexes do not serve such joins.
        order = "shop, buyer, sent" if name == "message" else "shop, session, sent"
        columns = [column[0] for column in db.execute(f"SELECT * FROM {name}").description]
        db.execute(
            f"INSERT INTO {name} SELECT * FROM read_csv('{path}', header = false, names = {columns}) ORDER BY {order}"
        )
        path.unlink()
    return Raw("DuckDB", _JUDGED_BY_ASOF, lambda sql: db.execute(sql).fetchall())


def raw_postgres(url: str, rows: Sequence[Row]) -> Raw:
    import psycopg

    db = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    db.execute("DROP TABLE IF EXISTS message")
    db.execute("DROP TABLE IF EXISTS assigned")
    for statement in _TABLES:
        db.execute(statement)
    for name, part in zip(("message", "assigned"), _split(rows), strict=True):
        with db.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
            for row in part:
                copy.write_row(row)
    for statement in _INDEXES:
        db.execute(statement)
    db.execute("ANALYZE")
    return Raw("PostgreSQL", _JUDGED_BY_LATERAL, lambda sql: db.execute(sql).fetchall())


def _split(rows: Sequence[Row]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    messages = [
        (number, shop, buyer, session, at, sender, agent)
        for number, (shop, at, buyer, session, sender, agent) in enumerate(rows)
        if sender != "assigned"
    ]
    assigned = [
        (shop, session, at, agent) for shop, at, _, session, sender, agent in rows if sender == "assigned"
    ]
    return messages, assigned


def compare(total: int, shop_count: int, folder: Path, database_url: str | None) -> None:
    """Load `total` messages of `shop_count` shops everywhere and ask the same of all."""
    profile = two_platforms()
    names = [f"shop{number:03}" for number in range(shop_count)]
    engine = open_engine(f"sqlite:///{folder / 'counts.db'}")
    upgrade(engine)
    rows: list[Row] = []
    cost = Cost(0, 0, 0)
    began = time.perf_counter()
    for name in names:
        own = conversations(name, total // shop_count, seed=7)
        spent = through_ledgers(engine, shop_of(profile, name), own, batch=BATCH, journal=False)
        cost = cost.plus(spent)
        rows += own
    took = time.perf_counter() - began
    messages = sum(row[4] != "assigned" for row in rows)
    print(
        f"\n{messages:,} messages of {shop_count} shops with {AGENTS} agents each, taken in event by event in "
        f"{took:.0f} s: {cost.text(len(rows))}"
    )
    stores = [raw_sqlite(folder, rows), raw_duckdb(folder, rows)]
    if database_url:
        stores.append(raw_postgres(database_url, rows))
    raws = [store for store in stores if store is not None]
    del rows
    for measure in profile.measures:
        title = {"messages": "抖音 messages", "persons": "快手 persons"}[measure.id] + " by agent"
        for scope, shop in (("one shop", names[len(names) // 2]), (f"{shop_count} shops", None)):
            asked = [shop] if shop is not None else names
            ask = partial(from_counts, engine, profile, asked, measure.id)
            ours, ours_ms = ask(), median_ms(ask)
            line = f"{title:<24}{scope:<12}standing counts {ours_ms:8.2f} ms"
            fastest = math.inf
            for raw in raws:
                ask_raw = partial(raw.ask, measure, shop)
                if ask_raw() != ours:
                    sys.exit(f"{raw.name} and the standing counts differ: {measure.id}, {scope}")
                raw_ms = median_ms(ask_raw)
                line += f" | {raw.name} {raw_ms:9.1f} ms"
                fastest = min(fastest, raw_ms)
            print(f"{line} | {fastest / ours_ms:7.0f} times", flush=True)
    engine.dispose()


def update_cost(folder: Path, messages: int) -> None:
    """What an event costs beyond the commit in a busy shop, with every measure of its platform and its journal."""
    print("update, one busy shop, every measure of the platform, with its journal:")
    for platform in ("kuaishou", "douyin", "tmall"):
        profile = load_profiles()[platform]
        for batch in (100, 500):
            engine = open_engine(f"sqlite:///{folder / f'update-{platform}-{batch}.db'}")
            upgrade(engine)
            rows = conversations("busy", messages, seed=3, days=1, hours=1)
            cost = through_ledgers(engine, shop_of(profile, "busy"), rows, batch=batch, journal=True)
            engine.dispose()
            print(
                f"  {platform:<10}{len(rows):>8,} events, {batch:>3} in a commit: {cost.text(len(rows))}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, nargs="*", default=[1_000_000, 5_000_000])
    parser.add_argument("--shops", type=int, default=200)
    parser.add_argument("--update-messages", type=int, default=20_000)
    parser.add_argument("--database-url", help="an empty PostgreSQL database for raw messages")
    options = parser.parse_args()
    spare_what_stays()  # as `miaohui serve` does
    with tempfile.TemporaryDirectory(prefix="miaohui-measures-") as folder:
        update_cost(Path(folder), options.update_messages)
    for total in options.messages:
        with tempfile.TemporaryDirectory(prefix="miaohui-measures-") as folder:
            compare(total, options.shops, Path(folder), options.database_url)


if __name__ == "__main__":
    main()
