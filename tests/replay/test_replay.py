"""Real dialogues through the real webhook: nothing is lost, nothing counts twice, and the order does not matter.

Two kinds of replay. Through a server process and sockets the day lies in the past, so that its clock (the real one)
plays no part. With a shop whose clock follows the day, every deadline falls due in the midst of things, as in life.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from console_replay import (
    SHANGHAI,
    Delivery,
    RawEvent,
    day_of_events,
    read_dialogues,
    tidy_deliveries,
    tidy_order,
    unruly_deliveries,
)
from live_shop import (
    DONE,
    FOLDED,
    LiveShop,
    due_now,
    events_of,
    presence_by_fold,
    stored,
    whenever_received,
)
from sqlalchemy import Engine
from webhook_console import Outcome, Server, count_events, hand_over, make_shop

from app.core.events import content_digest, parse_event
from app.db.engine import open_engine
from app.usecases.knowledge import Knowledge

LONG_AGO = date(2025, 11, 20)
TODAY = date(2026, 11, 20)
NEXT_MORNING = datetime(2026, 11, 21, 7, tzinfo=SHANGHAI)
State = dict[str, list[dict[str, Any]]]


# Through sockets


class Through:
    """A server process on a database of its own, and a console that talks to it."""

    def __init__(self, database_url: str, knowledge: Knowledge, log: Path) -> None:
        self.engine: Engine = open_engine(database_url)
        self._secret = make_shop(database_url, knowledge)
        self._log = log
        self._server = Server(database_url, log)

    def hand_over(self, deliveries: Sequence[Delivery]) -> Outcome:
        """Hand everything over, and give the server time to act on what is due by then."""
        self._server.wait()
        outcome = hand_over(self._server.port, self._secret, deliveries)
        for _ in range(1200):
            if due_now(self.engine) == 0:
                return outcome
            time.sleep(0.05)
        raise AssertionError("the server does not act on what is due")

    def stop(self) -> None:
        try:
            assert self._server.stop() == 0
            assert "job_failed" not in self._log.read_text()
        finally:
            self.engine.dispose()


Open = Callable[[str], Through]


@pytest.fixture
def through(knowledge: Knowledge, tmp_path: Path) -> Iterator[Open]:
    opened: list[Through] = []

    def open_(database_url: str) -> Through:
        opened.append(Through(database_url, knowledge, tmp_path / f"server-{len(opened)}.log"))
        return opened[-1]

    yield open_
    for one in opened:
        one.stop()


def everything_is_stored_once(engine: Engine, events: Sequence[RawEvent]) -> None:
    """Every event that was sent, with the digest of what was sent, and no other."""
    sent = {event["id"]: content_digest(parse_event(event)) for event in events}
    kept = [(row.id, row.digest) for row in events_of(engine)]
    assert len(kept) == len(sent)
    assert dict(kept) == sent
    assert all(content_digest(parse_event(row.body)) == row.digest for row in events_of(engine))


def all_is_well(outcome: Outcome, deliveries: Sequence[Delivery], events: Sequence[RawEvent]) -> None:
    """Nothing but 200, nothing rejected, each event accepted exactly once and a duplicate ever after."""
    assert outcome.failures == []
    assert outcome.http == {200: len(deliveries)}
    assert sorted(outcome.ids("accepted")) == sorted(event["id"] for event in events)
    assert len(outcome.results) == count_events(deliveries)
    assert outcome.count("duplicate") == count_events(deliveries) - len(events)


def replay(through: Open, tidy_url: str, unruly_url: str, events: list[RawEvent]) -> None:
    """In tidy order, the same again, again in other requests, and then as an unruly console into a fresh database."""
    shop, other = through(tidy_url), through(unruly_url)
    tidy = tidy_deliveries(events)
    all_is_well(shop.hand_over(tidy), tidy, events)
    everything_is_stored_once(shop.engine, events)
    before = stored(shop.engine, (*FOLDED, *DONE))
    assert before["conflict"] == []

    # Requests that are known by their id, and events that are known though the requests are new.
    retried = tidy[::5]
    others = tidy_deliveries(events, seed=2, sizes=(1, 50, 500), name="again")
    for deliveries in (retried, others):
        all_is_well(shop.hand_over(deliveries), deliveries, [])
    assert stored(shop.engine, (*FOLDED, *DONE)) == before

    unruly = unruly_deliveries(events)
    all_is_well(other.hand_over(unruly), unruly, events)
    everything_is_stored_once(other.engine, events)
    is_the_same(whenever_received(stored(other.engine)), whenever_received(stored(shop.engine)))


def is_the_same(found: State, expected: State) -> None:
    """Equal states; where they are not, the first rows that differ are worth more than two heaps."""
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        differing = [(a, b) for a, b in zip(found[table], rows, strict=True) if a != b]
        assert differing[:2] == [], f"{len(differing)} rows of {table}"


def test_a_day_of_real_dialogues_goes_through_the_webhook_of_a_real_server(
    shared: Path, through: Open, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The unruly console talks to PostgreSQL, if there is one, and what is stored there equals what SQLite holds."""
    events = day_of_events(read_dialogues(shared / "data", sample=40), LONG_AGO)
    try:
        other_url = request.getfixturevalue("postgres_url")
    except pytest.skip.Exception:
        other_url = f"sqlite:///{tmp_path / 'other.db'}"
    replay(through, f"sqlite:///{tmp_path / 'one.db'}", other_url, events)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2])
