"""Too much at once: a full queue says so, one shop's flood delays no other, and deadlines are kept beside it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from conftest_service import NOON, Running, run_service
from sqlmodel import select

from app.core.rates import RateLimit
from app.db.engine import open_engine
from app.db.tables import OutboxRow
from app.db.writer import BATCH, OverloadedError, Writer
from app.usecases.administration import add_key, add_shop
from app.usecases.knowledge import Knowledge

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"


class Held:
    """A writer whose thread is held up in a unit until it is released."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._go_on = threading.Event()
        self._reached = threading.Event()

    def __enter__(self) -> Held:
        self._unit = self._writer.submit(self._wait)
        assert self._reached.wait(10)
        return self

    def __exit__(self, *error: object) -> None:
        self._go_on.set()
        self._unit.result(10)

    def _wait(self, _: Any) -> None:
        self._reached.set()
        assert self._go_on.wait(30)


@pytest.fixture
def writer(sqlite_url: str) -> Iterator[Writer]:
    engine = open_engine(sqlite_url)
    writer = Writer(engine, queue_limit=40)
    yield writer
    writer.close()
    engine.dispose()


def flood(writer: Writer, lane: str, done: list[str]) -> list[Future[None]]:
    """Submit units until the lane takes no more."""
    futures = []
    try:
        while True:
            futures.append(writer.submit(lambda _: done.append(lane), lane))
    except OverloadedError:
        return futures


def test_lanes_take_turns(writer: Writer) -> None:
    done: list[str] = []
    with Held(writer):
        waiting = flood(writer, "noisy", done)
        waiting += [writer.submit(lambda _: done.append("quiet"), "quiet") for _ in range(2)]
        waiting.append(writer.submit(lambda _: done.append("own")))
    for future in waiting:
        future.result(10)
    assert len(done) > 30
    assert set(done[:3]) == {"noisy", "quiet", "own"}
    assert "quiet" not in done[6:]


def test_a_lane_never_fills_the_queue_and_is_open_again_once_it_is_worked_off(writer: Writer) -> None:
    done: list[str] = []
    with Held(writer):
        first = flood(writer, "noisy", done)
        assert len(first) == 30
        with pytest.raises(OverloadedError):
            writer.submit(lambda _: None, "noisy")
        second = flood(writer, "other", done)
        assert len(second) > 5
        assert writer.waiting == len(first) + len(second) <= 40
    for future in first + second:
        future.result(10)
    assert writer.waiting == 0
    writer.submit(lambda _: None, "noisy").result(10)


