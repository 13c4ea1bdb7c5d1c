"""Standing counts through the database: whatever happens to transactions, they equal the fold of the journal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from conftest_service import NOON, Running
from sqlalchemy import Engine, func
from sqlmodel import Session as Database
from sqlmodel import delete, select

from app.cli.db import command as db_command
from app.core.events import Event, EventType, Sender
from app.core.measures import History, evaluate_measure
from app.core.measures.standing import STORED_KEYS
from app.core.policies import Policy
from app.core.profiles import Measure, Profile
from app.db.engine import open_engine
from app.db.journal import events_between, lock_buyers, store_events
from app.db.migrate import upgrade
from app.db.standing import read_standing
from app.db.tables import (
    EventRow,
    MeasureCountRow,
    MeasureMonthRow,
    MeasurePendingRow,
    MeasureSpanRow,
    ShopRow,
)
from app.db.writer import Writer
from app.usecases import standing
from app.usecases.knowledge import Knowledge
from app.usecases.live import RateView
from app.usecases.measures import read_figures
from app.usecases.shops import Shop
from app.usecases.standing import count_anew, count_events, infer, is_counted, plan_of

sys.path.append(str(Path(__file__).resolve().parents[1] / "measures"))

from standing_strategies import DAYS, a_log, a_measure

LATE = datetime.max.replace(tzinfo=NOON.tzinfo, year=9000)
TABLES = (MeasureCountRow, MeasureMonthRow, MeasurePendingRow, MeasureSpanRow)


@dataclass
class Process:
    """A writer with ledgers of its own, as another process would have."""

    engine: Engine
    writer: Writer
    shop: Shop

    def take(self, events: Sequence[Event], *, fail: bool = False) -> None:
        def unit(db: Database) -> None:
            stored = store_events(db, self.shop.id, events, NOON)
            new = [event for event, state in zip(events, stored, strict=True) if state == "accepted"]
            lock_buyers(db, self.shop.id, {event.buyer for event in new if event.buyer})
            count_events(db, self.shop, new, max(event.at for event in events))
            if fail:
                raise ArithmeticError

        self.writer.submit(unit).result(60)

    def close(self) -> None:
        self.writer.close()
        self.engine.dispose()


class Shelf:
    """A database and the processes that work on it."""

    def __init__(self, url: str, profile: Profile) -> None:
        self.url = url
        self.shop = Shop("s", "店", profile, Policy(), None, None, 0)
        self.processes: list[Process] = []
        engine = open_engine(url)
        upgrade(engine)
        with Database(engine.execution_options(writes=True)) as db, db.begin():
            db.add(ShopRow(id="s", name="店", platform=profile.platform, created_at=NOON, policy={}))
        engine.dispose()

    def process(self, shop: Shop | None = None) -> Process:
        engine = open_engine(self.url)
        self.processes.append(Process(engine, Writer(engine), shop or self.shop))
        return self.processes[-1]

    def read(self) -> Database:
        return Database(self.processes[0].engine)

    def agrees(self, chance: Random, shop: Shop | None = None) -> None:
        """Figures of every measure, over some days and by some key, are those of the journal."""
        shop = shop or self.shop
        with self.read() as db:
            events = [infer(event, plan_of(shop.profile)) for event in events_between(db, "s", _EARLY, LATE)]
            now = max(event.at for event in events) + timedelta(seconds=chance.choice([0, 30, 180, 4000]))
            first, last = sorted([chance.choice(DAYS), chance.choice([*DAYS, date(2024, 4, 2)])])
            for by in (None, chance.choice(STORED_KEYS)):
                for found in read_figures(db, shop, shop.profile.measures, now, first, last, by):
                    live = [figure.live for figure in found.figures]
                    assert live == _fold(events, found.measure, now, first, last, by)
                    settled = [figure.settled for figure in found.figures]
                    assert settled == _fold(events, found.measure, None, first, last, by)

    def rows(self) -> list[Any]:
        """What is stored, but for what says nothing any more."""
        with self.read() as db:
            newest = db.exec(select(func.max(EventRow.at))).one()
            dump = [row.model_dump() for table in TABLES for row in db.exec(select(table))]
        for row in dump:
            if "body" in row:  # Its lines are in the order in which they came about.
                row["body"] = sorted([*key, sorted(untils)] for keys, untils in row["body"] for key in keys)
        return sorted(
            (
                sorted(row.items())
                for row in dump
                if row.get("counted", 1) and row.get("until", newest) >= newest
            ),
            key=str,
        )

    def made_anew(self, shop: Shop | None = None) -> list[Any]:
        """The same after counting everything anew."""
        then = NOON.replace(year=2000)  # Nothing is past then.
        self.processes[0].writer.submit(lambda db: count_anew(db, shop or self.shop, then)).result(60)
        return self.rows()


_EARLY = datetime(1990, 1, 1, tzinfo=NOON.tzinfo)


def _fold(
    events: list[Event], measure: Measure, now: datetime | None, first: date, last: date, by: str | None
) -> list[Any]:
    history = History.of(events, as_of=now)
    return list(evaluate_measure(history, measure, first_day=first, last_day=last, by=by).results)


def profile_of(knowledge: Knowledge, chance: Random) -> Profile:
    """A real platform's measures and a random one."""
    real = knowledge.profiles["kuaishou"]
    return replace(real, measures=(*real.measures, a_measure(chance, "random")))


