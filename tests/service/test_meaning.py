"""A stronger encoder helps where people wait for suggestions; events never wait for it, and without it the built-in one answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from click.testing import CliRunner
from conftest_service import Running, run_service
from embeddings_server import Answer, EmbeddingsServer, good, of, serving
from fastapi.testclient import TestClient
from sqlmodel import Session as Database
from sqlmodel import delete, select

from app.cli import main
from app.db.tables import EncodingRow, PhraseRow, ShopRow
from app.db.upserts import upsert
from app.main import create_app
from app.settings import Settings
from app.usecases.knowledge import Knowledge
from phrasebank import Phrase

ASKED, MEANT = "когда", "多久能收到货"
PHRASES = (
    Phrase("eta", "一般三天左右送到。", examples=(MEANT, "几天送达")),
    Phrase("invoice", "发票随订单开。", examples=("能开发票吗",)),
    Phrase("size", "请按尺码表选。", examples=("我该穿多大码",)),
)


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with serving() as server:
        server.usual = partial(good, same_as={ASKED: MEANT})
        yield server


def settings_for(server: EmbeddingsServer, **more: Any) -> dict[str, Any]:
    return {
        "encoder": "endpoint",
        "embeddings_url": server.url,
        "embeddings_model": "m-1",
        "embeddings_allow": [f"127.0.0.1:{server.port}"],
        "encoder_limit_ms": 20_000,
    } | more


@contextmanager
def run(url: str, knowledge: Knowledge, server: EmbeddingsServer, **settings: Any) -> Iterator[Running]:
    """A service with a stronger encoder, and a shop with three phrases."""
    service = run_service(url, fresh(knowledge), settings_for(server, **settings))
    running = next(service)
    change_bank(running, *PHRASES)
    try:
        yield running
    finally:
        next(service, None)


@contextmanager
def run_again(url: str, knowledge: Knowledge, server: EmbeddingsServer, before: Running) -> Iterator[Running]:
    """The same service once more, on the database it left."""
    settings = Settings(_env_file=None, database_url=url, workers_run_jobs=False, **settings_for(server))  # type: ignore[call-arg]
    app = create_app(settings, clock=before.clock, knowledge=fresh(knowledge))
    with TestClient(app) as client:
        yield replace(before, app=app, client=client)


def fresh(knowledge: Knowledge) -> Knowledge:
    """The same rules and models without banks, so that no other test's bank is taken for ours."""
    return Knowledge(knowledge.linter, knowledge.moods, knowledge.profiles)


@pytest.fixture
def asking(sqlite_url: str, knowledge: Knowledge, server: EmbeddingsServer) -> Iterator[Running]:
    with run(sqlite_url, knowledge, server) as running:
        yield running


def change_bank(running: Running, *phrases: Phrase) -> None:
    """Make these the shop's phrases."""

    def unit(db: Database) -> None:
        db.exec(delete(PhraseRow))
        rows = [
            {"shop_id": "demo", "id": phrase.id, "body": phrase.to_json(), "updated_at": running.clock()}
            for phrase in phrases
        ]
        upsert(db, PhraseRow, rows)
        shop = db.exec(select(ShopRow)).one()
        shop.bank_version += 1

    running.service.writer.submit(unit).result(10)


def suggested(running: Running, text: str = ASKED) -> list[str]:
    answer = running.ask("POST", "/v1/suggest", json={"text": text, "top": 1})
    assert answer.status_code == 200
    return [hit["phrase_id"] for hit in answer.json()["hits"]]


