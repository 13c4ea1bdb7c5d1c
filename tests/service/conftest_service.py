"""A service as its callers see it: an app on a real database, with a clock that the test moves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import Session as Database
from standardwebhooks import Webhook

from app.main import create_app
from app.settings import Settings
from app.usecases.act_on_due import DueWork, act_on_due
from app.usecases.administration import SCOPES, NewShop, add_key, add_shop
from app.usecases.knowledge import Knowledge
from app.usecases.service import Service

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
"""Twelve o'clock in Shanghai, within everybody's assessed hours."""


class FakeClock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Running:
    """A running service, a shop in it, and ways to speak to it."""

    app: FastAPI
    client: TestClient
    clock: FakeClock
    shop: NewShop
    key: str
    sent: int = field(default=0)

    @property
    def service(self) -> Service:
        service = self.app.state.service
        assert isinstance(service, Service)
        return service

    def db(self) -> Database:
        return Database(self.service.engine)

    def sign(
        self, body: bytes, delivery_id: str, at: datetime | None = None, secret: str | None = None
    ) -> dict[str, str]:
        at = at or self.clock()
        signature = Webhook(secret or self.shop.signing_secret).sign(delivery_id, at, body.decode())
        return {
            "webhook-id": delivery_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
            "miaohui-shop": self.shop.shop_id,
        }

    def post(self, events: Any, delivery_id: str | None = None) -> httpx.Response:
        """Send an event or a list through the signed webhook."""
        self.sent += 1
        body = json.dumps(events, ensure_ascii=False).encode()
        return self.client.post(
            "/v1/events", content=body, headers=self.sign(body, delivery_id or f"d-{self.sent}")
        )

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call with the API key."""
        headers = {"authorization": f"Bearer {self.key}"} | more.pop("headers", {})
        return self.client.request(method, path, headers=headers, **more)

    def message(self, event_id: str, text: str = "什么时候发货", **more: Any) -> dict[str, Any]:
        """A buyer's message now."""
        return {
            "id": event_id,
            "type": "message",
            "at": self.clock().isoformat(),
            "session": "s1",
            "buyer": "b1",
            "sender": "buyer",
            "text": text,
        } | more

    def reply(self, event_id: str, text: str = "亲，今天就发出", **more: Any) -> dict[str, Any]:
        """An agent's message now."""
        return self.message(event_id, text, sender="agent", agent="小林") | more

    def run_due(self) -> DueWork:
        """Act on everything that is due by the test's clock."""
        total = DueWork(frozenset(), 0)
        while True:
            done = self.service.writer.submit(
                lambda db: act_on_due(db, self.service.knowledge, self.clock())
            ).result(30)
            if not done.handled:
                return total
            total = DueWork(total.shops | done.shops, total.handled + done.handled)


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return Knowledge.load()


def run_service(
    database_url: str, knowledge: Knowledge, settings: Mapping[str, Any] | None = None, **more: Any
) -> Iterator[Running]:
    clock = FakeClock()
    quiet = {"workers_run_jobs": False, "retrain_banks": False}
    configured = Settings(_env_file=None, database_url=database_url, **(quiet | dict(settings or {})))  # type: ignore[call-arg]
    # Banks are known by shop and version, and each test has a shop of this name: what one learned is no other's.
    knowledge = Knowledge(knowledge.linter, knowledge.moods, knowledge.profiles)
    app = create_app(configured, clock=clock, knowledge=knowledge)
    with TestClient(app) as client:
        service: Service = app.state.service

        def make(db: Database) -> tuple[NewShop, str]:
            arguments = {"shop_id": "demo", "name": "演示店", "platform": "kuaishou"} | more
            made = add_shop(db, knowledge, clock(), **arguments)
            return made, add_key(db, made.shop_id, clock(), scopes=SCOPES)

        shop, key = service.writer.submit(make).result(30)
        yield Running(app, client, clock, shop, key)


@pytest.fixture
def running(database_url: str, knowledge: Knowledge) -> Iterator[Running]:
    """A service with one shop on 快手, on each kind of database."""
    yield from run_service(database_url, knowledge)


@pytest.fixture
def on_sqlite(sqlite_url: str, knowledge: Knowledge) -> Iterator[Running]:
    """The same on SQLite only, for what the database plays no part in."""
    yield from run_service(sqlite_url, knowledge)
