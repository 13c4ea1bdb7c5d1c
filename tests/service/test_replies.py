"""Replies that were not delivered: the schedule of attempts, dead letters, another try by hand, a receiver that is gone."""

from __future__ import annotations

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from conftest_service import Running, run_service
from sqlmodel import select

from app.cli import main
from app.db.tables import ActRow, OutboxRow, ShopRow
from app.usecases.administration import set_callback
from app.usecases.deliver import JITTER, RETRY_AFTER_S, Attempt, Letter, claim_letters, record_attempts
from app.usecases.knowledge import Knowledge

UNKNOWN = "请问那个颜色的第三个尺寸在不在那边呀"
URL = "https://console.example/reply"


@pytest.fixture
def shop(database_url: str, knowledge: Knowledge) -> Any:
    """A running service whose shop has a callback address; letters are claimed and noted by the tests themselves."""
    yield from run_service(database_url, knowledge, callback_url=URL)


def hold(running: Running, name: str = "m1", **more: Any) -> None:
    """A buyer asks, nobody answers, and the holding reply falls due."""
    running.post(running.message(name, UNKNOWN, **more))
    running.clock.forward(156)
    running.run_due()
    running.run_due()


def claim(running: Running) -> list[Letter]:
    service = running.service
    return service.writer.submit(lambda db: claim_letters(db, service.knowledge, running.clock())).result(10)


def note(running: Running, *attempts: Attempt) -> None:
    service = running.service
    service.writer.submit(
        lambda db: record_attempts(db, service.knowledge, attempts, running.clock())
    ).result(10)


def outbox(running: Running) -> OutboxRow:
    with running.db() as db:
        return db.exec(select(OutboxRow)).one()


def acts(running: Running, kind: str) -> list[ActRow]:
    with running.db() as db:
        return list(db.exec(select(ActRow).where(ActRow.kind == kind)))


def refuse_until_it_ends(running: Running) -> None:
    """The receiver refuses every attempt; the buyer's deadline is put off so that only the schedule ends them."""

    def put_off(db: Any) -> None:
        row = db.exec(select(OutboxRow)).one()
        row.expires_at += timedelta(hours=1)

    running.service.writer.submit(put_off).result(10)
    for _ in range(len(RETRY_AFTER_S) + 1):
        (letter,) = claim(running)
        note(running, Attempt(letter, "status 503"))
        running.clock.forward(120)


def test_the_pauses_fit_a_window_of_three_minutes_however_they_are_spread() -> None:
    assert sum(RETRY_AFTER_S) * (1 + JITTER) < 180
    assert all(shorter < longer for shorter, longer in itertools.pairwise(RETRY_AFTER_S))


def test_attempts_that_failed_together_do_not_come_again_together(shop: Running) -> None:
    hold(shop)
    pauses = []
    for chance in (0.0, 0.5, 1.0):
        (letter,) = claim(shop)
        at = shop.clock()
        note(shop, Attempt(letter, "status 503", chance=chance))
        due_at = outbox(shop).due_at
        assert due_at is not None
        pauses.append((due_at - at).total_seconds() / RETRY_AFTER_S[letter.attempt - 1])
        shop.clock.forward(due_at.timestamp() - at.timestamp())
    assert pauses == pytest.approx([1 - JITTER, 1, 1 + JITTER])


def test_a_receiver_that_asks_for_a_pause_gets_it(shop: Running) -> None:
    hold(shop)
    (letter,) = claim(shop)
    note(shop, Attempt(letter, "status 429", retry_after_s=9))
    shop.clock.forward(8.9)
    assert claim(shop) == []
    shop.clock.forward(0.2)
    (again,) = claim(shop)
    assert (again.id, again.attempt) == (letter.id, 2)


def test_the_last_refusal_makes_a_dead_letter_that_says_why_and_can_be_sent_again(shop: Running) -> None:
    hold(shop)
    refuse_until_it_ends(shop)
    assert claim(shop) == []
    (dead,) = acts(shop, "dead")
    assert dead.detail["reasons"] == ["status 503"]
    (listed,) = shop.ask("GET", "/v1/replies?state=dead").json()["replies"]
    assert (listed["attempts"], listed["last_error"]) == (len(RETRY_AFTER_S) + 1, "status 503")

    answer = shop.ask("POST", f"/v1/replies/{listed['id']}/replay")
    assert answer.json() == {"id": listed["id"], "state": "queued"}
    (letter,) = claim(shop)
    assert (letter.id, letter.attempt) == (listed["id"], 1)
    note(shop, Attempt(letter))
    assert outbox(shop).state == "sent"
    assert shop.ask("GET", "/v1/replies").json()["replies"] == []


def test_what_is_too_late_is_not_sent_again_and_says_so(shop: Running) -> None:
    hold(shop)
    (letter,) = claim(shop)
    note(shop, Attempt(letter, "status 503"))
    shop.clock.forward(60)
    assert claim(shop) == []
    assert outbox(shop).state == "expired"
    answer = shop.ask("POST", f"/v1/replies/{letter.id}/replay")
    assert answer.status_code == 409
    assert answer.json()["reason"] == "not_replayed"
    assert "时限" in answer.json()["title"]
    assert outbox(shop).state == "expired"
    assert claim(shop) == []
    assert "没有重新发送" in [act.title for act in acts(shop, "held_back")]


def test_what_a_person_has_answered_is_not_sent_again(shop: Running) -> None:
    hold(shop)
    refuse_until_it_ends(shop)
    shop.post(shop.reply("r1"))
    answer = shop.ask("POST", f"/v1/replies/{outbox(shop).id}/replay")
    assert answer.status_code == 409
    assert answer.json()["reason"] == "not_replayed"
    assert outbox(shop).state == "dead"