def test_all_dialogues_go_through_the_webhook_of_a_real_server(
    shared: Path, through: Open, tmp_path: Path, seed: int
) -> None:
    events = day_of_events(read_dialogues(shared / "data"), LONG_AGO, seed)
    assert len({event["session"] for event in events if "session" in event}) == 335
    replay(through, f"sqlite:///{tmp_path / 'one.db'}", f"sqlite:///{tmp_path / 'other.db'}", events)


@pytest.mark.long
def test_all_dialogues_go_through_on_postgresql(
    shared: Path, through: Open, postgres_url: str, tmp_path: Path
) -> None:
    events = day_of_events(read_dialogues(shared / "data"), LONG_AGO)
    replay(through, postgres_url, f"sqlite:///{tmp_path / 'other.db'}", events)


# With a clock that follows the day


Play = Callable[[str, Sequence[Delivery]], LiveShop]


@pytest.fixture
def play(knowledge: Knowledge, tmp_path: Path) -> Iterator[Play]:
    """Plays a day into a fresh shop and lets the night pass."""
    shops: list[LiveShop] = []

    def play_(platform: str, deliveries: Sequence[Delivery]) -> LiveShop:
        begins = min(tidy_order(event)[0] for event in deliveries[0].events) - timedelta(hours=1)
        shop = LiveShop(f"sqlite:///{tmp_path / f'{len(shops)}.db'}", knowledge, platform, begins)
        shops.append(shop)
        for delivery in deliveries:
            statuses = {answer.status for answer in shop.take(delivery)}
            assert statuses <= {"accepted", "duplicate"}
        shop.wait_until(NEXT_MORNING)
        return shop

    yield play_
    for shop in shops:
        shop.close()


def live_replay(
    play: Play, knowledge: Knowledge, folder: Path, platform: str, events: list[RawEvent], seed: int
) -> dict[str, Any]:
    """As things happened, as an unruly console reports them, and folded at once from the journal: all the same.

    Returns the rows.
    """
    tidy = play(platform, tidy_deliveries(events, seed))
    unruly = play(platform, unruly_deliveries(events, seed))
    expected = whenever_received(stored(tidy.engine))
    is_the_same(whenever_received(stored(unruly.engine)), expected)

    anew = LiveShop(f"sqlite:///{folder / 'anew.db'}", knowledge, platform, NEXT_MORNING)
    anew.fold_anew(events_of(unruly.engine))
    folded = whenever_received(stored(anew.engine))
    anew.close()
    assert folded.pop("presence") == []
    online = presence_by_fold(unruly.engine)
    assert {row["agent"]: row["online"] for row in expected.pop("presence")} == online
    is_the_same(folded, expected)
    assert expected["session"]
    return expected


@pytest.mark.parametrize("platform", ["kuaishou", "tmall"])
def test_what_is_stored_equals_the_fold_whatever_the_order(
    shared: Path, play: Play, knowledge: Knowledge, tmp_path: Path, platform: str
) -> None:
    events = day_of_events(read_dialogues(shared / "data", sample=12), TODAY)
    rows = live_replay(play, knowledge, tmp_path, platform, events, seed=1)
    assert any(row["missed"] for row in rows["deadline"])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "platform", ["douyin", "jd", "kuaishou", "pinduoduo", "taojiji", "tmall", "wechat_kf", "xiaohongshu"]
)
def test_the_same_holds_on_every_platform(
    shared: Path, play: Play, knowledge: Knowledge, tmp_path: Path, platform: str, seed: int
) -> None:
    events = day_of_events(read_dialogues(shared / "data", sample=80, seed=seed), TODAY, seed)
    live_replay(play, knowledge, tmp_path, platform, events, seed)


@pytest.mark.long
def test_the_same_holds_for_all_dialogues(
    shared: Path, play: Play, knowledge: Knowledge, tmp_path: Path
) -> None:
    live_replay(
        play, knowledge, tmp_path, "kuaishou", day_of_events(read_dialogues(shared / "data"), TODAY), 1
    )


