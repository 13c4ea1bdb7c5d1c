"""Whatever order webhooks, clock, workers and crashes come in: nothing is lost, nothing is said twice, nothing comes too late.

hypothesis drives the use cases on a real database, and a model of what the console sent and received judges them. The same
machine runs against services with a fault planted in them, and must find each.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest_service import NOON
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session as Database
from sqlmodel import col, select

from app.core.events import parse_event
from app.db.engine import open_engine
from app.db.journal import Delivery
from app.db.migrate import upgrade
from app.db.tables import ActRow, DeadlineRow, EventRow, OutboxRow
from app.usecases.act_on_due import act_on_due
from app.usecases.administration import add_shop
from app.usecases.deliver import Attempt, Letter, claim_letters, record_attempts
from app.usecases.knowledge import Knowledge
from app.usecases.take_events import take_events

SHOP = "demo"
UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"
BUYERS = st.sampled_from(["b1", "b2", "b3"])
FATES = ("arrives", "refused", "answer lost", "crash before", "crash after")
"""What may become of sending a reply. Where the answer is lost the receiver has it and the sender sees an error."""


class Crash(Exception):  # noqa: N818  (it is what happens)
    """The process ends in the middle of a transaction."""


class Console:
    """What a console sent and received. It dedupes replies by their id."""

    def __init__(self) -> None:
        self.acknowledged: set[str] = set()
        self.answered_at: dict[str, list[datetime]] = {}
        self.received: dict[str, tuple[datetime, Letter]] = {}

    def receive(self, reply_id: str, letter: Letter, now: datetime) -> None:
        self.received.setdefault(reply_id, (now, letter))


class System:
    """The service between two crashes: only its database is kept."""

    def __init__(self, database: Path, knowledge: Knowledge, console: Console) -> None:
        self.engine = open_engine(f"sqlite:///{database}")
        self.knowledge = knowledge
        self.console = console
        self.now = NOON

    def write(self, unit: Callable[[Database], Any]) -> Any:
        with Database(self.engine.execution_options(writes=True), expire_on_commit=False) as db, db.begin():
            return unit(db)

    def read(self, query: Any) -> list[Any]:
        with Database(self.engine) as db:
            return list(db.exec(query))

    def take(self, raw: dict[str, Any], delivery: str) -> None:
        event = parse_event(raw)
        receipt = Delivery.of(delivery, repr(sorted(raw.items())).encode())
        taken = self.write(lambda db: take_events(db, self.knowledge, SHOP, [event], receipt, "", self.now))
        assert not taken.delivery_conflict
        assert taken.answers[0].status in {"accepted", "duplicate"}
        self.console.acknowledged.add(raw["id"])

    def work_deadlines(self, *, crash: bool) -> int:
        def unit(db: Database) -> int:
            handled = act_on_due(db, self.knowledge, self.now).handled
            if crash:
                raise Crash
            return handled

        try:
            return int(self.write(unit))
        except Crash:
            return 0

    def deliver(self, fate: str) -> int:
        """Claim what is due and send it, each letter with the same fate."""
        letters: list[Letter] = self.write(lambda db: claim_letters(db, self.knowledge, self.now))
        for letter in letters:
            self.send(letter, fate)
        return len(letters)

    def send(self, letter: Letter, fate: str) -> None:
        if fate == "crash before":
            return
        if fate != "refused":
            self.console.receive(letter.id, letter, self.now)
        if fate != "crash after":
            self.note(Attempt(letter, None if fate == "arrives" else "connection reset"))

    def note(self, attempt: Attempt) -> None:
        self.write(lambda db: record_attempts(db, self.knowledge, [attempt], self.now))


class MarksBeforeSending(System):
    """Planted: a reply is noted as sent, then sent."""

    def send(self, letter: Letter, fate: str) -> None:
        self.note(Attempt(letter))
        if fate not in {"crash before", "refused"}:
            self.console.receive(letter.id, letter, self.now)


class NamesEachAttempt(System):
    """Planted: every attempt has an id of its own, by which the receiver cannot know it again."""

    def send(self, letter: Letter, fate: str) -> None:
        if fate in {"arrives", "answer lost", "crash after"}:
            self.console.receive(f"{letter.id}-{letter.attempt}-{self.now.timestamp()}", letter, self.now)
        if fate not in {"crash before", "crash after"}:
            self.note(Attempt(letter, None if fate == "arrives" else "connection reset"))


class TakesTwice(System):
    """Planted: a delivery that comes again is taken for a new one."""

    def take(self, raw: dict[str, Any], delivery: str) -> None:
        if raw["id"] in self.console.acknowledged:
            raw = raw | {"id": f"{raw['id']}-again"}
            event = parse_event(raw)
            self.write(lambda db: take_events(db, self.knowledge, SHOP, [event], None, "", self.now))
            return
        super().take(raw, delivery)


class ForgetsTheTime(System):
    """Planted: what could not be sent in time is sent all the same."""

    def deliver(self, fate: str) -> int:
        def keep_alive(db: Database) -> None:
            for row in db.exec(select(OutboxRow).where(col(OutboxRow.due_at).is_not(None))).all():
                row.expires_at = max(row.expires_at, self.now + timedelta(seconds=1))

        self.write(keep_alive)
        return super().deliver(fate)


def machine(template: Path, knowledge: Knowledge, system: type[System]) -> type[RuleBasedStateMachine]:
    """The machine for one kind of system."""

    class Machine(RuleBasedStateMachine):
        deliveries = Bundle("deliveries")

        def __init__(self) -> None:
            super().__init__()
            self.folder = Path(tempfile.mkdtemp(prefix="miaohui-machine-"))
            shutil.copy(template, self.folder / "miaohui.db")
            self.console = Console()
            self.system = system(self.folder / "miaohui.db", knowledge, self.console)
            self.count = 0
            self.deadline: dict[str, datetime] = {}

        def event(self, buyer: str, **more: Any) -> dict[str, Any]:
            self.count += 1
            return {
                "id": f"e{self.count:03}",
                "type": "message",
                "at": self.system.now.isoformat(),
                "session": f"s-{buyer}",
                "buyer": buyer,
                "text": UNKNOWN,
            } | more

        @rule(target=deliveries, buyer=BUYERS)
        def somebody_asks(self, buyer: str) -> Any:
            return self.buyer_asks(buyer)

        def buyer_asks(self, buyer: str) -> dict[str, Any]:
            raw = self.event(buyer, sender="buyer")
            self.system.take(raw, f"d-{raw['id']}")
            return raw

        @rule(raw=deliveries)
        def console_sends_again(self, raw: dict[str, Any]) -> None:
            self.system.take(raw, f"d-{raw['id']}")

        @rule(target=deliveries, buyer=BUYERS)
        def agent_answers(self, buyer: str) -> Any:
            if not any(name == f"s-{buyer}" for name in self.system.read(select(EventRow.session))):
                return multiple()
            raw = self.event(buyer, sender="agent", agent="小林", text=f"亲，第 {self.count} 件事已经查好")
            self.system.take(raw, f"d-{raw['id']}")
            self.console.answered_at.setdefault(raw["session"], []).append(self.system.now)
            return raw

        @rule(seconds=st.sampled_from([1, 4, 16, 60, 120, 275, 400]))
        def time_passes(self, seconds: int) -> None:
            self.system.now += timedelta(seconds=seconds)

        @rule(crash=st.booleans())
        def deadlines_are_worked_on(self, crash: bool) -> None:
            self.system.work_deadlines(crash=crash)

        @rule(fate=st.sampled_from(FATES))
        def replies_are_sent(self, fate: str) -> None:
            self.system.deliver(fate)

        @rule(target=deliveries, buyer=BUYERS, first=st.sampled_from(FATES), second=st.sampled_from(FATES))
        def nobody_answers_until_the_holding_reply(self, buyer: str, first: str, second: str) -> Any:
            """The way to what matters, which chance alone seldom finds: a reply falls due, is tried twice in its time, and
            once after it."""
            raw = self.buyer_asks(buyer)
            self.system.now += timedelta(seconds=275)
            while self.system.work_deadlines(crash=False):
                pass
            self.system.deliver(first)
            self.system.now += timedelta(seconds=16)
            self.system.deliver(second)
            self.system.now += timedelta(seconds=30)
            self.system.deliver("arrives")
            return raw

        @invariant()
        def every_event_is_stored_once(self) -> None:
            stored = [row.id for row in self.system.read(select(EventRow)) if row.body.get("outbox") is None]
            assert sorted(stored) == sorted(self.console.acknowledged)

        @invariant()
        def nothing_is_said_twice(self) -> None:
            said: dict[tuple[str, str], int] = {}
            for _, letter in self.console.received.values():
                key = (letter.session, letter.purpose)
                said[key] = said.get(key, 0) + 1
            for (session, _), count in said.items():
                assert count <= 1 + len(self.console.answered_at.get(session, []))

        @invariant()
        def nothing_comes_too_late_or_after_a_person(self) -> None:
            rows = {row.id: row for row in self.system.read(select(OutboxRow))}
            opened = {row.id: row.at for row in self.system.read(select(EventRow))}
            for at, letter in self.console.received.values():
                deadline = opened[rows[letter.id].item_id] + timedelta(seconds=300)
                assert at <= deadline
                answered = self.console.answered_at.get(letter.session, [])
                assert not [one for one in answered if opened[rows[letter.id].item_id] <= one < at]

        @invariant()
        def what_is_noted_as_sent_was_received(self) -> None:
            sent = self.system.read(select(OutboxRow.id).where(OutboxRow.state == "sent"))
            received = {letter.id for _, letter in self.console.received.values()}
            assert set(sent) <= received

        def teardown(self) -> None:
            try:
                self.come_to_rest()
            finally:
                self.system.engine.dispose()
                shutil.rmtree(self.folder)

        def come_to_rest(self) -> None:
            """With time and a healthy receiver nothing is left to do, and whoever was not answered in time is noted."""
            for _ in range(40):
                self.system.now += timedelta(seconds=20)
                while self.system.work_deadlines(crash=False) or self.system.deliver("arrives"):
                    pass
            assert not self.system.read(select(OutboxRow.id).where(col(OutboxRow.due_at).is_not(None)))
            missed = set(self.system.read(select(ActRow.about).where(ActRow.kind == "missed")))
            for row in self.system.read(select(DeadlineRow)):
                assert row.due_at is None
                assert row.missed
            first_open = {row.session: row.item_id for row in reversed(self._open())}
            assert set(first_open.values()) <= missed
            self.what_is_noted_as_sent_was_received()

        def _open(self) -> list[DeadlineRow]:
            return self.system.read(
                select(DeadlineRow).order_by(col(DeadlineRow.opened_at), col(DeadlineRow.item_id))
            )

    return Machine


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, knowledge: Knowledge) -> Path:
    """A database with a shop in it."""
    path = tmp_path_factory.mktemp("machine") / "template.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    with Database(engine.execution_options(writes=True)) as db, db.begin():
        add_shop(
            db,
            knowledge,
            NOON,
            shop_id=SHOP,
            name="演示店",
            platform="taojiji",
            callback_url="https://console.example/reply",
        )
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def quick(knowledge: Knowledge) -> Knowledge:
    """The same knowledge with banks of its own, since every example has a shop of the same name."""
    return replace(knowledge, banks=type(knowledge.banks)(), searches=type(knowledge.searches)())


def runs(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=phases or (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def test_no_order_of_things_loses_repeats_or_delays_a_reply(template: Path, quick: Knowledge) -> None:
    run_state_machine_as_test(machine(template, quick, System), settings=runs(10))


@pytest.mark.long
def test_no_order_of_things_does_so_in_many_runs(template: Path, quick: Knowledge) -> None:
    run_state_machine_as_test(machine(template, quick, System), settings=runs(150))


@pytest.mark.parametrize(
    "planted",
    [MarksBeforeSending, NamesEachAttempt, TakesTwice, ForgetsTheTime],
    ids=lambda one: one.__name__,
)
def test_the_machine_finds_a_planted_fault(template: Path, quick: Knowledge, planted: type[System]) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine(template, quick, planted), settings=runs(30, Phase.generate))