def test_a_reply_that_was_sent_or_is_unknown_is_not_sent_again(shop: Running) -> None:
    hold(shop)
    (letter,) = claim(shop)
    note(shop, Attempt(letter))
    assert shop.ask("POST", f"/v1/replies/{letter.id}/replay").status_code == 409
    assert shop.ask("POST", "/v1/replies/mh-no/replay").status_code == 404


def test_a_receiver_that_is_gone_is_sent_nothing_until_its_address_is_set_anew(shop: Running) -> None:
    hold(shop)
    (letter,) = claim(shop)
    note(shop, Attempt(letter, "status 410", gone=True))
    (off,) = acts(shop, "callback_off")
    assert URL in off.detail["reasons"][0]
    assert outbox(shop).state == "dead"
    hold(shop, "m2", session="s2", buyer="b2")
    assert claim(shop) == []
    with shop.db() as db:
        states = {row.session: row.state for row in db.exec(select(OutboxRow))}
    assert states == {"s1": "dead", "s2": "offered"}

    secret = shop.service.writer.submit(lambda db: set_callback(db, "demo", URL, shop.clock())).result(10)
    assert secret == shop.shop.callback_secret
    hold(shop, "m3", session="s3", buyer="b3")
    (letter,) = claim(shop)
    assert letter.session == "s3"


def test_an_address_that_was_set_anew_meanwhile_stays(shop: Running) -> None:
    hold(shop)
    (letter,) = claim(shop)
    shop.service.writer.submit(lambda db: set_callback(db, "demo", f"{URL}/new", shop.clock())).result(10)
    note(shop, Attempt(letter, "status 410", gone=True))
    with shop.db() as db:
        assert db.get_one(ShopRow, "demo").callback_url == f"{URL}/new"


def test_a_session_s_replies_keep_their_order_while_the_receiver_refuses(shop: Running) -> None:
    """Three times 503, then it comes up: the second reply of the session waits for the first."""
    hold(shop)

    def second(db: Any) -> None:
        first = db.exec(select(OutboxRow)).one()
        values = first.model_dump() | {"id": "mh-second", "once": "second"}
        db.add(OutboxRow(**values | {"created_at": first.created_at + timedelta(seconds=1)}))

    shop.service.writer.submit(second).result(10)
    order = []
    for number in range(12):
        for letter in claim(shop):
            order.append((letter.id, number))
            note(shop, Attempt(letter, "status 503" if len(order) <= 3 else None))
        shop.clock.forward(2)
    first = order[0][0]
    assert [name for name, _ in order[:4]] == [first] * 4
    # The second is tried only now, if the guards still want it after what the buyer has just read.
    assert {name for name, _ in order[4:]} <= {"mh-second"}
    with shop.db() as db:
        states = {row.id: row.state for row in db.exec(select(OutboxRow))}
    assert states[first] == "sent"
    assert states["mh-second"] in {"sent", "dropped"}


def run(url: str, *arguments: str) -> Any:
    return CliRunner().invoke(main, arguments, env={"MIAOHUI_DATABASE_URL": url})


def test_the_command_lists_and_replays(
    sqlite_url: str, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    for running in run_service(sqlite_url, knowledge, callback_url=URL):
        hold(running)
        refuse_until_it_ends(running)
        monkeypatch.setattr("app.gateways.wall_clock.now", running.clock)
        (line,) = run(sqlite_url, "replies", "list", "demo", "--format", "jsonl").output.splitlines()
        listed = json.loads(line)
        assert listed["state"] == "dead"
        result = run(sqlite_url, "replies", "replay", "demo", "--all", "--format", "jsonl")
        assert json.loads(result.output) == {"id": listed["id"], "queued": True, "reasons": []}
        result = run(sqlite_url, "replies", "replay", "demo", "--id", listed["id"])
        assert "不是未送达" in result.output
        for wrong in (["demo"], ["demo", "--all", "--id", "x"], ["demo", "--id", "x"], ["no", "--all"]):
            assert run(sqlite_url, "replies", "replay", *wrong).exit_code == 2


def test_a_signing_secret_is_replaced_and_retired(on_sqlite: Running, sqlite_url: str) -> None:
    old = on_sqlite.shop.signing_secret
    new = json.loads(run(sqlite_url, "shop", "secret", "add", "demo").output)["signing_secret"]
    body = json.dumps(on_sqlite.message("m1")).encode()
    send = lambda secret, name: on_sqlite.client.post(  # noqa: E731
        "/v1/events", content=body, headers=on_sqlite.sign(body, name, secret=secret)
    )
    assert [send(secret, "d-1").status_code for secret in (old, new)] == [200, 200]
    listed = run(sqlite_url, "shop", "secret", "list", "demo").output
    assert old not in listed
    rows = [json.loads(line) for line in listed.splitlines()]
    assert [row["state"] for row in rows] == ["active", "active"]
    by_age = [row["id"] for row in rows]
    assert run(sqlite_url, "shop", "secret", "retire", "demo", by_age[0]).exit_code == 0
    statuses = {send(secret, "d-2").status_code for secret in (old, new)}
    assert statuses == {200, 401}
    assert run(sqlite_url, "shop", "secret", "retire", "demo", by_age[1]).exit_code == 2
    assert run(sqlite_url, "shop", "secret", "retire", "demo", "no-such").exit_code == 2


@pytest.mark.parametrize(
    "url", ["http://１２７.０.０.１/", "http://中文.example/", "http://a.example/x y", "http://a.example/\n"]
)
def test_an_address_that_no_request_can_bear_is_refused_when_it_is_set(sqlite_url: str, url: str) -> None:
    run(sqlite_url, "shop", "add", "demo", "--name", "店", "--platform", "douyin")
    result = run(sqlite_url, "shop", "callback", "demo", url)
    assert result.exit_code == 2