# The replay itself


def test_the_day_is_the_same_for_the_same_seed_and_holds_every_turn(shared: Path) -> None:
    dialogues = read_dialogues(shared / "data")
    events = day_of_events(dialogues, TODAY)
    assert events == day_of_events(read_dialogues(shared / "data"), TODAY)
    assert events != day_of_events(dialogues, TODAY, seed=2)
    assert len({event["id"] for event in events}) == len(events)
    said: dict[str, list[str]] = {}
    for event in events:
        if event["type"] == "message":
            said.setdefault(event["session"], []).append(event["text"])
    for dialogue in dialogues:
        rest = iter(said[f"session-{dialogue.id}"])
        assert all(turn.text in rest for turn in dialogue.turns), dialogue.id
    assert {datetime.fromisoformat(event["at"]).date() for event in events} == {TODAY}
    assert {event["type"] for event in events} == set(EVENT_TYPES)


EVENT_TYPES = [
    "message",
    "message_withdrawn",
    "handover",
    "assigned",
    "session_opened",
    "session_closed",
    "invite_sent",
    "rating",
    "buyer_flagged",
    "agent_online",
    "agent_offline",
]


def test_timed_chats_keep_their_real_gaps(shared: Path) -> None:
    timed = [dialogue for dialogue in read_dialogues(shared / "data") if dialogue.began is not None]
    assert len(timed) == 5
    events = day_of_events(timed, TODAY)
    for dialogue in timed:
        own = [event for event in events if event.get("session") == f"session-{dialogue.id}"]
        times = [datetime.fromisoformat(event["at"]) for event in own if event["type"] == "message"]
        gaps = [after - before for before, after in itertools.pairwise(times)]
        real = [turn.gap for turn in dialogue.turns][1:]
        assert gaps[: len(real)] == real
        assert times[0].time() == dialogue.began


def test_an_unruly_console_loses_nothing_and_reports_nothing_before_it_happened(shared: Path) -> None:
    events = day_of_events(read_dialogues(shared / "data", sample=20), TODAY)
    deliveries = unruly_deliveries(events)
    arrived = [(event, delivery.arrives_at) for delivery in deliveries for event in delivery.events]
    assert {event["id"] for event, _ in arrived} == {event["id"] for event in events}
    assert len(arrived) > len(events)
    assert all(tidy_order(event)[0] <= at for event, at in arrived)
    order = [tidy_order(event) for event, _ in arrived]
    assert order != sorted(order)
    assert len({delivery.id for delivery in deliveries}) < len(deliveries)


# What the replays brought to light


def said(name: str, session: str, seconds: int, sender: str = "buyer", **more: Any) -> RawEvent:
    """A message, `seconds` after noon; `more` makes it something else."""
    at = datetime.combine(TODAY, datetime.min.time(), SHANGHAI) + timedelta(hours=12, seconds=seconds)
    base = {"id": name, "type": "message", "at": at.isoformat(), "session": session, "buyer": "b1"}
    return base | {"sender": sender, "text": f"{name} 什么时候发货"} | more


def one_by_one(events: Sequence[RawEvent], at: datetime | None = None) -> list[Delivery]:
    return [Delivery(event["id"], (event,), at or tidy_order(event)[0], alone=True) for event in events]


def test_a_session_that_another_overlaps_stays_whole(play: Play) -> None:
    """The first session is rated while the second runs, and what comes next is about the second alone."""
    first = [said("a1", "s1", 0), said("a2", "s1", 10, "agent", agent="小林")]
    second = [said("b1", "s2", 200), said("b2", "s2", 210, "agent", agent="小周")]
    rating = said("a3", "s1", 300, type="rating", label="满意")
    shop = play("kuaishou", one_by_one([*first, *second, rating, said("b3", "s2", 400)]))
    rows = {row["id"]: row for row in stored(shop.engine)["session"]}
    assert (rows["s1"]["agent"], rows["s1"]["last_text"]) == ("小林", first[0]["text"])
    assert rows["s2"]["agent"] == "小周"


def test_of_messages_with_one_stamp_the_same_leads_the_run_whatever_came_first(play: Play) -> None:
    events = [said("a1", "s1", 0), said("a2", "s1", 0)]
    noon = tidy_order(events[0])[0]
    shops = [play("tmall", one_by_one(order, noon)) for order in (events, events[::-1])]
    waiting = [[row["item_id"] for row in stored(shop.engine)["deadline"]] for shop in shops]
    assert waiting == [["a1"], ["a1"]]