def until(holds: Callable[[], bool]) -> None:
    """Wait for what happens in another thread."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    pytest.fail("it did not come about")


def ready(running: Running) -> None:
    until(lambda: suggested(running) == ["eta"])


def test_the_built_in_encoder_answers_until_the_bank_is_encoded(
    asking: Running, server: EmbeddingsServer
) -> None:
    released = threading.Event()

    def late(request: dict[str, Any]) -> Answer:
        released.wait(30)
        return server.usual(request)

    server.replies = [late]
    assert suggested(asking) == []
    assert suggested(asking, "能开发票吗") == ["invoice"]
    released.set()
    ready(asking)
    assert server.texts.count(ASKED) == 1


def test_an_event_is_answered_without_the_stronger_encoder(asking: Running, server: EmbeddingsServer) -> None:
    ready(asking)
    before = len(server.asked)
    answer = asking.post(asking.message("m1", "怎么还没有给我寄过来呀"))
    assert answer.json()["results"][0]["status"] == "accepted"
    assert len(server.asked) == before


def test_after_a_restart_only_messages_are_encoded(
    database_url: str, knowledge: Knowledge, server: EmbeddingsServer
) -> None:
    with run(database_url, knowledge, server) as running:
        ready(running)
        with running.db() as db:
            kept = len(db.exec(select(EncodingRow.digest)).all())
    assert kept == len({*server.texts} - {ASKED, "你好"})
    server.asked.clear()
    with run_again(database_url, knowledge, server, running) as running:
        ready(running)
    assert {*server.texts} <= {ASKED, "你好"}


def test_a_failing_encoder_leaves_the_answer_to_the_built_in_one_and_is_left_alone(
    asking: Running, server: EmbeddingsServer
) -> None:
    ready(asking)
    server.usual = lambda _: of({}, 401)
    before = len(server.asked)
    assert suggested(asking, "问一下能开发票吗") == ["invoice"]
    assert len(server.asked) == before + 1
    assert suggested(asking, "请问能开发票不") == ["invoice"]
    assert suggested(asking) == []
    assert len(server.asked) == before + 1


def test_a_slow_encoder_leaves_the_answer_to_the_built_in_one(
    asking: Running, server: EmbeddingsServer
) -> None:
    released = threading.Event()

    def late(request: dict[str, Any]) -> Answer:
        released.wait(30)
        return good(request)

    ready(asking)
    before = len(server.asked)
    server.usual = late
    asking.service.settings.encoder_limit_ms = 50
    assert suggested(asking, "能开普通发票吗") == ["invoice"]
    until(lambda: len(server.asked) == before + 1)
    assert suggested(asking, "能开专用发票吗") == ["invoice"]
    assert len(server.asked) == before + 1
    released.set()


def test_a_bank_that_changed_is_encoded_where_it_changed_and_never_offers_what_is_gone(
    asking: Running, server: EmbeddingsServer
) -> None:
    ready(asking)
    server.asked.clear()
    change_bank(asking, *PHRASES[1:], Phrase("new", "有礼盒装。", examples=("可以包成礼物吗",)))
    assert suggested(asking) == []
    until(lambda: "可以包成礼物吗" in server.texts)
    assert {*server.texts} == {"可以包成礼物吗", "有礼盒装"}


def test_a_bank_beyond_the_limit_is_not_encoded(
    sqlite_url: str, knowledge: Knowledge, server: EmbeddingsServer
) -> None:
    with run(sqlite_url, knowledge, server, encoder_max_texts=6) as running:
        assert suggested(running) == []
        assert suggested(running, "能开发票吗") == ["invoice"]
    assert server.asked == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"MIAOHUI_ENCODER": "endpoint"}, "MIAOHUI_EMBEDDINGS_URL"),
        ({"MIAOHUI_ENCODER": "best"}, "MIAOHUI_ENCODER"),
        ({"MIAOHUI_EMBEDDINGS_URL": "http://user:secret@host/v1"}, "MIAOHUI_EMBEDDINGS_URL"),
    ],
)
def test_settings_that_cannot_be_used_end_the_command_with_one_line(
    settings: dict[str, str], message: str, sqlite_url: str
) -> None:
    environment = {"MIAOHUI_DATABASE_URL": sqlite_url} | settings
    result = CliRunner().invoke(main, ["serve", "--port", "0"], env=environment)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "secret" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
