"""A shop whose clock follows the day that is replayed: what a console delivers comes in when it was delivered.

It runs the use cases themselves on a real database, without sockets (those are `webhook_console`'s part), so that a
whole day passes in seconds, deadlines included.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from console_replay import Delivery
from sqlalchemy import Engine
from sqlmodel import Session as Database
from sqlmodel import SQLModel, col, func, select

from app.core.events import parse_event
from app.db.engine import open_engine
from app.db.journal import Delivery as Receipt
from app.db.migrate import upgrade
from app.db.tables import ActRow, ConflictRow, DeadlineRow, EventRow, OutboxRow, PresenceRow, SessionRow
from app.usecases.act_on_due import act_on_due, next_due_at
from app.usecases.administration import add_shop
from app.usecases.considered import Considered
from app.usecases.knowledge import Knowledge
from app.usecases.picture import look_at_buyer
from app.usecases.projections import project_deadlines, project_sessions
from app.usecases.shops import read_shop
from app.usecases.take_events import Answer, read_events, take_events

SHOP = "demo"
FOLDED: tuple[type[SQLModel], ...] = (EventRow, SessionRow, DeadlineRow, PresenceRow)
"""What must be the same whatever way the events came in."""
DONE: tuple[type[SQLModel], ...] = (ActRow, OutboxRow, ConflictRow)
"""What the machine did; it depends on the moments at which it knew."""


class LiveShop:
    """One shop without callbacks: what the machine would say is offered, so it does not change the buyer's story."""

    def __init__(self, database_url: str, knowledge: Knowledge, platform: str, now: datetime) -> None:
        self.engine: Engine = open_engine(database_url)
        self.knowledge = knowledge
        self.now = now
        upgrade(self.engine)
        with self.writing() as db, db.begin():
            add_shop(db, knowledge, now, shop_id=SHOP, name="回放店", platform=platform)

    def close(self) -> None:
        self.engine.dispose()

    def writing(self) -> Database:
        return Database(self.engine.execution_options(writes=True), expire_on_commit=False)

    def take(self, delivery: Delivery) -> tuple[Answer, ...]:
        """Wait until the delivery arrives, acting on whatever falls due before, and take it."""
        self.wait_until(delivery.arrives_at)
        read = read_events(delivery.events, self.now, timedelta(0))
        receipt = Receipt.of(delivery.id, delivery.body)
        with self.writing() as db, db.begin():
            taken = take_events(db, self.knowledge, SHOP, read, receipt, delivery.body.decode(), self.now)
        assert not taken.delivery_conflict
        return taken.answers

    def wait_until(self, moment: datetime) -> None:
        """Let the time pass, each step of each deadline at its own moment."""
        while True:
            with Database(self.engine) as db:
                due_at = next_due_at(db)
            if due_at is None or due_at > moment:
                break
            self.now = max(self.now, due_at)
            with self.writing() as db, db.begin():
                assert act_on_due(db, self.knowledge, self.now).handled
        self.now = max(self.now, moment)

    def fold_anew(self, events: Iterable[EventRow]) -> None:
        """Store facts as they are, and build the projections of each buyer from nothing, in one go."""
        buyers: dict[str, set[str]] = {}
        with self.writing() as db, db.begin():
            for row in events:
                db.add(EventRow(**row.model_dump()))
                if row.buyer is not None and row.session is not None:
                    buyers.setdefault(row.buyer, set()).add(row.session)
            db.flush()
            shop = read_shop(db, self.knowledge.profiles, SHOP)
            for buyer, sessions in buyers.items():
                picture = look_at_buyer(db, shop, buyer, sessions, self.now)
                project_deadlines(db, [picture])
                project_sessions(db, [Considered(db, self.knowledge, picture)])
        self.wait_until(self.now)


def stored(engine: Engine, tables: Iterable[type[SQLModel]] = FOLDED) -> dict[str, list[dict[str, Any]]]:
    """Every row of these tables, by the name of the table and in the order of its key."""
    with Database(engine) as db:
        return {
            str(table.__tablename__): [
                row.model_dump()
                for row in db.exec(select(table).order_by(*table.__table__.primary_key))  # type: ignore[attr-defined]
            ]
            for table in tables
        }


def whenever_received(state: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The same without the one column that tells when an event reached us."""
    return {
        name: [{key: value for key, value in row.items() if key != "received_at"} for row in rows]
        for name, rows in state.items()
    }


def events_of(engine: Engine) -> list[EventRow]:
    with Database(engine) as db:
        return list(db.exec(select(EventRow)))


def presence_by_fold(engine: Engine) -> dict[str, bool]:
    """Who is online, folded from the journal."""
    events = (parse_event(row.body) for row in events_of(engine))
    ordered = sorted(events, key=lambda event: event.order)
    return {
        event.agent: event.type.value == "agent_online"
        for event in ordered
        if event.agent is not None and event.type.value in {"agent_online", "agent_offline"}
    }


def due_now(engine: Engine) -> int:
    """How many deadline steps a server still has to take."""
    with Database(engine) as db:
        query = select(func.count()).where(col(DeadlineRow.due_at) <= datetime.now(UTC))
        return db.exec(query).one()