@pytest.fixture
def closing() -> Iterator[list[Shelf]]:
    shelves: list[Shelf] = []
    yield shelves
    for shelf in shelves:
        for process in shelf.processes:
            process.close()


@pytest.mark.parametrize("seed", range(6))
def test_figures_equal_the_fold_after_every_commit_with_repetition_failure_and_two_processes(
    database_url: str, knowledge: Knowledge, closing: list[Shelf], seed: int
) -> None:
    chance = Random(seed)
    shelf = Shelf(database_url, profile_of(knowledge, chance))
    closing.append(shelf)
    processes = [shelf.process(), shelf.process()]
    events = [
        event.evolve(id=f"{round_}-{event.id}", message=event.message and f"{round_}-{event.message}")
        for round_ in range(4)
        for event in a_log(chance)
    ]
    for event in chance.sample(events, len(events) // 8):
        events.remove(event)
        events.insert(chance.randrange(len(events) + 1), event)
    at = 0
    while at < len(events):
        some = events[at : at + chance.choice([1, 2, 5, 9])]
        process = chance.choice([processes[0], *processes])
        if chance.random() < 0.2:
            with pytest.raises(ArithmeticError):
                process.take(some, fail=True)
        at += len(some)
        process.take([*some, *chance.sample(events[:at], min(at, 2))])
        shelf.agrees(chance)
    kept = shelf.rows()
    assert kept == shelf.made_anew()


def test_ledgers_that_had_to_be_forgotten_are_read_from_the_journal(
    sqlite_url: str, knowledge: Knowledge, closing: list[Shelf], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for two events, hardly any ledger is in memory when its buyer comes again."""
    monkeypatch.setattr(standing, "EVENTS_HELD", 2)
    chance = Random(5)
    shelf = Shelf(sqlite_url, profile_of(knowledge, chance))
    closing.append(shelf)
    process = shelf.process()
    for event in a_log(chance) + [e.evolve(id=f"again-{e.id}") for e in a_log(chance)]:
        process.take([event])
    shelf.agrees(chance)
    kept = shelf.rows()
    assert kept == shelf.made_anew()


def test_processes_at_the_same_time_lose_and_double_nothing(
    database_url: str, knowledge: Knowledge, closing: list[Shelf]
) -> None:
    """Three writers get events of the same few buyers, each a part of them."""
    shelf = Shelf(database_url, knowledge.profiles["kuaishou"])
    closing.append(shelf)
    events = [
        Event(
            f"e{n:03}",
            EventType.MESSAGE,
            NOON + timedelta(seconds=37 * n),
            session=f"s{n % 7}",
            buyer=f"b{n % 7}",
            agent=None if n % 3 else "小林",
            sender=Sender.BUYER if n % 3 else Sender.AGENT,
        )
        for n in range(240)
    ]
    start = threading.Barrier(3)
    failures: list[BaseException] = []

    def work(process: Process, own: list[Event]) -> None:
        try:
            start.wait()
            for at in range(0, len(own), 4):
                process.take(own[at : at + 4])
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(shelf.process(), events[number::3])) for number in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = shelf.rows()
    assert kept
    assert kept == shelf.made_anew()


def test_changed_definitions_make_the_counts_be_made_anew(
    database_url: str, knowledge: Knowledge, closing: list[Shelf]
) -> None:
    chance = Random(11)
    shelf = Shelf(database_url, profile_of(knowledge, chance))
    closing.append(shelf)
    events = sorted(a_log(chance), key=lambda event: event.order)
    shelf.process().take(events)
    changed = replace(shelf.shop, profile=profile_of(knowledge, Random(99)))
    with shelf.read() as db:
        assert is_counted(db, shelf.shop)
        assert not is_counted(db, changed)
    later = replace(events[0], id="later", at=events[-1].at + timedelta(seconds=5))
    shelf.process(changed).take([later])
    shelf.agrees(chance, changed)
    with shelf.read() as db:
        assert is_counted(db, changed)


def test_a_journal_from_before_there_were_counts_is_counted_with_the_first_event(
    sqlite_url: str, knowledge: Knowledge, closing: list[Shelf]
) -> None:
    chance = Random(3)
    shelf = Shelf(sqlite_url, knowledge.profiles["kuaishou"])
    closing.append(shelf)
    process = shelf.process()
    events = sorted(a_log(chance), key=lambda event: event.order)
    process.writer.submit(lambda db: store_events(db, "s", events[:-1], NOON)).result(10)
    with shelf.read() as db:
        assert not is_counted(db, shelf.shop)
    process.take(events[-1:])
    shelf.agrees(chance)


def test_measures_over_http_have_live_and_settled_counts_by_every_key(running: Running) -> None:
    running.post(running.message("m1", session="s1", buyer="b1"))
    running.post(
        {"id": "a1", "type": "assigned", "at": running.clock().isoformat()}
        | {"session": "s2", "buyer": "b2", "agent": "小周"}
    )
    running.post(running.message("m2", session="s2", buyer="b2"))
    running.clock.forward(60)
    running.post(running.reply("r1", session="s1", buyer="b1"))

    def lines(query: str) -> list[dict[str, Any]]:
        answer = running.ask("GET", f"/v1/measures?measure=reply_3min_messages{query}")
        assert answer.status_code == 200
        measures: list[dict[str, Any]] = answer.json()["measures"]
        return measures

    [line] = lines("")
    assert (line["numerator"], line["denominator"], line["pending"], line["rate"]) == (1, 1, 1, "1")
    assert line["settled"] == {"numerator": 1, "denominator": 2, "rate": "1/2"}
    by_agent = {
        line["agent"]: (line["numerator"], line["denominator"], line["pending"])
        for line in lines("&by=agent")
    }
    assert by_agent == {"小林": (1, 1, 0), "小周": (0, 0, 1)}
    for by, key in (
        ("hour", "2026-11-22T12"),
        ("day", "2026-11-22"),
        ("week", "2026-W47"),
        ("month", "2026-11"),
    ):
        [line] = lines(f"&by={by}&first_day=2026-01-01&last_day=2026-12-31")
        assert (line[by], line["settled"]["denominator"]) == (key, 2)
    running.clock.forward(121)
    [line] = lines("")
    assert (line["numerator"], line["denominator"], line["pending"], line["rate"]) == (1, 2, 0, "1/2")
    assert running.ask("GET", "/v1/measures?measure=nothing").status_code == 422


def test_measures_of_a_journal_that_was_never_counted_are_counted_when_asked_for(on_sqlite: Running) -> None:
    on_sqlite.post(on_sqlite.message("m1"))
    before = on_sqlite.ask("GET", "/v1/measures").json()
    on_sqlite.service.writer.submit(
        lambda db: [db.exec(delete(table)) for table in (*TABLES, standing.rows.MeasureStandingRow)]
    ).result(10)
    assert on_sqlite.ask("GET", "/v1/measures").json() == before
    assert any(line["pending"] for line in before["measures"])


def test_the_live_page_shows_the_day_and_how_it_came_together(on_sqlite: Running) -> None:
    service = on_sqlite.service

    def look() -> dict[str, RateView]:
        with on_sqlite.db() as db:
            shop = standing_shop(db, service.knowledge)
            return {rate.measure: rate for rate in service.board.rates(db, shop)}

    def answered(number: int) -> None:
        on_sqlite.post(on_sqlite.message(f"m{number}", session=f"s{number}", buyer=f"b{number}"))
        on_sqlite.clock.forward(30)
        on_sqlite.post(on_sqlite.reply(f"r{number}", session=f"s{number}", buyer=f"b{number}"))

    # A young day: as it was seen, at most once in a while.
    for number in range(2):
        answered(number)
        look()
        primary = look()["reply_3min"]
        assert [point[1:] for point in primary.curve] == [(n, n) for n in range(1, number + 2)]
    # Later: the units that had come by each quarter of an hour.
    for number in range(2, 5):
        on_sqlite.clock.forward(900)
        answered(number)
    on_sqlite.post(on_sqlite.message("m9", session="s9", buyer="b9"))
    rates = look()
    rate = rates["reply_3min_messages"]
    assert (rate.numerator, rate.denominator, rate.pending) == (5, 5, 1)
    primary = rates["reply_3min"]
    assert len(primary.curve) >= 4
    assert primary.curve[-1][1:] == (primary.numerator, primary.denominator)
    assert [point[0] for point in primary.curve] == sorted(point[0] for point in primary.curve)


def standing_shop(db: Database, knowledge: Knowledge) -> Shop:
    from app.usecases.shops import read_shop

    return read_shop(db, knowledge.profiles, "demo")


def test_the_command_makes_counts_anew_and_names_what_it_cannot(
    on_sqlite: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_sqlite.post(on_sqlite.message("m1"))
    before = on_sqlite.ask("GET", "/v1/measures").json()
    with on_sqlite.db() as db:
        owner = read_standing(db, "demo")
        assert db.exec(select(EventRow)).all()
    on_sqlite.service.writer.submit(lambda db: db.exec(delete(MeasureCountRow))).result(10)
    monkeypatch.setenv("MIAOHUI_DATABASE_URL", on_sqlite.service.settings.resolved_database_url)
    offset = on_sqlite.clock() - datetime.now(NOON.tzinfo)
    monkeypatch.setenv("MIAOHUI_CLOCK_OFFSET_S", str(offset.total_seconds()))
    assert CliRunner().invoke(db_command, ["rebuild", "--stale"]).output.count(" 0 ")
    result = CliRunner().invoke(db_command, ["rebuild"])
    assert (result.exit_code, "已重建 1 家店" in result.output) == (0, True)
    with on_sqlite.db() as db:
        assert read_standing(db, "demo") != owner
    assert on_sqlite.ask("GET", "/v1/measures").json() == before
    # The service goes on, though its ledgers are not to be trusted any more.
    on_sqlite.clock.forward(10)
    on_sqlite.post(on_sqlite.reply("r1"))
    assert any(line["rate"] == "1" for line in on_sqlite.ask("GET", "/v1/measures").json()["measures"])
    unknown = CliRunner().invoke(db_command, ["rebuild", "--shop", "nowhere"])
    assert unknown.exit_code == 2