def test_a_unit_that_fails_takes_none_with_it(writer: Writer) -> None:
    done: list[int] = []

    def fail(_: Any) -> None:
        raise LookupError("no")

    with Held(writer):
        units = [writer.submit(lambda _, n=n: done.append(n) or n) for n in range(BATCH // 8)]
        bad = writer.submit(fail)
        units += [writer.submit(lambda _: "after")]
    assert [unit.result(10) for unit in units] == [*range(BATCH // 8), "after"]
    with pytest.raises(LookupError):
        bad.result(10)


@pytest.fixture
def narrow(sqlite_url: str, knowledge: Knowledge) -> Iterator[Running]:
    """A service in which few may wait."""
    yield from run_service(sqlite_url, knowledge, {"writer_queue": 8})


def test_a_full_queue_says_come_back_and_accepted_events_still_meet_their_deadlines(narrow: Running) -> None:
    writer = narrow.service.writer
    answers: list[Any] = []

    def post(number: int) -> None:
        answers.append(
            narrow.post(narrow.message(f"m{number}", UNKNOWN, session=f"s{number}", buyer=f"b{number}"))
        )

    senders = [threading.Thread(target=post, args=(number,)) for number in range(20)]
    with Held(writer):
        for sender in senders:
            sender.start()
        while len(answers) < 14:
            threading.Event().wait(0.01)
        assert {answer.status_code for answer in answers} == {503}
        refused = answers[0]
        assert refused.headers["retry-after"] == "2"
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["reason"] == "overloaded"
        assert narrow.client.get("/healthz").status_code == 200
        assert narrow.client.get("/readyz").json() == {"status": "overloaded"}
    for sender in senders:
        sender.join(30)
    accepted = sum(answer.status_code == 200 for answer in answers)
    assert accepted == 6
    assert narrow.client.get("/readyz").status_code == 200
    narrow.clock.forward(156)
    narrow.run_due()
    with narrow.db() as db:
        replies = db.exec(select(OutboxRow)).all()
    assert len(replies) == accepted
    assert all(reply.created_at <= reply.expires_at for reply in replies)


def test_one_shop_s_full_lane_leaves_room_for_another(narrow: Running) -> None:
    service = narrow.service

    def second(db: Any) -> str:
        add_shop(db, service.knowledge, narrow.clock(), shop_id="other", name="别家", platform="kuaishou")
        return add_key(db, "other", narrow.clock())

    other = service.writer.submit(second).result(10)
    answers: list[Any] = []
    with Held(service.writer):
        flood(service.writer, "demo", [])
        assert narrow.post(narrow.message("m1")).status_code == 503
        sender = threading.Thread(
            target=lambda: answers.append(
                narrow.client.post(
                    "/v1/events",
                    json=narrow.message("m1"),
                    headers={"authorization": f"Bearer {other}"},
                )
            )
        )
        waiting = service.writer.waiting
        sender.start()
        while service.writer.waiting == waiting:
            threading.Event().wait(0.01)
    sender.join(30)
    assert answers[0].status_code == 200


@pytest.mark.parametrize(
    ("steps", "waits"),
    [
        # (seconds since the start, tokens) -> seconds to wait, with 2 a second and 10 at once
        ([(0, 10), (0, 1)], [0, 1]),
        ([(0, 10), (1, 2), (1, 1)], [0, 0, 1]),
        ([(0, 10), (0.4, 1), (0.5, 1)], [0, 1, 0]),
        ([(0, 10), (60, 10), (60, 10)], [0, 0, 5]),
        # More than the bucket holds are given once it is full, and paid back.
        ([(0, 30), (10, 1), (10.5, 1)], [0, 1, 0]),
        # A clock that is set back gives nothing away.
        ([(60, 10), (0, 1), (60, 1), (61, 2)], [0, 1, 1, 0]),
    ],
)
def test_tokens_flow_into_the_bucket_at_the_rate(steps: list[tuple[float, int]], waits: list[int]) -> None:
    limit = RateLimit(rate=2, burst=10)
    found = [limit.take("a", tokens, NOON + timedelta(seconds=at)) for at, tokens in steps]
    assert found == waits


def test_a_rate_of_nothing_limits_nobody() -> None:
    limit = RateLimit(rate=0, burst=1)
    assert [limit.take("a", 1000, NOON) for _ in range(3)] == [0, 0, 0]


def test_a_shop_that_sends_too_much_is_told_when_to_come_back_and_another_is_not_touched(
    sqlite_url: str, knowledge: Knowledge
) -> None:
    for running in run_service(sqlite_url, knowledge, {"event_rate": 2, "event_burst": 5}):
        service = running.service

        def second(db: Any, running: Running = running) -> str:
            add_shop(db, knowledge, running.clock(), shop_id="other", name="别家", platform="kuaishou")
            return add_key(db, "other", running.clock())

        other = service.writer.submit(second).result(10)
        batch = [running.message(f"m{number}") for number in range(5)]
        assert running.post(batch).status_code == 200
        refused = running.post(running.message("m5"))
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["reason"] == "too_many_requests"
        headers = {"authorization": f"Bearer {other}"}
        assert (
            running.client.post("/v1/events", json=running.message("m5"), headers=headers).status_code == 200
        )
        running.clock.forward(1)
        assert running.post(running.message("m5")).status_code == 200
